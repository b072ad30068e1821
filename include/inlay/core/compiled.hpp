/// Header-only or compiled once.
///
/// Readers of files and `Model` have declarations in headers (.hpp) and definitions in files (.ipp) that take long to
/// compile. By default a header includes its definitions, and they are inline: header-only. Where INLAY_COMPILED is
/// defined, as CMake's target inlay::compiled does, headers only declare, and one source file that includes
/// <inlay/src.hpp> has the definitions.
#pragma once

#if defined(INLAY_COMPILED)
#define INLAY_DECL
#else
#define INLAY_DECL inline
#endif
