/// ResidualSkip, Split: layers with two groups of channels.
#pragma once

#include <cstddef>

#include "inlay/backend/backend_of.hpp"
#include "inlay/combinators/branches.hpp"
#include "inlay/combinators/combined.hpp"
#include "inlay/combinators/formula.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/layers/identity.hpp"

namespace inlay::INLAY_ISA {

namespace formula {
struct ResidualSkip : Combinator<"residual_skip", "path", "residual", "skip"> {
  static constexpr bool in_place = true;
  /// x is (own, head): the input of the path, and the sum of the skip outputs of earlier layers.
  static constexpr auto own = first<0>;
  static constexpr auto head = rest<0>;
  static constexpr auto y = let(f<0>(own), [](auto a) { return concat(own + f<1>(a), head + f<2>(a)); });
};
struct Split : Combinator<"split", "branches"> {
  static constexpr std::size_t most = 2;
  static constexpr auto y = concat(f<0>(first<0>), f<1>(rest<0>));
};
}  // namespace formula

/// One layer of a WaveNet, on channels (x, head): with a = Path(x), y = (x + Residual(a), head + Skip(a)). Consecutive
/// layers accumulate their skip outputs in `head`, in place.
///
/// In a file: `path`, `residual` and `skip`.
template <Layer Path, Layer Residual, Layer Skip = Identity<Path::out_size, detail::BackendOf<Path>>>
class ResidualSkip : public detail::Combined<formula::ResidualSkip, detail::BackendOf<detail::Chain<Path>>,
                                             Path::in_size + Skip::out_size, 0, detail::Chain<Path>,
                                             detail::Chain<Residual>, detail::Chain<Skip>> {
  static_assert(Residual::in_size == Path::out_size && Skip::in_size == Path::out_size,
                "inlay::ResidualSkip: Residual and Skip must have the output size of Path as their input size");
  static_assert(Residual::out_size == Path::in_size,
                "inlay::ResidualSkip: Residual must have the input size of Path as its output size");
  static_assert(LayerTraits<Path>::one_to_one && LayerTraits<Residual>::one_to_one && LayerTraits<Skip>::one_to_one,
                "inlay::ResidualSkip: Path, Residual and Skip must give exactly one output frame for each input frame; "
                "remove layers that change the rate");
  static_assert(
      LayerTraits<Path>::latency + LayerTraits<Residual>::latency + LayerTraits<Skip>::latency == 0,
      "inlay::ResidualSkip: Path, Residual and Skip must not have latency; remove layers such as inlay::Delay");

  static constexpr bool adds_in_path = detail::Chain<Path>::in_one_pass && detail::Chain<Skip>::is_identity &&
                                       detail::FusesAddend<detail::Chain<Residual>>;

 public:
  /// Residual may not write to the input that it reads.
  static constexpr bool in_place = !detail::Chain<Path>::is_identity;

  /// One function for each layer: networks have tens of them.
  void forward(typename ResidualSkip::State& state, const typename ResidualSkip::scalar* in,
               typename ResidualSkip::scalar* out, Context<typename ResidualSkip::scalar> context) const noexcept {
    ResidualSkip::Combined::forward(state, in, out, context);
  }

  /// Processors without vectors add to the head while the path's output is in registers.
  auto process(typename ResidualSkip::State& state, Block<const typename ResidualSkip::scalar> in,
               Block<typename ResidualSkip::scalar> out, std::size_t frames,
               Context<typename ResidualSkip::scalar> context) const noexcept {
    using T = typename ResidualSkip::scalar;
    if constexpr (adds_in_path) {
      constexpr std::size_t own = Path::in_size;
      const Block<T> a(detail::take(context, scratch_block<T>(Path::out_size * tile_frames)));
      this->template chain<0>().process_and_add(std::get<0>(state.chains), in, a, frames, context, in.row(own),
                                                out.row(own));
      this->template chain<1>().process(std::get<1>(state.chains), a, out, frames, context, in.row(0));
    } else {
      return ResidualSkip::Combined::process(state, in, out, frames, context);
    }
  }

  /// The three branches, each as a `Sequential`.
  constexpr auto& path() noexcept { return this->template chain<0>(); }
  constexpr auto& residual() noexcept { return this->template chain<1>(); }
  constexpr auto& skip_layers() noexcept { return this->template chain<2>(); }
};

/// Applies `A` to the first channels and `Rest` to the others, and concatenates their outputs: y = (A(x_1), Rest(x_2)).
///
/// In a file: `branches`, two arrays of layers.
template <Layer A, Layer Rest>
class Split : public detail::Combined<formula::Split, detail::BackendOf<detail::Chain<A>>, A::in_size + Rest::in_size,
                                      0, detail::Chain<A>, detail::Chain<Rest>> {
  static_assert(sizeof(detail::SameLatency<1, LayerTraits<Rest>::latency, LayerTraits<A>::latency>) > 0);
  static_assert(LayerTraits<A>::one_to_one && LayerTraits<Rest>::one_to_one,
                "inlay::Split: both branches must give exactly one output frame for each input frame; remove layers "
                "that change the rate");
};

}  // namespace inlay::INLAY_ISA
