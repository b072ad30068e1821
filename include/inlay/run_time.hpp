/// The run-time model: networks whose layers and sizes are read from a file. Header-only, it needs nlohmann/json and
/// the heap and is the slowest part of the library to compile. With the compiled library it contains declarations only.
#pragma once

#if (defined(_MSVC_LANG) ? _MSVC_LANG : __cplusplus) < 202002L
#error "inlay needs C++20: compile with -std=c++20, or /std:c++20, or set CMAKE_CXX_STANDARD to 20"
#else
#include "inlay/run_time/model.hpp"
#if !defined(INLAY_COMPILED)
#include "inlay/inlay.hpp"
#include "inlay/run_time/model_on.hpp"
#include "inlay/run_time/register_layer.hpp"
#include "inlay/run_time/typed_or_dynamic_model.hpp"
#endif
#endif
