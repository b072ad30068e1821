/// Conditioned: base of layers that transform the condition and combine it with their input.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "inlay/backend/backend_of.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/map.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

/// Base of a layer `L` of `Size` channels. `Maker`, a chain, maps the condition to `Parts` * `Size` channels. `L`
/// implements `R apply(R x, R made...)`, which combines each input value with the `Parts` values for its channel.
/// `L::is_sum`: apply is x + made.
template <class L, std::size_t Size, class Maker, std::size_t Parts>
class Conditioned {
  using B = BackendOf<Maker>;
  static_assert(Maker::out_size == Parts * Size, "inlay: what is made of the condition does not fit the channels");

 public:
  using backend = B;
  using scalar = typename Maker::scalar;
  using State = typename Maker::State;
  static constexpr std::size_t in_size = Size, out_size = Size;
  static constexpr std::size_t receptive_field = Maker::receptive_field,
                               warmup_frames = LayerTraits<Maker>::warmup_frames;
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
    if constexpr (L::is_sum && FusesAddend<Maker>) {
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
    if constexpr (L::is_sum && FusesAddend<Maker>) {
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

  /// The layers that transform the condition, as a `Sequential`.
  Maker& layers() noexcept { return maker_; }

 private:
  Maker maker_;
};

}  // namespace detail

}  // namespace inlay::INLAY_ISA
