/// INLAY_DECL: declares functions for header-only or compiled use.
///
/// File readers, `Model` and sessions are declared in headers (.hpp) and defined in files (.ipp) that take long to
/// compile. By default headers include the definitions as inline functions: header-only. If INLAY_COMPILED is defined,
/// as the CMake target inlay::compiled does, headers only declare them, and one source file that includes
/// <inlay/src.hpp> defines them.
#pragma once

#include "inlay/core/compiler.hpp"

/// Loading a file is not worth long functions: it is optimised for size, which also compiles faster.
#if defined(INLAY_COMPILED)
#define INLAY_DECL INLAY_COLD
#else
#define INLAY_DECL INLAY_COLD inline
#endif

/// The same for functions that run in real time.
#if defined(INLAY_COMPILED)
#define INLAY_HOT_DECL
#else
#define INLAY_HOT_DECL inline
#endif

/// INLAY_ONCE: an inline function of a reader, compiled once and not into its callers.
#define INLAY_ONCE INLAY_COLD INLAY_NOINLINE inline
