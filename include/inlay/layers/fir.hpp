/// FIR: a long filter of one channel, such as a guitar cabinet.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/aligned_array.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/fir_part.hpp"
#include "inlay/core/fir_plan.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/core/pack.hpp"

namespace inlay::INLAY_ISA {

/// A filter with a finite impulse response of `Taps` values, one channel in and out, without latency:
///
///     y(t) = bias + sum over k of kernel[k] x(t - (Taps - 1 - k))
///
/// It is the `Conv1D` of one channel, loads the same files (its type there is "conv1d"), and takes over where that
/// becomes slow. The newest taps are multiplied directly; the others are partitions, whose products are computed by
/// FFTs of the frames before. That work is divided into steps, one every 16 frames from `reset` on, and each step does
/// its share: no buffer costs much more than another. Output and cost depend on the position in the signal only, so
/// that every way of cutting a signal into frames and buffers gives the same bits.
///
/// Tensors: `kernel` [Taps, 1, 1], whose last value multiplies the present frame; `bias` [1], optional in files.
///
/// The FFTs round differently from the sum above: by at most 1e-6 of the largest output with float. Cost:
/// `computed_macs` multiply-adds per frame, about `Taps` up to 224, 180 for 500, 280 for 4096, 380 for 16384. State:
/// about 2 `Taps` values, 13,000 for 4096. Weights: 3 `Taps` values.
template <std::size_t Taps, Backend B = default_backend>
class FIR {
  static_assert(Taps > 0);
  static constexpr bool is_dynamic = Taps == dynamic;
  static constexpr std::size_t step = detail::fir_step;
  static constexpr detail::FIRPlan static_plan = detail::fir_plan(is_dynamic ? 1 : Taps);
  using T = typename B::scalar;
  using Frames = Pack<B, step>;

  /// The file's kernel, oldest tap first. Stored newest first, behind zeros.
  struct Kernel {
    using value_type = T;
    constexpr std::array<std::size_t, 3> shape() const noexcept { return {fir->taps_, 1, 1}; }
    constexpr T get(std::size_t i) const noexcept { return fir->values_.data()[step + fir->taps_ - 1 - i]; }
    constexpr void set(std::size_t i, T value) noexcept { fir->values_.data()[step + fir->taps_ - 1 - i] = value; }
    void allocate()
      requires(is_dynamic)
    {
      fir->values_.resize(fir->plan_.padded_taps());
      fir->parts_.resize(fir->plan_.weights());
    }
    FIR* fir;
  };
  struct Bias {
    using value_type = T;
    constexpr std::array<std::size_t, 1> shape() const noexcept { return {1}; }
    constexpr T get(std::size_t) const noexcept { return fir->bias_; }
    constexpr void set(std::size_t, T value) noexcept { fir->bias_ = value; }
    constexpr void fill(T value) noexcept { fir->bias_ = value; }
    FIR* fir;
  };

 public:
  using backend = B;
  using scalar = T;
  struct State {
    /// The input as a ring buffer, in which every frame is written twice; the states of the parts.
    AlignedArray<T, is_dynamic ? dynamic : static_plan.state()> memory;
    AlignedArray<T, step> input;   ///< of the present step
    AlignedArray<T, step> output;  ///< of the present step, as far as its input is known
    std::size_t frame = step;      ///< in the present step
    std::size_t written = 0;       ///< place in the ring buffer
    std::size_t steps = 0;         ///< since the start, modulo those of the largest partition
    std::array<detail::FIRProgress, 2> progress{};
    std::array<std::size_t, 2> newest{};
  };
  static constexpr std::string_view type = "conv1d";
  static constexpr std::size_t in_size = 1, out_size = 1;
  static constexpr std::size_t receptive_field = Taps;
  static constexpr std::size_t parameters = is_dynamic ? dynamic : Taps + 1;
  static constexpr std::size_t macs = Taps;
  static constexpr std::size_t computed_macs = is_dynamic ? dynamic : static_plan.macs();
  /// Those of `computed_macs` in FFTs.
  static constexpr std::size_t fft_macs = is_dynamic ? dynamic : static_plan.fft_macs();
  static constexpr bool in_place = true;

  constexpr void visit(auto& v) {
    Kernel kernel{this};
    Bias bias{this};
    visit_options(v);
    v.tensor("kernel", kernel);
    v.optional_tensor("bias", bias, 0);
  }
  constexpr LayerShape shape() const noexcept {
    return {.in = 1, .out = 1, .past = taps_ - 1, .macs = taps_, .state = plan_.state()};
  }
  INLAY_COLD constexpr void prepare() noexcept {
    T* to = parts_.data();
    for (std::size_t i = 0; i < plan_.part_count; ++i) {
      const detail::FIRPart& part = plan_.parts[i];
      Part::prepare(part, values_.data() + step + part.first, taps_ - part.first, to);
      to += part.weights();
    }
  }

  void resize(State& state) const
    requires(is_dynamic)
  {
    state.memory.resize(plan_.state());
  }
  void reset(State& state) const noexcept {
    state.memory.clear();
    state.input.clear();
    state.output.clear();
    state.frame = step;
    state.written = state.steps = 0;
    state.progress = {};
    state.newest = {};
  }

  void forward(State& state, const T* in, T* out) const noexcept { run(state, in, out, 1); }
  void process(State& state, Block<const T> in, Block<T> out, std::size_t frames) const noexcept {
    run(state, in.row(0), out.row(0), frames);
  }

 private:
  using Part = detail::FIRPartRunner<B>;

  constexpr void visit_options(auto& v) {
    constexpr std::size_t one = 1;
    v.option("in", one);
    v.option("out", one);
    v.option("kernel_size", taps_);
    v.option("dilation", one);
    v.option("groups", one);
    if constexpr (is_dynamic) {
      Extent<dynamic> stride;
      v.option("stride", stride, 1);
      plan_ = detail::fir_plan(taps_);
    }
  }

  void run(State& state, const T* in, T* out, std::size_t frames) const noexcept {
    while (frames > 0) {
      if (state.frame == step) next_step(state);
      const std::size_t count = std::min(step - state.frame, frames);
      Frames sums = Frames::load(state.output.data());
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t frame = state.frame + i;
        state.input.data()[frame] = in[i];
        sums.axpy(values_.data() + step - frame, in[i]);  // the zeros before the taps leave earlier frames unchanged
        sums.store(state.output.data());
        out[i] = state.output.data()[frame];
      }
      state.frame += count;
      in += count, out += count, frames -= count;
    }
  }

  /// Starts the next step: computes what its output owes to earlier frames, and the share of the parts.
  INLAY_NOINLINE void next_step(State& state) const noexcept {
    const std::size_t length = plan_.ring();
    T* const ring = state.memory.data();
    T* now = ring + state.written;
    copy(state.input.data(), step, now);
    now += length;
    copy(state.input.data(), step, now);
    now += step;
    std::fill_n(now, step, T(0));  // frames that are not known yet
    state.written = state.written + step == length ? 0 : state.written + step;

    Frames sums = head(now);
    T* memory = ring + 2 * length + step;
    const T* weights = parts_.data();
    for (std::size_t i = 0; i < plan_.part_count; ++i) {
      const detail::FIRPart& part = plan_.parts[i];
      const Part runner{part, weights, memory};
      const std::size_t now_step = state.steps % part.steps();
      sums.add(Frames::load(runner.sum() + now_step * step));
      state.progress[i].advance(part, now_step, [&](std::size_t unit) { runner.run(unit, state.newest[i], now); });
      weights += part.weights(), memory += part.state();
    }
    sums.store(state.output.data());
    state.steps = (state.steps + 1) % (plan_.part_count == 0 ? 1 : plan_.parts[plan_.part_count - 1].steps());
    state.frame = 0;
  }

  /// The direct product for the frames from `now` on, which are zero. Several sums, which do not wait for each other.
  INLAY_INLINE Frames head(const T* now) const noexcept {
    constexpr std::size_t chains = std::clamp<std::size_t>(8 / Frames::registers, 1, 8);
    const std::size_t length = plan_.head / chains;
    const T* const taps = values_.data() + step;
    Frames sums[chains];
    for (Frames& sum : sums) sum = Frames::broadcast(0);
    sums[0] = Frames::broadcast(bias_);
    for (std::size_t k = length; k-- > 0;)
      repeat<chains>([&](std::size_t c)
                         INLAY_INLINE_LAMBDA { sums[c].axpy(now - (c * length + k), taps[c * length + k]); });
    for (std::size_t half = chains / 2; half > 0; half /= 2)
      for (std::size_t c = 0; c < half; ++c) sums[c].add(sums[c + half]);
    return sums[0];
  }

  INLAY_NO_ADDRESS LayerExtent<Taps> taps_;
  detail::FIRPlan plan_ = static_plan;
  T bias_ = 0;
  AlignedArray<T, is_dynamic ? dynamic : static_plan.padded_taps()> values_;
  AlignedArray<T, is_dynamic ? dynamic : static_plan.weights()> parts_;
};

}  // namespace inlay::INLAY_ISA
