/// Combined: a layer that computes a formula of its inner layers.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "inlay/backend/backend_of.hpp"
#include "inlay/combinators/chain_order.hpp"
#include "inlay/combinators/facts.hpp"
#include "inlay/combinators/forms.hpp"
#include "inlay/combinators/formula.hpp"
#include "inlay/combinators/frame_steps.hpp"
#include "inlay/combinators/sequential.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/repeat.hpp"

namespace inlay::INLAY_ISA::detail {

/// The parts of a combinator, from which the facts of its formula follow: backend, number of input channels, number of
/// appended side channels, inner chains.
template <class Formula, class B, std::size_t In, std::size_t Appended, class... Chains>
struct Parts {
  using backend = B;
  using scalar = typename B::scalar;
  static constexpr std::size_t in_size = In, appended = Appended;
  static constexpr bool in_place = Formula::in_place;
  template <std::size_t I>
  using Chain = std::tuple_element_t<I, std::tuple<Chains...>>;
  template <std::size_t I>
  static constexpr bool is_identity = Chain<I>::is_identity;

  /// The facts of all chains of X, side by side.
  template <class X>
  static constexpr formula::Facts all() {
    const formula::Facts x = formula::stored<X, Parts>();
    formula::Facts y = (x.template followed_by<Chains>() & ...);
    y.channels = (Chains::out_size + ... + 0);
    y.scratch = x.scratch;
    return y;
  }
  /// `for_each(f)` calls `f(std::integral_constant<std::size_t, I>{})` for each chain.
  static constexpr ForEachIndex<std::index_sequence_for<Chains...>> for_each{};
};

/// Base of combinators: a layer with `In` input channels that computes a formula of its inner chains. `Formula` is a
/// struct that derives from `formula::Combinator`.
template <class Formula, class B, std::size_t In, std::size_t Appended, class... Chains>
class Combined {
  using P = Parts<Formula, B, In, Appended, Chains...>;
  using Expression = std::remove_cv_t<decltype(Formula::y)>;
  static constexpr formula::Facts facts = Expression::template facts<P>();

 public:
  using parts = P;
  using backend = typename P::backend;
  using scalar = typename P::scalar;
  struct State {
    INLAY_NO_ADDRESS std::tuple<typename Chains::State...> chains;
  };
  static constexpr std::string_view type = Formula::type;
  static constexpr std::size_t in_size = P::in_size, out_size = facts.channels;
  static constexpr std::size_t receptive_field = facts.past == unbounded ? unbounded : facts.past + 1;
  static constexpr std::size_t warmup_frames = facts.warmup_frames, latency = facts.latency;
  static constexpr std::size_t parameters = (0 + ... + Chains::parameters), macs = (0 + ... + Chains::macs);
  static constexpr std::size_t condition_size = facts.condition_size, frame_unit = facts.frame_unit;
  static constexpr std::size_t scratch_size =
      facts.scratch + std::max({std::size_t{0}, LayerTraits<Chains>::scratch_size...});
  static constexpr bool in_place = Formula::in_place;

  constexpr void visit(auto& v) {
    if constexpr (Formula::in_per_size > 0) v.option("size", In / Formula::in_per_size);
    if constexpr (Formula::has_condition_size) v.option("condition_size", Appended);
    P::for_each([&](auto i) { v.chain(Formula::chain_name(i), chain<i>(), Formula::chain_number(i)); });
  }
  void reset(State& state) const noexcept {
    P::for_each([&](auto i) INLAY_INLINE_LAMBDA { chain<i>().reset(std::get<i>(state.chains)); });
  }
  INLAY_INLINE auto forward(State& state, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    formula::FrameForm<Combined> form{{*this, state, in}};
    return Expression::compute(form, out, context);
  }
  auto process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
               Context<scalar> context) const noexcept {
    formula::TileForm<Combined> form{{*this, state, in.row(0)}, frames};
    return Expression::compute(form, out.row(0), context);
  }

  /// Adds the steps of the inner chains, in the order in which they run, to a list. The combinator's own functions are
  /// a part of the last one.
  static constexpr void list_steps(StepList& list) {
    formula::ChainOrder<sizeof...(Chains)> order;
    Expression::plan(order);
    const std::size_t before = list.count;
    for (std::size_t i = 0; i < order.count; ++i)
      P::for_each([&](auto c) {
        if constexpr (!P::template is_identity<c>)
          if (order.chains[i] == c) detail::list_steps<typename P::template Chain<c>>(list);
      });
    if (list.count > before) list.add_to_last(work_of(0, in_size, out_size));
  }
  /// Computes some steps of a frame, see `detail::forward_steps`.
  INLAY_INLINE void forward_steps(State& state, const scalar* in, scalar* out, Context<scalar> context,
                                  FrameSteps& steps) const noexcept {
    formula::StepForm<Combined> form{{{*this, state, in}}, steps};
    Expression::compute(form, out, context);
  }

  /// Inner chain I as a `Sequential`.
  template <std::size_t I>
  constexpr auto& chain() noexcept {
    return std::get<I>(chains_);
  }
  template <std::size_t I>
  constexpr const auto& chain() const noexcept {
    return std::get<I>(chains_);
  }

 private:
  std::tuple<Chains...> chains_;
};

/// A combinator with the backend and the input channels of its first chain.
template <class Formula, class First, class... Chains>
using CombinedOf = Combined<Formula, BackendOf<First>, First::in_size, 0, First, Chains...>;

}  // namespace inlay::INLAY_ISA::detail
