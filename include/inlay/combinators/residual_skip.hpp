/// ResidualSkip, Split: layers with two groups of channels.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "inlay/backend/backend_of.hpp"
#include "inlay/combinators/branches.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/map.hpp"
#include "inlay/layers/identity.hpp"

namespace inlay::INLAY_ISA {

/// One layer of a WaveNet, on channels (x, head): with a = Path(x), y = (x + Residual(a), head + Skip(a)). Consecutive
/// layers accumulate their skip outputs in `head`, in place.
///
/// In a file: `path`, `residual` and `skip`.
template <Layer Path, Layer Residual, Layer Skip = Identity<Path::out_size, detail::BackendOf<Path>>>
class ResidualSkip {
  using Body = detail::Chain<Path>;
  using ToNext = detail::Chain<Residual>;
  using ToHead = detail::Chain<Skip>;
  using B = detail::BackendOf<Body>;
  using Traits = detail::BranchTraits<Body, ToNext, ToHead>;
  static constexpr std::size_t size = Body::in_size, head = ToHead::out_size, inside = Body::out_size;
  static_assert(ToNext::in_size == inside && ToHead::in_size == inside,
                "inlay::ResidualSkip: Residual and Skip must have the output size of Path as their input size");
  static_assert(ToNext::out_size == size,
                "inlay::ResidualSkip: Residual must have the input size of Path as its output size");
  static_assert(Body::one_to_one && ToNext::one_to_one && ToHead::one_to_one,
                "inlay::ResidualSkip: Path, Residual and Skip must give exactly one output frame for each input frame; "
                "remove layers that change the rate");
  static_assert(
      Traits::latency == 0,
      "inlay::ResidualSkip: Path, Residual and Skip must not have latency; remove layers such as inlay::Delay");
  static constexpr bool skips_directly = requires { Skip::is_identity; };

 public:
  using backend = B;
  using scalar = typename Body::scalar;
  struct State {
    typename Body::State path;
    typename ToNext::State residual;
    typename ToHead::State skip;
  };
  static constexpr std::string_view type = "residual_skip";
  static constexpr std::size_t in_size = size + head, out_size = in_size;
  static constexpr std::size_t receptive_field =
      Body::receptive_field == unbounded
          ? unbounded
          : Body::receptive_field - 1 + std::max(ToNext::receptive_field, ToHead::receptive_field);
  static constexpr std::size_t parameters = Traits::parameters, macs = Traits::macs;
  static constexpr std::size_t condition_size = Traits::condition_size;
  static constexpr std::size_t frame_unit = alignment / sizeof(scalar);
  static constexpr bool in_place = true;

 private:
  static constexpr std::size_t a_size = scratch_block<scalar>(scratch_tile<scalar>(inside));
  static constexpr std::size_t term_size = scratch_block<scalar>(scratch_tile<scalar>(std::max(size, head)));
  static constexpr std::size_t head_size = padded_frame<scalar>(head);

 public:
  static constexpr std::size_t scratch_size = a_size + term_size + head_size + Traits::scratch_size;

  void visit(auto& v) {
    v.chain("path", path_);
    v.chain("residual", residual_);
    v.chain("skip", skip_);
  }
  void reset(State& state) const noexcept {
    path_.reset(state.path);
    residual_.reset(state.residual);
    skip_.reset(state.skip);
  }

  void forward(State& state, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    scalar* a = detail::take(context, a_size);
    scalar* term = detail::take(context, term_size);
    scalar* sum = detail::take(context, head_size);
    path_.forward(state.path, in, a, context);
    const scalar* skipped = a;
    if constexpr (!skips_directly) {
      skip_.forward(state.skip, a, term, context);
      skipped = term;
    }
    copy(in + size, head, sum);
    map_frame<B, head>(plus, sum, static_cast<const scalar*>(sum), skipped);
    if constexpr (detail::FusesAddend<ToNext>) {
      residual_.forward(state.residual, a, term, context, in);
    } else {
      residual_.forward(state.residual, a, term, context);
      map_frame<B, size>(plus, term, in, static_cast<const scalar*>(term));
    }
    copy(term, size, out);
    copy(sum, head, out + size);
  }
  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
               Context<scalar> context) const noexcept {
    const Block<scalar> a(detail::take(context, a_size)), term(detail::take(context, term_size));
    context.scratch += head_size;
    const Block<const scalar> head_in(in.row(size)), branch_out(term), inner(a);
    const Block<scalar> head_out(out.row(size));
    path_.process(state.path, in, a, frames, context);
    if constexpr (skips_directly) {
      map_tile<B>(plus, head, frames, head_out, head_in, inner);
    } else if constexpr (detail::FusesAddend<ToHead>) {
      skip_.process(state.skip, inner, head_out, frames, context, head_in.row(0));
    } else {
      skip_.process(state.skip, inner, term, frames, context);
      map_tile<B>(plus, head, frames, head_out, head_in, branch_out);
    }
    if constexpr (detail::FusesAddend<ToNext>) {
      residual_.process(state.residual, inner, out, frames, context, in.row(0));
    } else {
      residual_.process(state.residual, inner, term, frames, context);
      map_tile<B>(plus, size, frames, out, in, branch_out);
    }
  }

  /// The three branches, each as a `Sequential`.
  Body& path() noexcept { return path_; }
  ToNext& residual() noexcept { return residual_; }
  ToHead& skip_layers() noexcept { return skip_; }

 private:
  Body path_;
  ToNext residual_;
  ToHead skip_;
};

/// Applies `A` to the first channels and `Rest` to the others, and concatenates their outputs: y = (A(x_1), Rest(x_2)).
///
/// In a file: `branches`, two arrays of layers.
template <Layer A, Layer Rest>
class Split {
  using First = detail::Chain<A>;
  using Second = detail::Chain<Rest>;
  using Traits = detail::BranchTraits<First, Second>;
  static_assert(sizeof(detail::SameLatency<1, Second::latency, First::latency>) > 0);
  static_assert(First::one_to_one && Second::one_to_one,
                "inlay::Split: both branches must give exactly one output frame for each input frame; remove layers "
                "that change the rate");

 public:
  using backend = detail::BackendOf<First>;
  using scalar = typename First::scalar;
  struct State {
    typename First::State first;
    typename Second::State second;
  };
  static constexpr std::string_view type = "split";
  static constexpr std::size_t in_size = First::in_size + Second::in_size;
  static constexpr std::size_t out_size = First::out_size + Second::out_size;
  static constexpr std::size_t receptive_field = Traits::receptive_field, warmup_frames = Traits::warmup_frames;
  static constexpr std::size_t latency = Traits::latency;
  static constexpr std::size_t parameters = Traits::parameters, macs = Traits::macs;
  static constexpr std::size_t condition_size = Traits::condition_size;
  static constexpr std::size_t frame_unit = alignment / sizeof(scalar);

 private:
  static constexpr std::size_t part_size = padded_frame<scalar>(std::max(Second::in_size, Second::out_size));

 public:
  static constexpr std::size_t scratch_size = 2 * part_size + Traits::scratch_size;

  void visit(auto& v) {
    v.chain("branches", first_, 0);
    v.chain("branches", second_, 1);
  }
  void reset(State& state) const noexcept {
    first_.reset(state.first);
    second_.reset(state.second);
  }
  void forward(State& state, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    scalar* from = detail::take(context, part_size);
    scalar* to = detail::take(context, part_size);
    copy(in + First::in_size, Second::in_size, from);
    first_.forward(state.first, in, out, context);
    second_.forward(state.second, from, to, context);
    copy(to, Second::out_size, out + First::out_size);
  }
  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
               Context<scalar> context) const noexcept {
    context.scratch += 2 * part_size;
    first_.process(state.first, in, out, frames, context);
    second_.process(state.second, Block<const scalar>(in.row(First::in_size)), Block<scalar>(out.row(First::out_size)),
                    frames, context);
  }

 private:
  First first_;
  Second second_;
};

}  // namespace inlay::INLAY_ISA
