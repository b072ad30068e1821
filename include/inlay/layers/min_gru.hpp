/// MinGRU: gated recurrent unit whose gates do not depend on the state.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "inlay/backend/choice.hpp"
#include "inlay/backend/default.hpp"
#include "inlay/backend/loop.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/load_across.hpp"
#include "inlay/core/pack.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/core/repeat.hpp"
#include "inlay/core/tile_frames.hpp"
#include "inlay/core/transpose.hpp"
#include "inlay/layers/dense.hpp"
#include "inlay/layers/gates.hpp"

namespace inlay::INLAY_ISA {

/// Candidate of a MinGRU: v itself.
struct LinearCandidate {
  static constexpr std::string_view name = "linear";
  template <class B, class R>
  static INLAY_INLINE R apply(R v) noexcept {
    return v;
  }
};

/// Candidate of a MinGRU that is trained in logarithms, and so is positive: v + 0.5 from 0 on, sigmoid(v) below.
struct PositiveCandidate {
  static constexpr std::string_view name = "positive";
  template <class B, class R>
  static INLAY_INLINE R apply(R v) noexcept {
    const R zero = math::broadcast<B, R>(typename B::scalar(0));
    return B::max(zero, v) + B::math_policy::template sigmoid<B>(B::min(zero, v));
  }
};

/// Either candidate, selected by the file's `candidate`. For layers of dynamic sizes.
class AnyCandidate {
  static constexpr std::string_view names[] = {LinearCandidate::name, PositiveCandidate::name};

 public:
  constexpr void visit(auto& v) { v.choice("candidate", names, choice_); }
  /// Calls `f(candidate)` with the selected candidate.
  template <class F>
  INLAY_INLINE void select(F&& f) const noexcept {
    if (choice_ == 0) f(LinearCandidate());
    else f(PositiveCandidate());
  }

 private:
  std::size_t choice_ = 0;
};

/// Minimal gated recurrent unit, `In` channels to `Out` units. Returns the hidden state h' at every frame:
///
///     [u v] = W x + b
///     z  = sigmoid(u)
///     h' = (1 - z) h + z candidate(v)
///
/// The product does not depend on h: that of a whole tile is computed at once, and one multiply-add per unit is left
/// for each frame. Tensors: `kernel` W [In, 2 Out] and `bias` b [2 Out], optional in files, in the order u, v. Option
/// in files: `candidate`, "linear" or "positive".
///
/// Feng, Tung, Ahmed, Bengio, Hajimirsadeghi: Were RNNs All We Needed? arXiv 2410.01201. Cost per frame: 2 Out In
/// multiply-accumulates. State: h.
template <std::size_t In, std::size_t Out, class Candidate, Backend B>
class BasicMinGRU : BasicDense<In, times<2, Out>, true, B> {
  using Product = BasicDense<In, times<2, Out>, true, B>;
  static constexpr bool is_dynamic = Out == dynamic;

 public:
  using typename Product::backend;
  using typename Product::scalar;
  struct State {
    /// Buffers that carry over from one frame to the next.
    std::array<scalar*, 1> memory() noexcept { return {hidden.data()}; }

    detail::PerUnit<B, Out> hidden;
    AlignedArray<scalar, is_dynamic ? dynamic : 0> product;  ///< replaces scratch memory for dynamic sizes
  };
  static constexpr std::string_view type = "min_gru";
  static constexpr std::size_t in_size = In, out_size = Out;
  static constexpr std::size_t receptive_field = unbounded;
  using Product::macs, Product::parameters;
  static constexpr std::size_t scratch_size = is_dynamic ? 0 : scratch_block<scalar>(scratch_tile<scalar>(2 * Out));

  constexpr void visit(auto& v) {
    v.option("in", this->in_);
    v.option("out", units_);
    if constexpr (requires { Candidate::name; }) v.option("candidate", Candidate::name);
    else candidate_.visit(v);
    if constexpr (is_dynamic) {
      this->out_.value = 2 * units_;
      Product::resize();
    }
    v.tensor("kernel", this->kernel_);
    v.optional_tensor("bias", this->bias_, 0);
  }
  constexpr LayerShape shape() const noexcept {
    return {.in = this->in_,
            .out = units_,
            .past = unbounded,
            .macs = Product::shape().macs,
            .state = bounded(std::uint64_t{2 * tile_frames} * units_)};
  }

  void resize(State& state) const
    requires(is_dynamic)
  {
    state.hidden.resize(round_up(units_, row_unit<B, Out>));
    state.product.resize(scratch_tile<scalar>(2 * units_));
  }
  void reset(State& state) const noexcept { state.hidden.clear(); }

  INLAY_INLINE void forward(State& state, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    scalar* const u = product(state, context);
    scalar* const h = state.hidden.data();
    typename Product::State none;
    Product::forward(none, in, u);
    select([&](auto candidate) INLAY_INLINE_LAMBDA {
      for_frame_registers<B>(units_, [&]<std::size_t Lanes>(std::size_t i) INLAY_INLINE_LAMBDA {
        const auto [keep, add] = step(candidate, B::template load<Lanes>(u + i), load_candidates<Lanes>(u, i));
        const auto next = B::fma(keep, B::template load<Lanes>(h + i), add);
        B::store(h + i, next);
        B::store(out + i, next);
      });
    });
  }

  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
               Context<scalar> context) const noexcept {
    if constexpr (by_frame) return process_by_frame(state, in, out, frames, context);
    const Block<scalar> u(product(state, context));
    const Block<scalar> v(u.row(units_));
    typename Product::State none;
    Product::process(none, in, u, frames);
    select([&](auto candidate) INLAY_INLINE_LAMBDA {
      for (std::size_t c = 0; c < units_; ++c)
        for_tile_registers<B>(frames, [&](std::size_t t) INLAY_INLINE_LAMBDA {
          const auto [keep, add] =
              step(candidate, B::template load<B::width>(u.row(c) + t), B::template load<B::width>(v.row(c) + t));
          B::store(u.row(c) + t, keep);
          B::store(v.row(c) + t, add);
        });
    });
    // Units beside each other hide the latency of each other's recursion.
    scalar* const h = state.hidden.data();
    const std::size_t whole = units_ / 4 * 4;
    for (std::size_t c = 0; c < whole; c += 4) recur<4>(h + c, u.row(c), v.row(c), out.row(c), frames);
    for (std::size_t c = whole; c < units_; ++c) recur<1>(h + c, u.row(c), v.row(c), out.row(c), frames);
  }

 private:
  /// The recursion of a tile goes unit by unit, which takes longer than the products of few inputs save. These have one
  /// sum in frames and in tiles alike, so the bits are the same.
  static constexpr bool by_frame = !is_dynamic && B::width > 1 && In < 8 && Out >= 8;

  /// Lanes are units. The outputs of some frames are collected, and transposed in registers.
  void process_by_frame(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
                        Context<scalar> context) const noexcept {
    constexpr std::size_t lanes = B::lanes(Out), room = round_up(Out, lanes);
    alignas(alignment) scalar x[padded_frame<scalar>(In)] = {}, y[lanes * room] = {};
    for (std::size_t t = 0; t < frames; t += lanes) {
      for (std::size_t k = 0; k < std::min(lanes, frames - t); ++k) {
        for (std::size_t c = 0; c < In; ++c) x[c] = in.row(c)[t + k];
        forward(state, x, y + k * room, context);
      }
      for (std::size_t c = 0; c < Out; c += lanes)
        detail::transpose_square<lanes>(y + c, room, lanes, out.row(c) + t, tile_frames, std::min(lanes, Out - c));
    }
  }

  template <class R>
  struct Step {
    R keep, add;  ///< h' = keep h + add
  };
  template <class R>
  static INLAY_INLINE Step<R> step(auto candidate, R u, R v) noexcept {
    const R z = compiler::opaque(B::math_policy::template sigmoid<B>(u));
    return {math::broadcast<B, R>(scalar(1)) - z, compiler::opaque(z * candidate.template apply<B>(v))};
  }
  template <std::size_t Units>
  static INLAY_INLINE void recur(scalar* hidden, const scalar* keep, const scalar* add, scalar* out,
                                 std::size_t frames) noexcept {
    std::array<scalar, Units> h;
    copy(hidden, Units, h.data());
    for (std::size_t t = 0; t < frames; ++t)
      repeat<Units>([&](std::size_t c) INLAY_INLINE_LAMBDA {
        const std::size_t at = c * tile_frames + t;
        h[c] = LoopBackend<scalar>::fma(keep[at], h[c], add[at]);
        out[at] = h[c];
      });
    copy(h.data(), Units, hidden);
  }
  INLAY_INLINE void select(auto&& f) const noexcept {
    if constexpr (requires { Candidate::name; }) f(candidate_);
    else candidate_.select(f);
  }
  /// The candidates v of a register of units, which follow u.
  template <std::size_t Lanes>
  INLAY_INLINE auto load_candidates(const scalar* u, std::size_t i) const noexcept {
    if constexpr (is_dynamic) return B::template load<Lanes>(u + units_ + i);
    else return load_across<B, Lanes, 2 * Out, Out>(u, i);
  }
  static scalar* product([[maybe_unused]] State& state, const Context<scalar>& context) noexcept {
    if constexpr (is_dynamic) return state.product.data();
    else return context.scratch;
  }

  INLAY_NO_ADDRESS Extent<Out, struct OfUnits> units_;
  INLAY_NO_ADDRESS Candidate candidate_;
};

/// MinGRU of the candidate v. See `BasicMinGRU`.
template <std::size_t In, std::size_t Out, Backend B = default_backend>
using MinGRU = BasicMinGRU<In, Out, LinearCandidate, backend_for<B, Work::dense, times<2, Out>>>;

/// MinGRU with a positive candidate, as its form in logarithms computes it. See `BasicMinGRU`.
template <std::size_t In, std::size_t Out, Backend B = default_backend>
using PositiveMinGRU = BasicMinGRU<In, Out, PositiveCandidate, backend_for<B, Work::dense, times<2, Out>>>;

}  // namespace inlay::INLAY_ISA
