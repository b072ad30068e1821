# WebAssembly with 128-bit vectors, by Debian's emscripten. Programs run under Node, and see this machine's files.
set(CMAKE_CXX_LINKER_LAUNCHER ${CMAKE_COMMAND} -E env NODE_PATH=/usr/share/nodejs) # Debian's emscripten needs it
include(/usr/share/emscripten/cmake/Modules/Platform/Emscripten.cmake)
add_compile_options(-msimd128 -fwasm-exceptions)
add_link_options(-fwasm-exceptions -sNODERAWFS=1 -sALLOW_MEMORY_GROWTH=1 -sEXIT_RUNTIME=1 -sTOTAL_STACK=1MB)
set(CMAKE_CROSSCOMPILING_EMULATOR node --no-experimental-fetch) # this emscripten takes the presence of fetch for a browser
set(CMAKE_DISABLE_PRECOMPILE_HEADERS ON)
