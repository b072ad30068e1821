# Compiler options of the wider instruction sets of x86-64, INLAY_FLAGS_AVX2 and INLAY_FLAGS_AVX512. Empty if the
# compiler does not support them.
set(INLAY_FLAGS_AVX2 "")
set(INLAY_FLAGS_AVX512 "")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND NOT MSVC)
  set(INLAY_FLAGS_AVX2 -mavx2 -mfma)
  set(INLAY_FLAGS_AVX512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512cd -mfma)
  # By default GCC 12 copies memory in halves of a register. A load of the whole register that follows then stalls.
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12)
    list(APPEND INLAY_FLAGS_AVX2 -mmove-max=256 -mstore-max=256)
    list(APPEND INLAY_FLAGS_AVX512 -mmove-max=512 -mstore-max=512)
  endif()
endif()
