/// ModelSlot: a place for a model that is exchanged while it plays.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <numbers>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "inlay/core/channel_memory.hpp"
#include "inlay/core/condition.hpp"
#include "inlay/core/fading_switch.hpp"
#include "inlay/core/no_denormals.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/model/voices.hpp"
#include "inlay/plugin/gains.hpp"
#include "inlay/plugin/recent_signal.hpp"
#include "inlay/plugin/slot_options.hpp"
#include "inlay/plugin/slot_player.hpp"

namespace inlay {

/// Plays a model, and exchanges it for another without a click.
///
///     inlay::ModelSlot<inlay::Model<float>> slot({.voices = 2});
///     slot.load("amp.nam");             // any thread. Throws load_error; what plays goes on
///     slot.process(in, out, frames);    // audio thread
///
/// A new model starts in the state that it would have if it had been playing all along. The thread that loads it runs
/// it over the recent input. The audio thread runs it over the frames that have come in since, half a block more in
/// each call. Then it fades in with a raised cosine. A model that is published during a fade waits for its end. If
/// several wait, the last one wins. A call costs up to 2.5 times that of one model while two are running.
///
/// Real-time safety: `process`, `reset` and `fading` belong to the audio thread. They do not allocate, lock, throw or
/// make system calls. Denormal numbers are zero during `process`. All other functions may be called on any other
/// thread, also on several at once. They allocate, wait for each other, and free models that are no longer used.
///
/// M is any type of model with one output frame per input frame. A slot cannot be copied or moved.
template <InlayModel M>
class ModelSlot {
  using T = typename M::scalar;
  using Player = internal::SlotPlayer<M>;
  using Memory = internal::SlotMemory<T>;

 public:
  using scalar = T;

  explicit ModelSlot(const SlotOptions& options = {})
      : options_(completed(options)),
        recent_(inputs(), options_.condition, options_.history + max_block),
        memory_(options_),
        later_in_(inputs()),
        later_out_(outputs()),
        later_side_(options_.condition),
        gain_(std::max<std::size_t>(1, options.fade_frames)),
        switch_(std::make_unique<Player>(options_), gain_.size()) {
    const double step = std::numbers::pi / static_cast<double>(gain_.size() + 1);
    for (std::size_t t = 0; t < gain_.size(); ++t)
      gain_[t] = static_cast<T>(0.5 - 0.5 * std::cos(step * static_cast<double>(t + 1)));
  }

  const SlotOptions& options() const noexcept { return options_; }

  /// Loads a model from any source that `M::load` takes, with the same options, and publishes it. Returns the file's
  /// ModelInfo. Throws load_error; what plays then goes on.
  template <class Source, class... Options>
  ModelInfo load(Source&& source, const Options&... options) {
    if constexpr (requires { M::load(std::forward<Source>(source), options...).info(); }) {
      M model = M::load(std::forward<Source>(source), options...);
      ModelInfo info = model.info();
      publish(std::move(model));
      return info;
    } else {
      const auto model = std::make_unique<M>();  // it can be larger than the stack
      ModelInfo info = model->load(std::forward<Source>(source), options...);
      publish(std::move(*model), {}, info.prewarm);
      return info;
    }
  }

  /// Plays a model, with gains before and after it. `prewarm` is that of the ModelInfo, in frames of the host if M is a
  /// Resampled; a `Model` knows its own. Throws load_error if the numbers of channels do not fit; what plays then goes
  /// on.
  template <class A>
    requires std::constructible_from<M, A>
  void publish(A&& model, Gains gains = {}, std::size_t prewarm = 0) {
    expect_fits(model);
    const std::size_t latency = model.latency(), field = receptive_field_of(model);
    auto next = std::make_unique<Player>(std::forward<A>(model), options_, gains, prewarm);
    const std::lock_guard lock(mutex_);
    let_hear(*next, field);
    latency_.store(latency, std::memory_order_relaxed);
    switch_.offer(std::move(next), 0);
  }
  /// Plays no model.
  void clear() {
    auto next = std::make_unique<Player>(options_);
    const std::lock_guard lock(mutex_);
    next->restart(recent_.written());
    latency_.store(0, std::memory_order_relaxed);
    switch_.offer(std::move(next), 0);
  }

  /// Frees models that are no longer used. `publish` and `clear` do so too. A timer of the user interface can call this
  /// to free them earlier.
  void collect() {
    const std::lock_guard lock(mutex_);
    switch_.collect(0);
  }
  /// Latency in frames of the model that was published last.
  std::size_t latency() const noexcept { return latency_.load(std::memory_order_relaxed); }
  /// How often the model that was published last has been repaired, see `Guarded::repairs`.
  std::uint64_t repairs() const {
    const std::lock_guard lock(mutex_);
    const auto& model = switch_.kept().back()->model();
    return model ? model->repairs() : 0;
  }

  /// Computes a block of any length, planar: all channels of the first voice, then those of the second, and so on.
  /// `out` may be `in`, also with other numbers of channels. All voices get the same side channels.
  void process(const T* const* in, T* const* out, std::size_t frames, Condition<T> condition = {}) noexcept {
    const NoDenormals no_denormals;
    switch_.adopt();
    condition.values = condition.values.first(std::min(condition.values.size(), options_.condition));
    const std::size_t signals = options_.condition - condition.values.size();
    const bool complete = condition.channels != nullptr || signals == 0;
    for (std::size_t done = 0; done < frames;) {
      const bool direct = complete && !voices_meet() && !fading() && switch_.current().plays_directly();
      const std::size_t n = std::min(frames - done, direct ? max_block : Memory::part);
      Condition<T> side = condition;
      if (condition.channels != nullptr) side.channels = later_side_.from(done, condition.channels, signals);
      const T* const* const x = later_in_.from(done, in);
      T* const* const y = later_out_.from(done, out);
      recent_.write(x, side, n);
      if (direct) switch_.current().play(x, y, n, side);
      else play_recent(y, n);
      done += n;
    }
  }
  /// Computes a mono signal. The number of frames is the smaller of the two sizes. Does nothing if the slot has other
  /// numbers of channels.
  void process(std::span<const T> in, std::span<T> out, Condition<T> condition = {}) noexcept {
    const T* const from = in.data();
    T* const to = out.data();
    if (inputs() == 1 && outputs() == 1) process(&from, &to, std::min(in.size(), out.size()), condition);
  }

  /// Sets the slot to the start of a signal, with the model that was published last: it plays from the first frame on.
  void reset() noexcept {
    recent_.restart();
    switch_.finish(0);
    switch_.adopt();
    switch_.finish(0);
    switch_.current().restart(recent_.written());
  }

  /// Whether a new model is fading in.
  bool fading() const noexcept { return switch_.fading() != nullptr; }

 private:
  /// Largest number of frames at a time while one model plays.
  static constexpr std::size_t max_block = 16384;

  static SlotOptions completed(SlotOptions options) {
    if constexpr (requires { std::integral_constant<std::size_t, M::in_size>{}; })
      options.in = M::in_size, options.out = M::out_size, options.condition = M::condition_size;
    return options;
  }
  std::size_t inputs() const noexcept { return options_.in * options_.voices; }
  std::size_t outputs() const noexcept { return options_.out * options_.voices; }
  /// Whether an output of one voice is the input of another if `out` is `in`.
  bool voices_meet() const noexcept { return options_.voices > 1 && options_.in != options_.out; }

  // --- threads that publish ---------------------------------------------------------------------------

  void expect_fits(const M& model) const {
    const ModelSizes sizes = sizes_of(model);
    const auto expect = [](bool fits, std::size_t expected, const char* what, std::size_t found) {
      if (!fits) throw load_error("model", io::concat({expected, what}), std::to_string(found));
    };
    if (!is_one_to_one(model)) throw load_error("model", "one output frame per input frame", "another rate");
    expect(sizes.in == options_.in, options_.in, " input channels", sizes.in);
    expect(sizes.out == options_.out, options_.out, " output channels", sizes.out);
    expect(sizes.condition <= options_.condition, options_.condition, " side channels at most", sizes.condition);
  }

  /// Runs a model over the recent signal, and over what comes in meanwhile, as far as its output depends on it.
  void let_hear(Player& player, std::size_t field) const {
    const NoDenormals no_denormals;
    Memory memory(options_);
    std::uint64_t budget = 4 * options_.history + max_block;  // in frames: the audio may be faster than the model
    for (bool intact = false; !intact && budget > 0;) {
      player.restart(first_to_hear(std::min(field, options_.history)));
      intact = true;
      while (const std::uint64_t missing = std::min(recent_.written() - player.heard(), budget)) {
        const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(missing, Memory::part));
        budget -= n;
        if (!(intact = player.hear(recent_, n, memory.in, memory.out.channels()))) break;
      }
    }
  }
  /// The first of the last `frames` frames of the present signal.
  std::uint64_t first_to_hear(std::size_t frames) const noexcept {
    const std::uint64_t start = recent_.start(), end = recent_.written();
    return end - std::min<std::uint64_t>(end - start, frames);
  }

  // --- audio thread -----------------------------------------------------------------------------------

  /// Computes the `frames` frames that were written last, at most `Memory::part`, from memory of the slot.
  void play_recent(T* const* out, std::size_t frames) noexcept {
    Player* const old = switch_.fading();
    Player& next = switch_.current();
    const std::uint64_t first = recent_.written() - frames;
    if (old == nullptr) return hear_at(next, first, frames, out);
    hear_at(*old, first, frames, out);
    if (!catch_up(next, first, frames)) return;
    next.hear(recent_, frames, memory_.in, memory_.out.channels());
    const std::size_t faded = switch_.faded(), mixed = std::min(frames, gain_.size() - faded);
    for (std::size_t c = 0; c < outputs(); ++c) {
      for (std::size_t t = 0; t < mixed; ++t) {
        const T gain = gain_[faded + t];
        out[c][t] = (T(1) - gain) * out[c][t] + gain * memory_.out[c][t];
      }
      std::copy(memory_.out[c] + mixed, memory_.out[c] + frames, out[c] + mixed);
    }
    switch_.advance(frames, 0);
  }
  void hear_at(Player& player, std::uint64_t first, std::size_t frames, T* const* out) noexcept {
    player.skip_to(first);
    player.hear(recent_, frames, memory_.in, out);
  }

  /// Runs a new model over frames before `first` that it has not heard. In a block of `frames` frames it computes at
  /// most one and a half times as many. Returns whether it has heard all of them.
  bool catch_up(Player& next, std::uint64_t first, std::size_t frames) noexcept {
    const bool gone = first + frames - next.heard() > recent_.capacity();
    if (gone || next.first() < recent_.start()) next.restart(std::min(first, first_to_hear(options_.history)));
    const std::uint64_t missing = first - next.heard();
    const std::size_t more = frames / 2 + 1;
    const bool all = missing <= more;
    for (std::size_t left = all ? static_cast<std::size_t>(missing) : frames + more; left > 0;) {
      const std::size_t n = std::min(left, Memory::part);
      next.hear(recent_, n, memory_.in, memory_.out.channels());
      left -= n;
    }
    return all;
  }

  SlotOptions options_;
  internal::RecentSignal<T> recent_;
  Memory memory_;
  internal::LaterFrames<const T> later_in_;
  internal::LaterFrames<T> later_out_;
  internal::LaterFrames<const T> later_side_;
  std::vector<T> gain_;       ///< of the new model, at each frame of a fade
  mutable std::mutex mutex_;  ///< of the threads that publish
  internal::FadingSwitch<Player> switch_;
  std::atomic<std::size_t> latency_{0};
};

}  // namespace inlay
