/// The compiled part of the library. Include it in one source file of a program whose other files, and itself, are
/// compiled with INLAY_COMPILED defined. CMake's target inlay::compiled does this.
#pragma once

#if !defined(INLAY_COMPILED)
#error "inlay: define INLAY_COMPILED for all source files of the program, this one included (docs/compiling.md)"
#endif

#include "inlay/io/check.ipp"
#include "inlay/io/error.ipp"
#include "inlay/io/model_file.ipp"
#include "inlay/io/read_model.ipp"
#include "inlay/io/record.ipp"
#include "inlay/io/weight_loader.ipp"
#include "inlay/io/write_model.ipp"
#include "inlay/run_time/dispatch.ipp"
#include "inlay/run_time/model.ipp"
#include "inlay/run_time/operation.ipp"

namespace inlay {

template class run_time::Operation<float>;
template class run_time::Operation<double>;
template class Model<float>;
template class Model<double>;
template ModelInfo io::checked_info(const ModelFile&, const Runnable<float>&, double);
template ModelInfo io::checked_info(const ModelFile&, const Runnable<double>&, double);
template double io::run_check(const Runnable<float>&, const Check&, double);
template double io::run_check(const Runnable<double>&, const Check&, double);

}  // namespace inlay
