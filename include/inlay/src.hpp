/// The compiled part of the library. Define INLAY_COMPILED for all source files of a program and include this header in
/// one of them. CMake's target inlay::compiled does this.
#pragma once

#include "inlay/src_host.hpp"
#include "inlay/src_model.hpp"
#include "inlay/src_readers.hpp"
