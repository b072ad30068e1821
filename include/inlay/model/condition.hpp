/// Layers that use side channels: a condition beside the signal, such as knobs or the input of the whole network.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "inlay/core/compiler.hpp"
#include "inlay/core/map.hpp"
#include "inlay/layers/dense.hpp"
#include "inlay/layers/identity.hpp"
#include "inlay/model/sequential.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

/// Base of a layer of `Size` channels that makes something of the condition with `Layers`, and then something of
/// that and of each value of its input: `auto apply(R x, R made...)`, `Parts` being how many times `Size` is made.
template <class L, std::size_t Size, class Maker, std::size_t Parts>
class Conditioned {
  using B = BackendOf<Maker>;
  static_assert(Maker::out_size == Parts * Size, "inlay: what is made of the condition does not fit the channels");

 public:
  using backend = B;
  using scalar = typename Maker::scalar;
  using State = typename Maker::State;
  static constexpr std::size_t in_size = Size, out_size = Size;
  static constexpr std::size_t receptive_field = Maker::receptive_field, skip = LayerTraits<Maker>::skip;
  static constexpr std::size_t parameters = Maker::parameters, macs = Maker::macs;
  static constexpr std::size_t condition_size = std::max(Maker::in_size, LayerTraits<Maker>::condition_size);
  static constexpr bool in_place = true;

 private:
  static constexpr std::size_t made_size = scratch_block<scalar>(scratch_tile<scalar>(Parts * Size));
  static constexpr std::size_t part_size = padded_frame<scalar>(Size);

 public:
  static constexpr std::size_t scratch_size = made_size + Parts * part_size + LayerTraits<Maker>::scratch_size;

  void visit(auto& v) {
    v.option("size", Size);
    v.chain("layers", maker_);
  }
  void reset(State& state) const noexcept { maker_.reset(state); }

  void forward(State& state, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    if constexpr (L::is_sum && Adding<Maker>) {
      detail::forward(maker_, state, context.condition, out, context, in);
      return;
    }
    scalar* made = take(context, made_size);
    scalar* parts = take(context, Parts * part_size);
    detail::forward(maker_, state, context.condition, made, context);
    for (std::size_t p = 0; p < Parts; ++p) copy(made + p * Size, Size, parts + p * part_size);
    const auto apply = [](auto... x) INLAY_INLINE_LAMBDA { return L::template apply<B>(x...); };
    if constexpr (Parts == 1) map_frame<B, Size>(apply, out, in, static_cast<const scalar*>(parts));
    else
      map_frame<B, Size>(apply, out, in, static_cast<const scalar*>(parts),
                         static_cast<const scalar*>(parts + part_size));
  }
  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
               Context<scalar> context) const noexcept {
    if constexpr (L::is_sum && Adding<Maker>) {
      detail::process(maker_, state, Block<const scalar>(context.condition), out, frames, context, in.row(0));
      return;
    }
    const Block<scalar> made(take(context, made_size));
    context.scratch += Parts * part_size;
    detail::process(maker_, state, Block<const scalar>(context.condition), made, frames, context);
    const auto apply = [](auto... x) INLAY_INLINE_LAMBDA { return L::template apply<B>(x...); };
    const auto part = [&](std::size_t p) { return Block<const scalar>(made.row(p * Size)); };
    if constexpr (Parts == 1) map_tile<B>(apply, Size, frames, out, in, part(0));
    else map_tile<B>(apply, Size, frames, out, in, part(0), part(1));
  }

  /// What makes something of the condition, as one layer.
  Maker& layers() noexcept { return maker_; }

 private:
  Maker maker_;
};

}  // namespace detail

/// y = x + F(condition), F being `Layers`: WaveNet's way of showing the input to every layer.
///
/// In a file: `layers`.
template <Layer... Layers>
class Mixin
    : public detail::Conditioned<Mixin<Layers...>, detail::Chain<Layers...>::out_size, detail::Chain<Layers...>, 1> {
 public:
  static constexpr std::string_view type = "mixin";
  static constexpr bool is_sum = true;
  template <class B, class R>
  static INLAY_INLINE R apply(R x, R made) noexcept {
    return x + made;
  }
};

/// Feature-wise linear modulation, y = scale x + shift (Perez et al., 2018), both made of the condition by
/// `Layers`: of their 2 `Size` channels the first half is the scale. With `Size` channels only, y = scale x.
///
/// In a file: `layers`.
template <std::size_t Size, Layer... Layers>
class BasicFiLM : public detail::Conditioned<BasicFiLM<Size, Layers...>, Size, detail::Chain<Layers...>,
                                             detail::Chain<Layers...>::out_size == Size ? 1 : 2> {
 public:
  static constexpr std::string_view type = "film";
  static constexpr bool is_sum = false;
  template <class B, class R>
  static INLAY_INLINE R apply(R x, R scale, R shift) noexcept {
    return B::fma(x, scale, shift);
  }
  template <class B, class R>
  static INLAY_INLINE R apply(R x, R scale) noexcept {
    return x * scale;
  }
};

/// FiLM by one Dense layer.
template <std::size_t Size, std::size_t ConditionSize, Backend B = default_backend>
using FiLM = BasicFiLM<Size, Dense<ConditionSize, 2 * Size, B>>;

/// The input and, behind it, the condition: knobs for a layer that takes them as further channels.
template <std::size_t Size, std::size_t ConditionSize, Backend B = default_backend>
class AppendCondition {
 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {};
  static constexpr std::string_view type = "append_condition";
  static constexpr std::size_t in_size = Size, out_size = Size + ConditionSize;
  static constexpr std::size_t receptive_field = 1, parameters = 0, macs = 0;
  static constexpr std::size_t condition_size = ConditionSize;

  void visit(auto& v) {
    v.option("size", Size);
    v.option("condition_size", ConditionSize);
  }
  void reset(State&) const noexcept {}
  INLAY_INLINE void forward(State&, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    copy(in, Size, out);
    copy(context.condition, ConditionSize, out + Size);
  }
  void process(State&, Block<const scalar> in, Block<scalar> out, std::size_t frames,
               Context<scalar> context) const noexcept {
    const Block<const scalar> condition(context.condition);
    for (std::size_t c = 0; c < Size; ++c) copy_row(in.row(c), frames, out.row(c));
    for (std::size_t c = 0; c < ConditionSize; ++c) copy_row(condition.row(c), frames, out.row(Size + c));
  }
};

/// `Layers` whose condition is what `Source` makes of their own input.
///
/// In a file: `source` and `layers`.
template <Layer Source, Layer... Layers>
class ConditionedBy {
  using Body = detail::Chain<Layers...>;
  using Maker = detail::Chain<Source>;
  static_assert(Maker::in_size == Body::in_size,
                "inlay::ConditionedBy: the source and the layers differ in their input");
  static_assert(Maker::out_size == LayerTraits<Body>::condition_size,
                "inlay::ConditionedBy: the source does not give the condition that the layers want");
  static_assert(LayerTraits<Maker>::one_to_one, "inlay::ConditionedBy: the source changes the rate");
  /// An identity is its input, and need not be copied.
  static constexpr bool copies = !requires { Source::is_identity; };

 public:
  using backend = detail::BackendOf<Body>;
  using scalar = typename Body::scalar;
  struct State {
    typename Maker::State source;
    typename Body::State layers;
  };
  static constexpr std::string_view type = "conditioned_by";
  static constexpr std::size_t in_size = Body::in_size, out_size = Body::out_size;
  static constexpr Rate rate = Body::rate;
  static constexpr bool one_to_one = Body::one_to_one;
  static constexpr std::size_t tile = Body::tile;
  static constexpr std::size_t most_frames(std::size_t frames) { return Body::most_frames(frames); }
  static constexpr std::size_t receptive_field =
      Body::receptive_field == unbounded || Maker::receptive_field == unbounded
          ? unbounded
          : Body::receptive_field + Maker::receptive_field - 1;
  static constexpr std::size_t skip = Body::skip + Maker::skip, latency = Body::latency;
  static constexpr std::size_t parameters = Body::parameters + Maker::parameters, macs = Body::macs + Maker::macs;
  static constexpr std::size_t condition_size = Maker::condition_size;

 private:
  static constexpr std::size_t made_size = copies ? scratch_block<scalar>(scratch_tile<scalar>(Maker::out_size)) : 0;

 public:
  static constexpr std::size_t scratch_size = made_size + std::max(Maker::scratch_size, Body::scratch_size);

  void visit(auto& v) {
    v.chain("source", source_);
    v.chain("layers", body_);
  }
  void reset(State& state) const noexcept {
    source_.reset(state.source);
    body_.reset(state.layers);
  }
  // An input that is the condition is read as one, in whole cache lines.
  static constexpr std::size_t frame_unit = alignment / sizeof(scalar);

  auto forward(State& state, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    const scalar* condition = in;
    if constexpr (copies) {
      scalar* made = detail::take(context, made_size);
      source_.forward(state.source, in, made, context);
      condition = made;
    }
    return body_.forward(state.layers, in, out, {context.scratch, condition});
  }
  auto process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
               Context<scalar> context) const noexcept {
    const scalar* condition = in.row(0);
    if constexpr (copies) {
      const Block<scalar> made(detail::take(context, made_size));
      source_.process(state.source, in, made, frames, context);
      condition = made.row(0);
    }
    return body_.process(state.layers, in, out, frames, {context.scratch, condition});
  }

  Body& layers() noexcept { return body_; }
  Maker& source() noexcept { return source_; }

 private:
  Maker source_;
  Body body_;
};

/// `Layers` whose condition is their own input, as in WaveNet.
template <Layer... Layers>
using InputAsCondition =
    ConditionedBy<Identity<detail::Chain<Layers...>::in_size, detail::BackendOf<detail::Chain<Layers...>>>, Layers...>;

}  // namespace inlay::INLAY_ISA
