/// The readers of the compiled library; part of <inlay/src.hpp>.
#pragma once

#if !defined(INLAY_COMPILED)
#error "inlay: define INLAY_COMPILED for all source files of the program, this one included (docs/compiling.md)"
#endif

#include "inlay/io/check.ipp"
#include "inlay/io/error.ipp"
#include "inlay/io/json.ipp"
#include "inlay/io/json_cursor.ipp"
#include "inlay/io/model_file.ipp"
#include "inlay/io/parse.ipp"
#include "inlay/io/read_model.ipp"
#include "inlay/io/record.ipp"
#include "inlay/io/weight_loader.ipp"
#include "inlay/io/write_model.ipp"
#include "inlay/plugin/levels.ipp"

namespace inlay::io {

template ModelInfo checked_info(const ModelFile&, const Runnable<float>&, double);
template ModelInfo checked_info(const ModelFile&, const Runnable<double>&, double);
template double run_check(const Runnable<float>&, const Check&, double);
template double run_check(const Runnable<double>&, const Check&, double);

}  // namespace inlay::io
