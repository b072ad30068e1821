/// inlay: small neural networks in hard real time. Includes the engine and the reader of model files.
#pragma once

#if (defined(_MSVC_LANG) ? _MSVC_LANG : __cplusplus) < 202002L
#error "inlay needs C++20: compile with -std=c++20, or /std:c++20, or set CMAKE_CXX_STANDARD to 20"
#else
#include "inlay/engine.hpp"
#include "inlay/io/load.hpp"
#endif
