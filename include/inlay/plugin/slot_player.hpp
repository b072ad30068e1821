/// SlotPlayer: a model in a slot, and how much of the signal it has heard.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "inlay/core/channel_memory.hpp"
#include "inlay/core/condition.hpp"
#include "inlay/model/voices.hpp"
#include "inlay/plugin/gains.hpp"
#include "inlay/plugin/guarded.hpp"
#include "inlay/plugin/recent_signal.hpp"
#include "inlay/plugin/slot_options.hpp"

namespace inlay::internal {

/// Memory of a thread that runs a SlotPlayer over the recent signal, `part` frames at a time.
template <class T>
struct SlotMemory {
  static constexpr std::size_t part = 256;
  explicit SlotMemory(const SlotOptions& options)
      : in(options.in * options.voices + options.condition, part), out(options.out * options.voices, part) {}
  ChannelMemory<T> in, out;
};

/// The first `count` side channels of `all`.
template <class T>
Condition<T> first_of(const Condition<T>& all, std::size_t all_count, std::size_t count) noexcept {
  const std::size_t signals = all_count - all.values.size();
  return Condition<T>(all.channels, all.values.first(count > signals ? count - signals : 0));
}

/// A model with gains before and after it; or no model, which gives what an empty slot gives.
template <InlayModel M>
class SlotPlayer {
  using T = typename M::scalar;

 public:
  explicit SlotPlayer(const SlotOptions& options) : options_(options) {}
  template <class A>
  SlotPlayer(A&& model, const SlotOptions& options, Gains gains, std::size_t prewarm)
      : options_(options), gain_in_(static_cast<T>(gains.in)), gain_out_(static_cast<T>(gains.out)) {
    model_.emplace(std::forward<A>(model), options.voices, options.guard, prewarm);
  }

  const std::optional<Guarded<M>>& model() const noexcept { return model_; }
  /// The first frame that the states have gone through, and the one after the last.
  std::uint64_t first() const noexcept { return first_; }
  std::uint64_t heard() const noexcept { return heard_; }
  /// Whether `play` takes the host's buffers of any length. Otherwise the signal goes through `hear`.
  bool plays_directly() const noexcept { return gain_in_ == T(1); }

  /// The frames before `frame` have been played without `hear`.
  void skip_to(std::uint64_t frame) noexcept { heard_ = frame; }
  /// The signal starts at frame `start`.
  void restart(std::uint64_t start) noexcept {
    if (model_) model_->reset();
    first_ = heard_ = start;
  }

  /// Computes a block. `out` may be `in` if there is one voice, or as many outputs as inputs.
  void play(const T* const* in, T* const* out, std::size_t frames, const Condition<T>& side) noexcept {
    if (!model_) return pass(in, out, frames);
    model_->process(in, out, frames, first_of(side, options_.condition, model_->sizes().condition));
    for (std::size_t c = 0; gain_out_ != T(1) && c < options_.out * options_.voices; ++c)
      for (std::size_t t = 0; t < frames; ++t) out[c][t] *= gain_out_;
  }

  /// Computes the next `frames` frames of the recent signal, at most `SlotMemory::part`. Returns false if they are not
  /// there any more.
  bool hear(const RecentSignal<T>& recent, std::size_t frames, ChannelMemory<T>& memory, T* const* out) noexcept {
    if (!recent.read(heard_, frames, memory.channels())) return false;
    const std::size_t inputs = options_.in * options_.voices;
    for (std::size_t c = 0; gain_in_ != T(1) && c < inputs; ++c)
      for (std::size_t t = 0; t < frames; ++t) memory[c][t] *= gain_in_;
    play(memory.channels(), out, frames, Condition<T>(memory.channels() + inputs));
    heard_ += frames;
    return true;
  }

  /// For FadingSwitch.
  std::atomic<std::uint64_t> retired_at{~std::uint64_t{0}};

 private:
  void pass(const T* const* in, T* const* out, std::size_t frames) const noexcept {
    const bool passes = options_.empty == EmptySlot::passes;
    for (std::size_t v = 0; v < options_.voices; ++v)
      for (std::size_t c = 0; c < options_.out; ++c) {
        T* const to = out[v * options_.out + c];
        if (!passes || c >= options_.in) std::fill_n(to, frames, T(0));
        else if (in[v * options_.in + c] != to) std::copy_n(in[v * options_.in + c], frames, to);
      }
  }

  SlotOptions options_;
  std::optional<Guarded<M>> model_;
  T gain_in_ = 1, gain_out_ = 1;
  std::uint64_t first_ = 0, heard_ = 0;
};

}  // namespace inlay::internal
