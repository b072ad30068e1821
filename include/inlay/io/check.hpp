/// The check stored in a model file: compares the model's output with the training framework's output.
#pragma once

#include <string_view>

#include "inlay/core/compiled.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/io/runnable.hpp"

namespace inlay::io {

/// Upper limit of a file's tolerance, relative to the peak of the expected output (at least 1).
inline constexpr double largest_tolerance = 1e-3;

/// Resets the state, then runs the model frame by frame and in buffers of uneven sizes. `policy_bound` is the stated
/// error of an opt-in lossy policy, 0 for none. Returns the largest absolute difference from the expected output.
/// Throws load_error if it exceeds the tolerance, or if the shapes do not fit the model.
template <class T>
double run_check(const Runnable<T>& model, const Check& check, double policy_bound);

/// Throws load_error if `frames` frames of `work` operations each, and `more`, exceed `limits::load_work`.
void expect_work(std::string_view place, double work, double frames, double more = 0);

/// Runs the file's check; a file without a check gets a short test signal instead. Returns the file's ModelInfo, with
/// `check_error` set if there was a check. Throws load_error if the output differs from the expected output, or is not
/// finite.
template <class T>
ModelInfo checked_info(const ModelFile& file, const Runnable<T>& model, double policy_bound);

}  // namespace inlay::io

#if !defined(INLAY_COMPILED)
#include "inlay/io/check.ipp"
#endif
