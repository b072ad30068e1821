/// Parallel, Concat: branches with the same input, added or concatenated.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <utility>

#include "inlay/backend/backend_of.hpp"
#include "inlay/combinators/branches.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/map.hpp"
#include "inlay/core/pack.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

/// Common base of `Parallel` and `Concat`: branches, each a chain, with the same input.
template <class... Branches>
class BranchesBase {
 public:
  using Chains = std::tuple<Branches...>;
  using First = std::tuple_element_t<0, Chains>;
  using backend = BackendOf<First>;
  using scalar = typename First::scalar;
  struct State {
    std::tuple<typename Branches::State...> branches;
  };

 private:
  using Traits = BranchTraits<Branches...>;
  template <std::size_t... I>
  static Checks<BranchMatchesFirst<I, Branches, First>...> fit(std::index_sequence<I...>);
  static_assert(decltype(fit(std::index_sequence_for<Branches...>{}))::checked);

 public:
  static constexpr std::size_t in_size = First::in_size;
  static constexpr std::size_t receptive_field = Traits::receptive_field, warmup_frames = Traits::warmup_frames;
  static constexpr std::size_t latency = Traits::latency;
  static constexpr std::size_t parameters = Traits::parameters, macs = Traits::macs;
  static constexpr std::size_t condition_size = Traits::condition_size, frame_unit = Traits::frame_unit;

  void visit(auto& v) {
    for_each([&](auto i) { v.chain("branches", std::get<i>(branches_), i); });
  }
  void reset(State& state) const noexcept {
    for_each([&](auto i) INLAY_INLINE_LAMBDA { std::get<i>(branches_).reset(std::get<i>(state.branches)); });
  }

  /// Branch I as a `Sequential`.
  template <std::size_t I>
  auto& branch() noexcept {
    return std::get<I>(branches_);
  }

 protected:
  static constexpr std::size_t inner_scratch = Traits::scratch_size;

  template <class F>
  static INLAY_INLINE void for_each(F&& f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) INLAY_INLINE_LAMBDA {
      (f(std::integral_constant<std::size_t, I>{}), ...);
    }(std::index_sequence_for<Branches...>{});
  }
  template <std::size_t I>
  INLAY_INLINE void run_frame(State& state, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    detail::forward(std::get<I>(branches_), std::get<I>(state.branches), in, out, context);
  }
  template <std::size_t I>
  INLAY_INLINE void run_tile(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
                             Context<scalar> context) const noexcept {
    detail::process(std::get<I>(branches_), std::get<I>(state.branches), in, out, frames, context);
  }

 private:
  Chains branches_;
};

}  // namespace detail

/// Adds the outputs of its branches: y = F_1(x) + F_2(x) + ... Each branch is a layer, or a `Sequential` of several.
/// All have the same sizes, rate and latency. Keras: Add.
///
/// In a file: `branches`, an array of arrays of layers.
template <Layer... Branches>
class Parallel : public detail::BranchesBase<detail::Chain<Branches>...> {
  using Base = detail::BranchesBase<detail::Chain<Branches>...>;
  using B = typename Base::backend;
  template <std::size_t... I>
  static detail::Checks<detail::SameOutputSize<I, Branches::out_size, Base::First::out_size>...> fit(
      std::index_sequence<I...>);
  static_assert(decltype(fit(std::index_sequence_for<Branches...>{}))::checked);

 public:
  using typename Base::scalar;
  using typename Base::State;
  static constexpr std::string_view type = "parallel";
  static constexpr std::size_t out_size = Base::First::out_size;

 private:
  static constexpr std::size_t term_size = scratch_block<scalar>(scratch_tile<scalar>(out_size));

 public:
  static constexpr std::size_t scratch_size = term_size + Base::inner_scratch;

  void forward(State& state, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    scalar* term = detail::take(context, term_size);
    Base::for_each([&](auto i) INLAY_INLINE_LAMBDA {
      this->template run_frame<i>(state, in, i == 0 ? out : term, context);
      if constexpr (i > 0)
        map_frame<B, out_size>(plus, out, static_cast<const scalar*>(out), static_cast<const scalar*>(term));
    });
  }
  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
               Context<scalar> context) const noexcept {
    const Block<scalar> term(detail::take(context, term_size));
    Base::for_each([&](auto i) INLAY_INLINE_LAMBDA {
      this->template run_tile<i>(state, in, i == 0 ? out : term, frames, context);
      if constexpr (i > 0)
        map_tile<B>(plus, out_size, frames, out, Block<const scalar>(out), Block<const scalar>(term));
    });
  }
};

/// Concatenates the outputs of its branches: y = (F_1(x), F_2(x), ...). Each branch is a layer, or a `Sequential` of
/// several. All have the same input size, rate and latency. Keras: Concatenate.
///
/// In a file: `branches`, an array of arrays of layers.
template <Layer... Branches>
class Concat : public detail::BranchesBase<detail::Chain<Branches>...> {
  using Base = detail::BranchesBase<detail::Chain<Branches>...>;
  static constexpr std::array<std::size_t, sizeof...(Branches)> first_channel = [] {
    std::array<std::size_t, sizeof...(Branches)> first{};
    std::size_t i = 0, sum = 0;
    ((first[i++] = sum, sum += Branches::out_size), ...);
    return first;
  }();

 public:
  using typename Base::scalar;
  using typename Base::State;
  static constexpr std::string_view type = "concat";
  static constexpr std::size_t out_size = (0 + ... + Branches::out_size);

 private:
  static constexpr std::size_t part_size = padded_frame<scalar>(out_size);

 public:
  static constexpr std::size_t scratch_size = part_size + Base::inner_scratch;

  void forward(State& state, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    // A branch writes whole registers, and would overwrite channels of the next one.
    scalar* part = detail::take(context, part_size);
    Base::for_each([&](auto i) INLAY_INLINE_LAMBDA {
      this->template run_frame<i>(state, in, part, context);
      copy(part, std::tuple_element_t<i, typename Base::Chains>::out_size, out + first_channel[i]);
    });
  }
  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
               Context<scalar> context) const noexcept {
    context.scratch += part_size;
    Base::for_each([&](auto i) INLAY_INLINE_LAMBDA {
      this->template run_tile<i>(state, in, Block<scalar>(out.row(first_channel[i])), frames, context);
    });
  }
};

}  // namespace inlay::INLAY_ISA
