# inlay::compiled: readers, sessions and run-time models, compiled once for each instruction set that the compiler supports.
#
# It is built only if another target links it. It is optimised in every configuration, so that models run in real time
# in debug builds too.
include(CheckCXXSourceCompiles)
include(${CMAKE_CURRENT_LIST_DIR}/isa.cmake)

if(MSVC)
  set(INLAY_COMPILED_OPTIONS "" CACHE STRING "Compiler options of inlay::compiled")
else()
  set(INLAY_COMPILED_OPTIONS "-O3;-DNDEBUG" CACHE STRING "Compiler options of inlay::compiled")
endif()
option(INLAY_COMPILED_DISPATCH "Also compile run-time models for wider instruction sets; one is selected when a model is loaded" ON)

# The kernels of one instruction set: one file per scalar type, so that they compile in parallel.
function(inlay_compiled_kernels name scalars)
  set(wider "")
  if(NOT name STREQUAL base)
    set(wider "#define INLAY_WIDER_KERNELS\n")
  endif()
  foreach(scalar IN LISTS scalars)
    set(file ${PROJECT_BINARY_DIR}/compiled/${name}_${scalar}.cpp)
    file(CONFIGURE OUTPUT ${file}
         CONTENT "${wider}#define INLAY_KERNELS_SCALAR ${scalar}\n#include <inlay/src_kernels.hpp>\n")
    set_source_files_properties(${file} PROPERTIES COMPILE_OPTIONS "${ARGN}")
    target_sources(inlay_compiled PRIVATE ${file})
  endforeach()
endfunction()

set(folder ${PROJECT_BINARY_DIR}/compiled)
file(CONFIGURE OUTPUT ${folder}/readers.cpp CONTENT "#include <inlay/src_readers.hpp>\n")
file(CONFIGURE OUTPUT ${folder}/model.cpp CONTENT "#define INLAY_SEPARATE_KERNELS\n#include <inlay/src_model.hpp>\n")
file(CONFIGURE OUTPUT ${folder}/host.cpp CONTENT "#include <inlay/src_host.hpp>\n")
add_library(inlay_compiled STATIC ${folder}/readers.cpp ${folder}/host.cpp ${folder}/model.cpp)
if(NOT MSVC) # loading code needs no more optimisation, and compiles in half the time
  set_source_files_properties(${folder}/readers.cpp PROPERTIES COMPILE_OPTIONS -O1)
endif()
add_library(inlay::compiled ALIAS inlay_compiled)
set_target_properties(inlay_compiled PROPERTIES EXPORT_NAME compiled POSITION_INDEPENDENT_CODE ON)
if(NOT INLAY_INSTALL)
  set_target_properties(inlay_compiled PROPERTIES EXCLUDE_FROM_ALL ON)
endif()
target_link_libraries(inlay_compiled PUBLIC inlay)
target_compile_definitions(inlay_compiled PUBLIC INLAY_COMPILED)
target_compile_options(inlay_compiled PRIVATE ${INLAY_COMPILED_OPTIONS})
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # GCC 12 falsely warns that its own AVX-512 intrinsics use uninitialised values (GCC bug 105593).
  target_compile_options(inlay_compiled PRIVATE -Wno-maybe-uninitialized -Wno-uninitialized)
endif()
inlay_compiled_kernels(base "float;double")

# Instruction sets that are wider than that of the whole build.
if(INLAY_COMPILED_DISPATCH AND INLAY_FLAGS_AVX2)
  check_cxx_source_compiles("#ifdef __AVX2__\n#error\n#endif\nint main() {}" INLAY_BUILD_LACKS_AVX2)
  check_cxx_source_compiles("#ifdef __AVX512F__\n#error\n#endif\nint main() {}" INLAY_BUILD_LACKS_AVX512)
  if(INLAY_BUILD_LACKS_AVX2)
    inlay_compiled_kernels(avx2 "float;double" ${INLAY_FLAGS_AVX2})
    target_compile_definitions(inlay_compiled PRIVATE INLAY_HAS_AVX2_KERNELS)
  endif()
  if(INLAY_BUILD_LACKS_AVX512)
    # Model<double> is for comparisons; AVX2 is fast enough for these.
    inlay_compiled_kernels(avx512 float ${INLAY_FLAGS_AVX512})
    target_compile_definitions(inlay_compiled PRIVATE INLAY_HAS_AVX512_KERNELS)
  endif()
endif()
