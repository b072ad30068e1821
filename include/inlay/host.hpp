/// The host layer: sessions that run any engine in the callback or on other threads, with an exact latency. Needs the
/// standard library alone, and works with every inlay model.
#pragma once

#if (defined(_MSVC_LANG) ? _MSVC_LANG : __cplusplus) < 202002L
#error "inlay needs C++20: compile with -std=c++20, or /std:c++20, or set CMAKE_CXX_STANDARD to 20"
#else
#include "inlay/host/engine.hpp"
#include "inlay/host/impulse_latency.hpp"
#include "inlay/host/model_engine.hpp"
#include "inlay/host/plan.hpp"
#include "inlay/host/pool.hpp"
#include "inlay/host/ports.hpp"
#include "inlay/host/session.hpp"
#endif
