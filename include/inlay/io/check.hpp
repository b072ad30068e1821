/// The check that a file carries: does this model give what the training framework gave?
#pragma once

#include "inlay/core/compiled.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/io/runnable.hpp"

namespace inlay::io {

/// No file may ask for less agreement than this, times the peak of its output.
inline constexpr double largest_tolerance = 1e-3;

/// Runs a model frame by frame and in buffers of uneven sizes, resetting its state before. `policy_bound` is
/// the stated error of an opt-in lossy policy, 0 for none. Returns the largest difference. Throws load_error.
template <class T>
double run_check(const Runnable<T>& model, const Check& check, double policy_bound);

/// Runs the check of a file if it has one, and else a short test signal. Returns what the file says beside the network.
/// Throws load_error where the output is not as expected, or not finite.
template <class T>
ModelInfo checked_info(const ModelFile& file, const Runnable<T>& model, double policy_bound);

}  // namespace inlay::io

#if !defined(INLAY_COMPILED)
#include "inlay/io/check.ipp"
#endif
