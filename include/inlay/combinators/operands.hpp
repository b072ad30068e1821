/// What formulas read: the input, parts of it, and the condition. See expressions.hpp for the members.
#pragma once

#include <cstddef>

#include "inlay/combinators/facts.hpp"
#include "inlay/combinators/forms.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/padding.hpp"

namespace inlay::INLAY_ISA::formula {

/// The input.
struct Input {
  template <class C>
  static constexpr Facts facts() {
    return {.channels = C::in_size, .frame_unit = C::backend::lanes(C::in_size)};
  }
  static INLAY_INLINE auto memory(auto& form, auto&) noexcept { return form.in; }
  static INLAY_INLINE auto value(auto& form, auto&) noexcept { return Stored{form.in}; }
  static constexpr auto plan(auto& plan) { return plan.input(); }
};

/// The condition: all side channels.
struct Condition {
  template <class C>
  static constexpr Facts facts() {
    return {};
  }
  static INLAY_INLINE auto memory(auto&, auto& context) noexcept { return context.condition; }
  static constexpr auto plan(auto& plan) { return plan.condition(); }
};
/// The first side channels, as many as the combinator's option `condition_size`.
struct AppendedCondition : Condition {
  template <class C>
  static constexpr Facts facts() {
    return {.channels = C::appended, .condition_size = C::appended};
  }
  static constexpr auto plan(auto& plan) { return plan.appended_condition(); }
};

/// Channels of the input: from `Range::begin` on, `Range::channels` of them.
template <class Range>
struct Part {
  template <class C>
  static constexpr Facts facts() {
    constexpr std::size_t channels = Range::template channels<C>;
    return {.channels = channels,
            .scratch = padded_frame<typename C::scalar>(channels),
            .frame_unit = alignment / sizeof(typename C::scalar)};
  }
  /// Inside of a frame, channels are copied unless whole registers can be read there.
  template <class Form>
  static INLAY_INLINE auto memory(Form& form, auto& context) noexcept {
    using C = typename Form::parts;
    const typename C::scalar* from = Form::at(form.in, Range::template begin<C>);
    if constexpr (Form::template has_room_at<Range::template begin<C>>) {
      return from;
    } else {
      constexpr std::size_t channels = Range::template channels<C>;
      typename C::scalar* to = detail::take(context, padded_frame<typename C::scalar>(channels));
      form.template copy<channels>(from, to);
      return static_cast<const typename C::scalar*>(to);
    }
  }
  template <class Form>
  static INLAY_INLINE auto value(Form& form, auto&) noexcept {
    using C = typename Form::parts;
    constexpr std::size_t begin = Range::template begin<C>;
    if constexpr (Form::is_tile) return Stored{Form::at(form.in, begin)};
    else return StoredPart<C::in_size, begin, typename C::scalar>{form.in};
  }
  static constexpr auto plan(auto& plan) { return Range::plan(plan); }
};
/// The input channels of chain I, and those after them.
template <std::size_t I>
struct FirstRange {
  template <class C>
  static constexpr std::size_t begin = 0;
  template <class C>
  static constexpr std::size_t channels = C::template Chain<I>::in_size;
  static constexpr auto plan(auto& plan) { return plan.first(I); }
};
template <std::size_t I>
struct RestRange {
  template <class C>
  static constexpr std::size_t begin = C::template Chain<I>::in_size;
  template <class C>
  static constexpr std::size_t channels = C::in_size - begin<C>;
  static constexpr auto plan(auto& plan) { return plan.rest(I); }
};
/// The first or the second half of the input.
template <std::size_t I>
struct HalfRange {
  template <class C>
  static constexpr std::size_t begin = I * (C::in_size / 2);
  template <class C>
  static constexpr std::size_t channels = C::in_size / 2;
  static constexpr auto plan(auto& plan) { return plan.half(I); }
};

}  // namespace inlay::INLAY_ISA::formula
