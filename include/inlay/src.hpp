/// The compiled part of the library. Include it in one source file of a program whose other files, and itself, are
/// compiled with INLAY_COMPILED defined. CMake's target inlay::compiled does this.
#pragma once

#include "inlay/src_model.hpp"
#include "inlay/src_readers.hpp"
