/// ConditionedBy, InputAsCondition: layers whose condition is computed from their input.
#pragma once

#include <cstddef>

#include "inlay/backend/backend_of.hpp"
#include "inlay/combinators/combined.hpp"
#include "inlay/combinators/formula.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/layers/identity.hpp"

namespace inlay::INLAY_ISA {

namespace formula {
struct ConditionedBy : Combinator<"conditioned_by", "source", "layers"> {
  static constexpr auto y = with_condition(f<0>(x), f<1>(x));
};
}  // namespace formula

/// Runs the chain of `Layers` with the condition Source(x), x being their own input.
///
/// In a file: `source` and `layers`.
template <Layer Source, Layer... Layers>
class ConditionedBy
    : public detail::Combined<formula::ConditionedBy, detail::BackendOf<detail::Chain<Layers...>>,
                              detail::Chain<Layers...>::in_size, 0, detail::Chain<Source>, detail::Chain<Layers...>> {
  using Body = detail::Chain<Layers...>;
  static_assert(Source::in_size == Body::in_size, "inlay::ConditionedBy: Source must have the input size of Layers");
  static_assert(Source::out_size == LayerTraits<Body>::condition_size,
                "inlay::ConditionedBy: the output size of Source must be the condition size of Layers");
  static_assert(LayerTraits<Source>::one_to_one,
                "inlay::ConditionedBy: Source must give exactly one output frame for each input frame; remove layers "
                "that change the rate");

 public:
  static constexpr Rate rate = Body::rate;
  static constexpr bool one_to_one = Body::one_to_one;
  static constexpr std::size_t tile = Body::tile;
  static constexpr std::size_t max_output_frames(std::size_t frames) { return Body::max_output_frames(frames); }

  /// The layers and the source, each as a `Sequential`.
  constexpr Body& layers() noexcept { return this->template chain<1>(); }
  constexpr auto& source() noexcept { return this->template chain<0>(); }
};

/// The chain of `Layers` with their input as condition, as in WaveNet.
template <Layer... Layers>
using InputAsCondition =
    ConditionedBy<Identity<detail::Chain<Layers...>::in_size, detail::BackendOf<detail::Chain<Layers...>>>, Layers...>;

}  // namespace inlay::INLAY_ISA
