/// S6: selective state-space layer.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/aligned_array.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/core/tensor.hpp"
#include "inlay/core/tile_frames.hpp"
#include "inlay/core/transpose.hpp"
#include "inlay/layers/dense.hpp"
#include "inlay/layers/softplus.hpp"

namespace inlay::INLAY_ISA {

/// Selective state-space layer, the core of Mamba (Gu and Dao, 2023). Each of `Channels` channels is a sum of `States`
/// one-pole filters, whose step, input and output weights depend on the signal:
///
///     [r B C] = W u,    delta = softplus(V r + b)
///     h_n' = e^(delta a_n) h_n + delta B_n u,    y = sum over n of C_n h_n' + d u
///
/// r has `Rank` values; B and C have `States`, which all channels share; delta, a, h, d and u are of each channel.
///
/// Tensors: `kernel` W [Channels, Rank + 2 States]; `step_kernel` V [Rank, Channels]; `step_bias` b [Channels]; `a`
/// [Channels, States]; `d` [Channels], optional in files. Mamba: W is x_proj, V and b are dt_proj, a = -e^A_log.
///
/// a < 0 makes the filters stable. The exponential is that of the backend, whose relative error is 3e-7 for float (see
/// `math::Accurate`). Cost per frame: Channels (2 Rank + 6 States + 2) multiply-accumulates, and an exponential for
/// each state. State: Channels States values.
template <std::size_t Channels, std::size_t States, std::size_t Rank, Backend B = default_backend>
class S6 {
  static_assert(Channels > 0 && States > 0 && Rank > 0);
  static_assert((Channels == dynamic) == (States == dynamic) && (Channels == dynamic) == (Rank == dynamic));
  static constexpr bool is_dynamic = Channels == dynamic;
  using T = typename B::scalar;

  /// Lanes are channels. A group is a register of them.
  static constexpr std::size_t lanes = is_dynamic ? B::width : B::lanes(Channels);
  static constexpr std::size_t projected_size = sum_of<Rank, times<2, States>>;
  static constexpr std::size_t memory_size = is_dynamic ? dynamic : round_up(Channels, lanes) * States;

  /// A dense layer whose tensors have other names.
  template <std::size_t In, std::size_t Out, bool Bias>
  struct Product : BasicDense<In, Out, Bias, B> {
    using Base = BasicDense<In, Out, Bias, B>;
    using Base::kernel_, Base::bias_;
    void resize(std::size_t in, std::size_t out)
      requires(is_dynamic)
    {
      this->in_.value = in;
      this->out_.value = out;
      Base::resize();
    }
  };
  struct Steps : Softplus<Channels, B> {
    using Softplus<Channels, B>::size_;
  };

  /// The tensor `a`, stored as the states are: [group][state][lane].
  struct Poles {
    using value_type = T;
    constexpr std::array<std::size_t, 2> shape() const noexcept { return {layer->channels_, layer->states_}; }
    constexpr T get(std::size_t i) const noexcept { return layer->pole(i); }
    constexpr void set(std::size_t i, T value) noexcept { layer->pole(i) = value; }
    void allocate()
      requires(is_dynamic)
    {
      layer->poles_.resize(round_up(layer->channels_, lanes) * layer->states_);
    }
    S6* layer;
  };

 public:
  using backend = B;
  using scalar = T;
  struct State {
    AlignedArray<T, memory_size> memory;                      ///< h
    AlignedArray<T, is_dynamic ? dynamic : 0> product, step;  ///< replace scratch memory for dynamic sizes
  };
  static constexpr std::string_view type = "s6";
  static constexpr std::size_t in_size = Channels, out_size = Channels;
  static constexpr std::size_t receptive_field = unbounded;
  static constexpr std::size_t parameters = is_dynamic ? dynamic : Channels * (2 * Rank + 3 * States + 2);
  static constexpr std::size_t macs = is_dynamic ? dynamic : Channels * (2 * Rank + 6 * States + 2);
  static constexpr bool in_place = true;
  static constexpr std::size_t scratch_size =
      is_dynamic ? 0 : scratch_block<T>(scratch_tile<T>(projected_size)) + scratch_block<T>(scratch_tile<T>(Channels));

  constexpr void visit(auto& v) {
    v.option("size", channels_);
    v.option("states", states_);
    v.option("rank", rank_);
    if constexpr (is_dynamic) {
      product_.resize(channels_, rank_ + 2 * states_);
      step_.resize(rank_, channels_);
      softplus_.size_.value = channels_;
      d_.resize(channels_);
    }
    Poles poles{this};
    v.tensor("kernel", product_.kernel_);
    v.tensor("step_kernel", step_.kernel_);
    v.tensor("step_bias", step_.bias_);
    v.tensor("a", poles);
    v.optional_tensor("d", d_, 0);
    if constexpr (is_dynamic) product_.bias_.allocate();  // zeros, once the sizes are known to be those of the tensors
  }
  constexpr LayerShape shape() const noexcept {
    const std::uint64_t size = channels_, states = states_, rank = rank_;
    return {.in = channels_,
            .out = channels_,
            .past = unbounded,
            .macs = bounded(size * (2 * rank + 6 * states + 2)),
            .state = bounded(tile_frames * (size + rank + 2 * states))};
  }

  void resize(State& state) const
    requires(is_dynamic)
  {
    state.memory.resize(round_up(channels_, lanes) * states_);
    state.product.resize(scratch_tile<T>(rank_ + 2 * states_));
    state.step.resize(scratch_tile<T>(channels_));
  }
  void reset(State& state) const noexcept { state.memory.clear(); }

  void forward(State& state, const T* in, T* out, Context<T> context) const noexcept {
    const auto [product, step] = buffers(state, context);
    typename Product<Channels, projected_size, false>::State none;
    product_.forward(none, in, product);
    typename Product<Rank, Channels, true>::State nothing;
    step_.forward(nothing, product, step);
    typename Steps::State nowhere;
    softplus_.forward(nowhere, step, step);
    const T *const b = product + rank_, *const c = b + states_;
    for (std::size_t first = 0; first < channels_; first += lanes) {
      const auto u = load(in + first), delta = load(step + first), driven = compiler::opaque(delta * u);
      const T* a = poles_.data() + first * states_;
      T* h = state.memory.data() + first * states_;
      auto y = compiler::opaque(load(d_.data() + first) * u);
      for (std::size_t n = 0; n < states_; ++n, a += lanes, h += lanes) {
        const auto next = advance(load(a), load(h), delta, driven, broadcast(b[n]));
        B::store(h, next);
        y = B::fma(broadcast(c[n]), next, y);
      }
      B::store(out + first, y);
    }
  }

  void process(State& state, Block<const T> in, Block<T> out, std::size_t frames, Context<T> context) const noexcept {
    const auto buffer = buffers(state, context);
    const Block<T> product(buffer[0]), step(buffer[1]);
    typename Product<Channels, projected_size, false>::State none;
    product_.process(none, in, product, frames);
    typename Product<Rank, Channels, true>::State nothing;
    step_.process(nothing, product, step, frames);
    typename Steps::State nowhere;
    softplus_.process(nowhere, step, step, frames);
    for (std::size_t first = 0; first < channels_; first += lanes)
      process_group(state, in, out, product, step, first, frames);
  }

 private:
  using Register = typename B::template Register<lanes>;
  static INLAY_INLINE Register load(const T* p) noexcept { return B::template load<lanes>(p); }
  static INLAY_INLINE Register broadcast(T value) noexcept { return B::template broadcast<lanes>(value); }

  /// h' = e^(delta a) h + delta B u; `driven` is delta u.
  static INLAY_INLINE Register advance(Register a, Register h, Register delta, Register driven, Register b) noexcept {
    const Register decay = compiler::opaque(B::math_policy::template exp<B>(delta * a));
    return B::fma(decay, h, compiler::opaque(driven * b));
  }

  /// One state after the other, each for the whole tile: the exponentials do not wait for the states.
  INLAY_NOINLINE void process_group(State& state, Block<const T> in, Block<T> out, Block<const T> product,
                                    Block<const T> step, std::size_t first, std::size_t frames) const noexcept {
    alignas(alignment) T driven[tile_frames * lanes], delta[tile_frames * lanes], y[tile_frames * lanes];
    const std::size_t rows = std::min<std::size_t>(lanes, channels_ - first);
    transpose_rows<lanes>(in.row(first), rows, frames, driven);
    transpose_rows<lanes>(step.row(first), rows, frames, delta);
    const Register d = load(d_.data() + first);
    for (std::size_t t = 0; t < frames * lanes; t += lanes) {
      const Register u = load(driven + t);
      B::store(y + t, compiler::opaque(d * u));
      B::store(driven + t, compiler::opaque(load(delta + t) * u));
    }
    for (std::size_t n = 0; n < states_; ++n) {
      const T *const b = product.row(rank_ + n), *const c = product.row(rank_ + states_ + n);
      const std::size_t at = first * states_ + n * lanes;
      const Register a = load(poles_.data() + at);
      Register h = load(state.memory.data() + at);
      for (std::size_t t = 0; t < frames; ++t) {
        h = advance(a, h, load(delta + t * lanes), load(driven + t * lanes), broadcast(b[t]));
        B::store(y + t * lanes, B::fma(broadcast(c[t]), h, load(y + t * lanes)));
      }
      B::store(state.memory.data() + at, h);
    }
    transpose_frames<lanes>(y, lanes, frames, out.row(first), rows);
  }

  constexpr T& pole(std::size_t i) noexcept {
    const std::size_t channel = i / states_, n = i % states_;
    return poles_.data()[channel / lanes * lanes * states_ + n * lanes + channel % lanes];
  }
  /// Room for the product and for delta: a tile or a frame of each.
  static std::array<T*, 2> buffers([[maybe_unused]] State& state, const Context<T>& context) noexcept {
    if constexpr (is_dynamic) return {state.product.data(), state.step.data()};
    else return {context.scratch, context.scratch + scratch_block<T>(scratch_tile<T>(projected_size))};
  }

  INLAY_NO_ADDRESS Extent<Channels, struct OfChannels> channels_;
  INLAY_NO_ADDRESS Extent<States, struct OfStates> states_;
  INLAY_NO_ADDRESS Extent<Rank, struct OfRank> rank_;
  Product<Channels, projected_size, false> product_;
  Product<Rank, Channels, true> step_;
  Steps softplus_;
  AlignedArray<T, memory_size> poles_;
  Vector<B, Channels> d_;
};

}  // namespace inlay::INLAY_ISA
