/// predict: what a network type costs on a machine, before it is trained.
#pragma once

#include <cstddef>

#include "inlay/core/compiler.hpp"
#include "inlay/predict/feature_sum.hpp"
#include "inlay/predict/features.hpp"
#include "inlay/predict/machine.hpp"
#include "inlay/predict/machines.hpp"

namespace inlay {

/// The time of a network on one core.
struct Prediction {
  double nanoseconds;  ///< per frame of the input
  double error;        ///< nine of ten networks are predicted within this relative error

  /// The share of a core at a sample rate in Hz: 0.2 is a fifth.
  constexpr double share(double sample_rate) const { return nanoseconds * 1e-9 * sample_rate; }
};

/// Predicts the time of model type M in calls of `block` frames; 1 stands for `forward`.
///
///     static_assert(inlay::predict<Amp>(inlay::machines::zen3_avx2).share(48000) < 0.05);
///
/// Evaluated by the compiler. The machine's table says how well it predicts. `inlay predict` does the same for model
/// files, PyTorch modules and lines of text, and finds the largest networks that fit a budget.
template <class M>
constexpr Prediction predict(const Machine& on, std::size_t block = 64) {
  const bool buffers = block > 1;
  NetworkWork work = internal::work_of<typename M::Layers>(on.lanes, buffers);
  if (buffers) work.called.call = 64 / double(block);  // what a call costs is spread over its frames
  const double outer = buffers ? work.called.time(on.buffer) : on.forward_time(work);
  const double inner = on.inner_time(work.frames) + work.tiles.time(on.buffer) +
                       work.streams.time(on.instructions ? *on.instructions : on.frame);
  return {outer + inner, buffers ? on.buffer_error : on.frame_error};
}

}  // namespace inlay
