# Libraries whose models the host layer can run. Each is optional; a target exists if its library was found:
#   inlay_onnxruntime   <inlay/host/onnxruntime.hpp>
#   inlay_libtorch      <inlay/host/libtorch.hpp>
#
# ONNX Runtime: an installed one, or ONNXRUNTIME_ROOT with include/ and lib/, or ONNXRUNTIME_INCLUDE and
# ONNXRUNTIME_LIBRARY. LibTorch: an installed one (Debian's libtorch-dev), or Torch_DIR. Variables of CMake and of the
# environment are read.
option(INLAY_WITH_ONNXRUNTIME "Find ONNX Runtime" ON)
option(INLAY_WITH_LIBTORCH "Find LibTorch" ON)

if(INLAY_WITH_ONNXRUNTIME AND NOT TARGET inlay_onnxruntime)
  set(hints ${ONNXRUNTIME_ROOT} $ENV{ONNXRUNTIME_ROOT})
  find_path(ONNXRUNTIME_INCLUDE onnxruntime_cxx_api.h
            HINTS $ENV{ONNXRUNTIME_INCLUDE} ${hints} PATH_SUFFIXES include include/onnxruntime onnxruntime)
  if(DEFINED ENV{ONNXRUNTIME_LIBRARY})
    set(ONNXRUNTIME_LIBRARY $ENV{ONNXRUNTIME_LIBRARY} CACHE FILEPATH "")
  endif()
  find_library(ONNXRUNTIME_LIBRARY onnxruntime HINTS ${hints} PATH_SUFFIXES lib)
  if(ONNXRUNTIME_INCLUDE AND ONNXRUNTIME_LIBRARY)
    add_library(inlay_onnxruntime INTERFACE)
    target_include_directories(inlay_onnxruntime SYSTEM INTERFACE ${ONNXRUNTIME_INCLUDE})
    target_link_libraries(inlay_onnxruntime INTERFACE inlay::inlay ${ONNXRUNTIME_LIBRARY})
  endif()
endif()

if(INLAY_WITH_LIBTORCH AND NOT TARGET inlay_libtorch)
  find_package(Torch QUIET)
  if(Torch_FOUND AND CMAKE_CXX_COMPILER_ID MATCHES Clang)
    # Clang rejects the headers of LibTorch 1.13 in C++20: they have vectors of an incomplete class.
    include(CheckCXXSourceCompiles)
    include(CMakePushCheckState)
    cmake_push_check_state(RESET)
    set(CMAKE_REQUIRED_FLAGS -std=c++20)
    set(CMAKE_REQUIRED_INCLUDES ${TORCH_INCLUDE_DIRS})
    check_cxx_source_compiles("#include <torch/script.h>\nint main() { return 0; }" INLAY_LIBTORCH_COMPILES)
    cmake_pop_check_state()
  endif()
  if(Torch_FOUND AND (NOT DEFINED INLAY_LIBTORCH_COMPILES OR INLAY_LIBTORCH_COMPILES))
    add_library(inlay_libtorch INTERFACE)
    target_include_directories(inlay_libtorch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
    separate_arguments(torch_flags NATIVE_COMMAND "${TORCH_CXX_FLAGS}")
    target_compile_options(inlay_libtorch INTERFACE ${torch_flags})
    target_link_libraries(inlay_libtorch INTERFACE inlay::inlay ${TORCH_LIBRARIES})
  endif()
endif()
