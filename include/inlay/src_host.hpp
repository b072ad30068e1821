/// The sessions of the compiled library; part of <inlay/src.hpp>.
#pragma once

#if !defined(INLAY_COMPILED)
#error "inlay: define INLAY_COMPILED for all source files of the program, this one included (docs/compiling.md)"
#endif

#include "inlay/host/pool.ipp"
#include "inlay/host/session.ipp"
