/// Guarded: voices of a model that a damaged signal cannot damage.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "inlay/core/all_within.hpp"
#include "inlay/core/channel_memory.hpp"
#include "inlay/core/condition.hpp"
#include "inlay/model/voices.hpp"

namespace inlay {

/// Limits of a `Guarded` model.
struct GuardOptions {
  /// Largest magnitude of a sample. The default is 60 dB above full scale. Infinity switches the guard off.
  double limit = 1000;
  /// Largest magnitude of a side channel, which may be in Hz.
  double condition_limit = 1e6;
};

/// A model of one output frame per input frame, whose state no signal can spoil. A single NaN would stay in a recurrent
/// state for ever.
///
/// - A sample of the input or of a side channel that is NaN, infinite or beyond the limit is replaced by 0.
/// - If an output of a voice is NaN, infinite or beyond the limit, that voice is silent for this call and starts again
///   from its reset state. The other voices go on.
///
/// An undamaged signal gives the same bits as the model alone. The cost is that of looking at each sample of the input
/// and of the output once (docs/plugin-parts.md has numbers).
///
/// `process` and `reset` are real-time safe. `repairs` may be called on any thread. Construction allocates.
template <InlayModel M>
class Guarded {
 public:
  using scalar = typename M::scalar;

  /// Takes the model and makes `voices` states of it. See `Voices` about `prewarm`.
  template <class A>
    requires std::constructible_from<M, A>
  explicit Guarded(A&& model, std::size_t voices = 1, GuardOptions options = {}, std::size_t prewarm = 0)
      : voices_(std::forward<A>(model), voices, prewarm),
        on_(std::isfinite(options.limit)),
        limit_(static_cast<scalar>(options.limit)),
        condition_limit_(static_cast<scalar>(options.condition_limit)),
        clean_(sizes().in * voices + sizes().condition, part),
        later_out_(sizes().out * voices) {}

  const M& model() const noexcept { return voices_.model(); }
  const ModelSizes& sizes() const noexcept { return voices_.sizes(); }
  void reset() noexcept { voices_.reset(); }

  /// Computes all voices, see `Voices::process`. All side channels of the model must be there.
  void process(const scalar* const* in, scalar* const* out, std::size_t frames,
               Condition<scalar> condition = {}) noexcept {
    if (!on_) return voices_.process(in, out, frames, condition);
    if (is_clean(in, frames, condition)) voices_.process(in, out, frames, condition);
    else process_cleaned(in, out, frames, condition);
    for (std::size_t v = 0; v < voices_.count(); ++v)
      if (!within(out + v * sizes().out, sizes().out, frames, limit_)) restart(v, out + v * sizes().out, frames);
  }

  /// Number of calls with a damaged input, and of restarts of a voice, since this object was made.
  std::uint64_t repairs() const noexcept { return repairs_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t part = 64;  // frames

  static bool within(const scalar* const* channels, std::size_t count, std::size_t frames, scalar limit) noexcept {
    for (std::size_t c = 0; c < count; ++c)
      if (!internal::all_within<scalar>({channels[c], frames}, limit)) return false;
    return true;
  }
  bool is_clean(const scalar* const* in, std::size_t frames, const Condition<scalar>& condition) const noexcept {
    return within(in, sizes().in * voices_.count(), frames, limit_) &&
           within(condition.channels, sizes().condition - condition.values.size(), frames, condition_limit_) &&
           internal::all_within<scalar>(condition.values, condition_limit_);
  }

  /// Side channels that are values become signals, to keep this in one form.
  void process_cleaned(const scalar* const* in, scalar* const* out, std::size_t frames,
                       Condition<scalar> condition) noexcept {
    count_repair();
    const std::size_t inputs = sizes().in * voices_.count(), signals = sizes().condition - condition.values.size();
    for (std::size_t done = 0; done < frames; done += part) {
      const std::size_t n = std::min(part, frames - done);
      for (std::size_t c = 0; c < inputs; ++c)
        for (std::size_t t = 0; t < n; ++t) clean_[c][t] = cleaned(in[c][done + t], limit_);
      for (std::size_t c = 0; c < sizes().condition; ++c)
        for (std::size_t t = 0; t < n; ++t)
          clean_[inputs + c][t] =
              cleaned(c < signals ? condition.channels[c][done + t] : condition.values[c - signals], condition_limit_);
      voices_.process(clean_.channels(), later_out_.from(done, out), n, Condition<scalar>(clean_.channels() + inputs));
    }
  }
  static scalar cleaned(scalar x, scalar limit) noexcept {
    return internal::all_within<scalar>({&x, 1}, limit) ? x : scalar(0);
  }

  void restart(std::size_t voice, scalar* const* out, std::size_t frames) noexcept {
    count_repair();
    voices_.reset(voice);
    for (std::size_t c = 0; c < sizes().out; ++c) std::fill_n(out[c], frames, scalar(0));
  }
  void count_repair() noexcept { repairs_.fetch_add(1, std::memory_order_relaxed); }

  Voices<M> voices_;
  bool on_;
  scalar limit_, condition_limit_;
  internal::ChannelMemory<scalar> clean_;  ///< inputs, then side channels
  internal::LaterFrames<scalar> later_out_;
  std::atomic<std::uint64_t> repairs_{0};
};

}  // namespace inlay
