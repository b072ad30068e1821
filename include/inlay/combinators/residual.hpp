/// Residual: y = x + F(x).
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/backend_of.hpp"
#include "inlay/combinators/branches.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/map.hpp"
#include "inlay/layers/identity.hpp"

namespace inlay::INLAY_ISA {

/// Residual connection: y = x + F(x), F being the chain of `Layers`, with equal input and output sizes. For unequal
/// sizes use a shortcut branch: `Parallel<Dense<4, 8>, Sequential<...>>`.
///
/// In a file: `layers`.
template <Layer... Layers>
class Residual {
  using Body = detail::Chain<Layers...>;
  using B = detail::BackendOf<Body>;
  using Input = Identity<Body::in_size, B>;
  using Traits = detail::BranchTraits<Body>;
  static_assert(sizeof(detail::BranchMatchesFirst<1, Body, Input>) > 0);
  static_assert(sizeof(detail::SameOutputSize<1, Body::out_size, Input::out_size>) > 0);

 public:
  using backend = B;
  using scalar = typename Body::scalar;
  using State = typename Body::State;
  static constexpr std::string_view type = "residual";
  static constexpr std::size_t in_size = Body::in_size, out_size = Body::out_size;
  static constexpr std::size_t receptive_field = Traits::receptive_field, warmup_frames = Traits::warmup_frames;
  static constexpr std::size_t parameters = Traits::parameters, macs = Traits::macs;
  static constexpr std::size_t condition_size = Traits::condition_size, scratch_size = Traits::scratch_size;
  static constexpr std::size_t frame_unit = Traits::frame_unit;

  void visit(auto& v) { v.chain("layers", body_); }
  void reset(State& state) const noexcept { body_.reset(state); }

  INLAY_INLINE void forward(State& state, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    if constexpr (detail::FusesAddend<Body>) {
      body_.forward(state, in, out, context, in);
    } else {
      body_.forward(state, in, out, context);
      map_frame<B, out_size>(plus, out, in, static_cast<const scalar*>(out));
    }
  }
  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
               Context<scalar> context) const noexcept {
    if constexpr (detail::FusesAddend<Body>) {
      body_.process(state, in, out, frames, context, in.row(0));
    } else {
      body_.process(state, in, out, frames, context);
      map_tile<B>(plus, out_size, frames, out, in, Block<const scalar>(out));
    }
  }

  /// F as a `Sequential`.
  Body& layers() noexcept { return body_; }

 private:
  Body body_;
};

}  // namespace inlay::INLAY_ISA
