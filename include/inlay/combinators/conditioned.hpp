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

/// Base of a layer `L` of `Size` channels. `Generator`, a chain, maps the condition to `Parts` * `Size` channels. `L`
/// implements `R apply(R x, R modulation...)`, which combines each input value with the `Parts` values for its channel.
/// `L::is_sum`: apply is x + modulation.
template <class L, std::size_t Size, class Generator, std::size_t Parts>
class Conditioned {
  using B = BackendOf<Generator>;
  static_assert(Generator::out_size == Parts * Size,
                "inlay: the layers of FiLM must have Size output channels (scale) or 2 Size (scale and shift)");

 public:
  using backend = B;
  using scalar = typename Generator::scalar;
  using State = typename Generator::State;
  static constexpr std::size_t in_size = Size, out_size = Size;
  static constexpr std::size_t receptive_field = Generator::receptive_field,
                               warmup_frames = LayerTraits<Generator>::warmup_frames;
  static constexpr std::size_t parameters = Generator::parameters, macs = Generator::macs;
  static constexpr std::size_t condition_size = std::max(Generator::in_size, LayerTraits<Generator>::condition_size);
  static constexpr bool in_place = true;

 private:
  static constexpr std::size_t modulation_size = scratch_block<scalar>(scratch_tile<scalar>(Parts * Size));
  static constexpr std::size_t part_size = padded_frame<scalar>(Size);

 public:
  static constexpr std::size_t scratch_size =
      modulation_size + Parts * part_size + LayerTraits<Generator>::scratch_size;

  void visit(auto& v) {
    v.option("size", Size);
    v.chain("layers", generator_);
  }
  void reset(State& state) const noexcept { generator_.reset(state); }

  void forward(State& state, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    if constexpr (L::is_sum && FusesAddend<Generator>) {
      detail::forward(generator_, state, context.condition, out, context, in);
      return;
    }
    scalar* modulation = take(context, modulation_size);
    scalar* parts = take(context, Parts * part_size);
    detail::forward(generator_, state, context.condition, modulation, context);
    for (std::size_t p = 0; p < Parts; ++p) copy(modulation + p * Size, Size, parts + p * part_size);
    const auto apply = [](auto... x) INLAY_INLINE_LAMBDA { return L::template apply<B>(x...); };
    if constexpr (Parts == 1) map_frame<B, Size>(apply, out, in, static_cast<const scalar*>(parts));
    else
      map_frame<B, Size>(apply, out, in, static_cast<const scalar*>(parts),
                         static_cast<const scalar*>(parts + part_size));
  }
  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
               Context<scalar> context) const noexcept {
    if constexpr (L::is_sum && FusesAddend<Generator>) {
      detail::process(generator_, state, Block<const scalar>(context.condition), out, frames, context, in.row(0));
      return;
    }
    const Block<scalar> modulation(take(context, modulation_size));
    context.scratch += Parts * part_size;
    detail::process(generator_, state, Block<const scalar>(context.condition), modulation, frames, context);
    const auto apply = [](auto... x) INLAY_INLINE_LAMBDA { return L::template apply<B>(x...); };
    const auto part = [&](std::size_t p) { return Block<const scalar>(modulation.row(p * Size)); };
    if constexpr (Parts == 1) map_tile<B>(apply, Size, frames, out, in, part(0));
    else map_tile<B>(apply, Size, frames, out, in, part(0), part(1));
  }

  /// The layers that transform the condition, as a `Sequential`.
  Generator& layers() noexcept { return generator_; }

 private:
  Generator generator_;
};

}  // namespace detail

}  // namespace inlay::INLAY_ISA
