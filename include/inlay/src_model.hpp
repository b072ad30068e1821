/// The run-time model of the compiled library; part of <inlay/src.hpp>.
#pragma once

#if !defined(INLAY_COMPILED)
#error "inlay: define INLAY_COMPILED for all source files of the program, this one included (docs/compiling.md)"
#endif

#include "inlay/run_time/dispatch.ipp"
#include "inlay/run_time/model.ipp"
#include "inlay/run_time/operation.ipp"
#include "inlay/run_time/registry.ipp"

namespace inlay {

template class run_time::Operation<float>;
template class run_time::Operation<double>;
template void run_time::add_layer_type<float>(std::string_view, run_time::MakeLayer<float>);
template void run_time::add_layer_type<double>(std::string_view, run_time::MakeLayer<double>);
template class Model<float>;
template class Model<double>;

}  // namespace inlay
