# inlay_dispatch(<target> <Name> TYPE <type> HEADER <header> [SCALAR float|double])
#
# Compiles a ModelT for each instruction set that the compiler supports and adds it to <target>, optimised in every
# configuration. <header> defines <type>; its path is relative to the current source directory or to the include path.
# Sources of <target> can then include <dispatched/Name.hpp>, which defines `Name`: a class with the model's interface
# that runs on the widest instruction set of the processor.
include(${CMAKE_CURRENT_LIST_DIR}/isa.cmake)
set_property(GLOBAL PROPERTY INLAY_FLAGS_AVX2 "${INLAY_FLAGS_AVX2}") # inlay_dispatch may be called in another directory
set_property(GLOBAL PROPERTY INLAY_FLAGS_AVX512 "${INLAY_FLAGS_AVX512}")

function(inlay_dispatch target name)
  get_property(INLAY_FLAGS_AVX2 GLOBAL PROPERTY INLAY_FLAGS_AVX2)
  get_property(INLAY_FLAGS_AVX512 GLOBAL PROPERTY INLAY_FLAGS_AVX512)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "TYPE;HEADER;SCALAR" "")
  if(NOT arg_TYPE OR NOT arg_HEADER OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "usage: inlay_dispatch(<target> <Name> TYPE <type> HEADER <header> [SCALAR float|double])")
  endif()
  if(NOT arg_SCALAR)
    set(arg_SCALAR float)
  endif()
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${arg_HEADER})
    set(arg_HEADER ${CMAKE_CURRENT_SOURCE_DIR}/${arg_HEADER})
  endif()
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/inlay_dispatch/${target})
  set(isas base)
  if(INLAY_FLAGS_AVX2)
    list(APPEND isas avx2 avx512)
  endif()
  set(flags_base "")
  set(flags_avx2 ${INLAY_FLAGS_AVX2})
  set(flags_avx512 ${INLAY_FLAGS_AVX512})
  set(declarations "")
  set(tables "")
  foreach(isa IN LISTS isas)
    set(file ${folder}/${name}_${isa}.cpp)
    file(CONFIGURE OUTPUT ${file} CONTENT
"#include <inlay/dispatch_implementation.hpp>
#include \"${arg_HEADER}\"
namespace inlay_dispatch { using ${name}_type = ${arg_TYPE}; INLAY_DISPATCH_IMPLEMENTATION(${name}_type, ${name}_${isa}) }
")
    set(flags ${flags_${isa}})
    if(NOT MSVC)
      list(APPEND flags -O3 -DNDEBUG)
    endif()
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
      list(APPEND flags -Wno-maybe-uninitialized -Wno-uninitialized) # false warnings in GCC's own headers (bug 105593)
    endif()
    set_source_files_properties(${file} PROPERTIES COMPILE_OPTIONS "${flags}")
    target_sources(${target} PRIVATE ${file})
    string(APPEND declarations "const inlay::DispatchTable<${arg_SCALAR}>& ${name}_${isa}() noexcept;\n")
    list(PREPEND tables "&${name}_${isa}()") # widest first
  endforeach()
  list(LENGTH isas count)
  list(JOIN tables ", " tables)
  file(CONFIGURE OUTPUT ${folder}/include/dispatched/${name}.hpp CONTENT
"// Written by inlay_dispatch.
#pragma once
#include <array>
#include <inlay/dispatch.hpp>
namespace inlay_dispatch {
${declarations}
struct ${name}_family {
  using scalar = ${arg_SCALAR};
  static std::array<const inlay::DispatchTable<scalar>*, ${count}> tables() noexcept { return {${tables}}; }
};
}
using ${name} = inlay::Dispatched<inlay_dispatch::${name}_family>;
")
  target_include_directories(${target} PRIVATE ${folder}/include)
  target_link_libraries(${target} PRIVATE inlay::compiled)
endfunction()
