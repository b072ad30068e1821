/// The expressions of formulas. Each kind is one struct with the same members:
///
/// - `facts<C>()`: channels, timing and scratch memory, for the parts C of a typed combinator.
/// - `compute(form, out, context)`: writes the value to `out`. `form` is a `FrameForm` or a `TileForm`.
/// - `memory(form, context)`: returns the value in memory that a layer may read. May take scratch memory.
/// - `value(form, context)`, of operands of `Map` and `Modulate`: returns a function that loads one register.
/// - `plan(plan)`: adds the value to a program, a `FormulaPlan`.
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "inlay/combinators/facts.hpp"
#include "inlay/combinators/forms.hpp"
#include "inlay/combinators/map_functions.hpp"
#include "inlay/combinators/operands.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/padding.hpp"

namespace inlay::INLAY_ISA::formula {

/// Base of expressions that have to be computed before a layer can read them.
template <class Expression>
struct Computed {
  template <class C>
  static constexpr bool is_computed = true;
  template <class Form>
  static INLAY_INLINE auto memory(Form& form, auto& context) noexcept {
    using C = typename Form::parts;
    typename C::scalar* to = detail::take(context, Form::template room<Expression::template facts<C>().channels>);
    Expression::compute(form, to, context);
    return static_cast<const typename C::scalar*>(to);
  }
};

/// Chain I of X. An identity is not computed where X can be read instead.
template <std::size_t I, class X>
struct Chain : Computed<Chain<I, X>> {
  template <class C>
  static constexpr bool is_computed = !C::template is_identity<I>;

  template <class C>
  static constexpr Facts facts() {
    Facts y = stored<X, C>().template followed_by<typename C::template Chain<I>>();
    if constexpr (std::is_same_v<X, Condition>) {
      y.condition_size = std::max(y.condition_size, C::template Chain<I>::in_size);
      y.frame_unit = 1;  // it does not read the input
    }
    return y;
  }
  template <class Form>
  static INLAY_INLINE auto compute(Form& form, auto* out, auto context) noexcept {
    const auto* x = X::memory(form, context);
    return form.template run<I>(x, out, context);
  }
  template <class Form>
  static INLAY_INLINE auto memory(Form& form, auto& context) noexcept {
    if constexpr (Form::parts::template is_identity<I>) return X::memory(form, context);
    else return Computed<Chain>::memory(form, context);
  }
  static constexpr auto plan(auto& plan) { return plan.chain(I, X::plan(plan)); }
};

/// Chain I, one pointwise layer, of X: computed in registers.
template <std::size_t I, class X>
struct Apply {
  template <class C>
  static constexpr Facts facts() {
    return X::template facts<C>();
  }
  static INLAY_INLINE auto value(auto& form, auto& context) noexcept {
    return Applied{form.layer.template chain<I>().template layer<0>(), X::value(form, context)};
  }
  static constexpr auto plan(auto& plan) { return plan.pointwise(I, X::plan(plan)); }
};

/// A + chain I of X. If the last layer of the chain can add, it adds A.
template <class A, std::size_t I, class X>
struct Add : Computed<Add<A, I, X>> {
  template <class C>
  static constexpr bool fused = detail::FusesAddend<typename C::template Chain<I>> && !C::template is_identity<I>;
  /// The chain must not write to `out` before A was read from it.
  template <class C>
  static constexpr bool apart = C::in_place && !fused<C> && !C::template is_identity<I>;

  template <class C>
  static constexpr Facts facts() {
    Facts y = stored<A, C>() & Chain<I, X>::template facts<C>();
    if (apart<C>) y.scratch += scratch_tile<typename C::scalar>(y.channels);
    return y;
  }
  template <class Form>
  static INLAY_INLINE void compute(Form& form, auto* out, auto context) noexcept {
    using C = typename Form::parts;
    constexpr std::size_t channels = facts<C>().channels;
    const auto* a = A::memory(form, context);
    const auto* x = X::memory(form, context);
    if constexpr (C::template is_identity<I>) {
      form.template map<channels>(of_registers<Sum, typename C::backend>, out, Stored{a}, Stored{x});
    } else if constexpr (fused<C>) {
      form.template run<I>(x, out, context, a);
    } else {
      auto* term = out;
      if constexpr (apart<C>) term = detail::take(context, Form::template room<channels>);
      form.template run<I>(x, term, context);
      form.template map<channels>(of_registers<Sum, typename C::backend>, out, Stored{a}, Stored{term});
    }
  }
  static constexpr auto plan(auto& plan) { return plan.add_chain(A::plan(plan), I, X::plan(plan)); }
};

/// A function of simultaneous values, computed in registers. The planner knows it as `Function::planned`.
template <class Function, class... X>
struct Map : Computed<Map<Function, X...>> {
  template <class C>
  static constexpr Facts facts() {
    return (X::template facts<C>() & ...);
  }
  template <class Form>
  static INLAY_INLINE void compute(Form& form, auto* out, auto context) noexcept {
    using C = typename Form::parts;
    form.template map<facts<C>().channels>(of_registers<Function, typename C::backend>, out,
                                           X::value(form, context)...);
  }
  static constexpr auto plan(auto& plan) { return plan.map(Function::planned, X::plan(plan)...); }
};

/// X scale + shift, or X scale, where (scale, shift) or scale is M.
template <class X, class M>
struct Modulate {
  template <class C>
  static constexpr Facts facts() {
    Facts y = X::template facts<C>() & stored<M, C>();
    y.channels = X::template facts<C>().channels;
    return y;
  }
  template <class Form>
  static INLAY_INLINE void compute(Form& form, auto* out, auto context) noexcept {
    using C = typename Form::parts;
    using B = typename C::backend;
    constexpr std::size_t size = X::template facts<C>().channels;
    const auto* m = M::memory(form, context);
    if constexpr (M::template facts<C>().channels == size)
      form.template map<size>(of_registers<Product, B>, out, X::value(form, context), Stored{m});
    else
      form.template map<size>(of_registers<Modulated, B>, out, X::value(form, context), Stored{m},
                              Stored{Form::at(m, size)});
  }
  static constexpr auto plan(auto& plan) { return plan.modulate(X::plan(plan), M::plan(plan)); }
};

/// Writes a value to `out`.
template <class X, class Form>
INLAY_INLINE void write(Form& form, auto* out, auto context) noexcept {
  if constexpr (requires { X::compute(form, out, context); }) X::compute(form, out, context);
  else form.template copy<X::template facts<typename Form::parts>().channels>(X::memory(form, context), out);
}

/// The channels of A, then those of B.
template <class A, class B>
struct Concatenated {
  template <class C>
  static constexpr Facts facts() {
    Facts a = stored<A, C>(), b = stored<B, C>(), y = a & b;
    y.channels = a.channels + b.channels;
    return y;
  }
  template <class Form>
  static INLAY_INLINE void compute(Form& form, auto* out, auto context) noexcept {
    using C = typename Form::parts;
    constexpr std::size_t first = A::template facts<C>().channels, second = B::template facts<C>().channels;
    if constexpr (Form::template has_room_at<first>) {
      write<B>(form, Form::at(out, first), context);
      write<A>(form, out, context);
    } else {
      // A layer writes whole registers: A over the channels that B is copied to afterwards.
      const auto* b = B::memory(form, context);
      write<A>(form, out, context);
      form.template copy<second>(b, out + first);
    }
  }
  static constexpr auto plan(auto& plan) {
    const auto b = B::plan(plan);
    return plan.concat(A::plan(plan), b);
  }
};

/// The sum of all chains of X.
template <class X>
struct SumOfAll {
  template <class C>
  static constexpr Facts facts() {
    Facts y = C::template all<X>();
    y.channels = C::template Chain<0>::out_size;
    y.scratch += scratch_tile<typename C::scalar>(y.channels);
    return y;
  }
  template <class Form>
  static INLAY_INLINE void compute(Form& form, auto* out, auto context) noexcept {
    using C = typename Form::parts;
    constexpr std::size_t channels = facts<C>().channels;
    const auto* x = X::memory(form, context);
    auto* term = detail::take(context, Form::template room<channels>);
    C::for_each([&](auto i) INLAY_INLINE_LAMBDA {
      if constexpr (i == 0) {
        form.template run<i>(x, out, context);
      } else {
        form.template run<i>(x, term, context);
        form.template map<channels>(of_registers<Sum, typename C::backend>, out, Stored{out}, Stored{term});
      }
    });
  }
  static constexpr auto plan(auto& plan) {
    auto y = plan.chain(0, X::plan(plan));
    for (std::size_t i = 1; i < plan.chain_count(); ++i) y = plan.add_chain(y, i, X::plan(plan));
    return y;
  }
};

/// The channels of all chains of X, one after the other.
template <class X>
struct ConcatOfAll {
  template <class C>
  static constexpr Facts facts() {
    Facts y = C::template all<X>();
    y.scratch += padded_frame<typename C::scalar>(y.channels);
    return y;
  }
  template <class Form>
  static INLAY_INLINE void compute(Form& form, auto* out, auto context) noexcept {
    using C = typename Form::parts;
    const auto* x = X::memory(form, context);
    auto* part = out;
    if constexpr (!Form::is_tile) part = detail::take(context, Form::template room<facts<C>().channels>);
    C::for_each([&](auto i) INLAY_INLINE_LAMBDA {
      constexpr std::size_t channels = C::template Chain<i>::out_size;
      if constexpr (Form::is_tile) {
        form.template run<i>(x, out, context);
      } else {
        form.template run<i>(x, part, context);
        form.template copy<channels>(static_cast<const typename C::scalar*>(part), out);
      }
      out = Form::at(out, channels);
    });
  }
  static constexpr auto plan(auto& plan) {
    auto y = plan.chain(0, X::plan(plan));
    for (std::size_t i = 1; i < plan.chain_count(); ++i) y = plan.concat(y, plan.chain(i, X::plan(plan)));
    return y;
  }
};

/// An expression with the value of V, which is computed once.
template <class V>
struct Kept {
  template <class C>
  static constexpr Facts facts() {
    Facts v = V::template facts<C>();
    v.scratch = 0;
    return v;
  }
  static INLAY_INLINE auto memory(auto& form, auto&) noexcept { return form.kept; }
  static constexpr auto plan(auto& plan) { return plan.kept; }
};
template <class V, class Y>
struct Let {
  template <class C>
  static constexpr Facts facts() {
    Facts y = Y::template facts<C>();
    y.scratch += stored<V, C>().scratch;
    return y;
  }
  static INLAY_INLINE void compute(auto& form, auto* out, auto context) noexcept {
    form.kept = V::memory(form, context);
    Y::compute(form, out, context);
  }
  static constexpr auto plan(auto& plan) {
    plan.kept = V::plan(plan);
    return Y::plan(plan);
  }
};

/// Chain I of X with the condition S.
template <class S, std::size_t I, class X>
struct Conditioned {
  template <class C>
  static constexpr Facts facts() {
    const Facts s = stored<S, C>();
    Facts y = Chain<I, X>::template facts<C>();
    const std::size_t latency = y.latency;
    y.add_time(s);
    y.latency = latency;  // that of the input: a late condition is for an input that is as late
    y.condition_size = s.condition_size;
    y.scratch += s.scratch;
    y.frame_unit = alignment / sizeof(typename C::scalar);  // the input may be the condition, read in whole cache lines
    return y;
  }
  static INLAY_INLINE auto compute(auto& form, auto* out, auto context) noexcept {
    context.condition = S::memory(form, context);
    return Chain<I, X>::compute(form, out, context);
  }
  static constexpr auto plan(auto& plan) { return plan.conditioned_chain(I, S::plan(plan), X::plan(plan)); }
};

}  // namespace inlay::INLAY_ISA::formula
