/// Condition: the side channels of a call.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>

namespace inlay {

/// The side channels of a call, for a model with a `condition_size`: first `channels`, planar audio-rate signals like
/// the input, then `values`, which are constant during the call (knobs). There are condition_size - values.size()
/// channels.
template <class T>
struct Condition {
  constexpr Condition() = default;
  constexpr Condition(const T* const* all_channels) : channels(all_channels) {}
  /// From a std::span, std::array, std::vector, ...
  template <std::convertible_to<std::span<const T>> Values>
  constexpr Condition(const Values& all_values) : values(all_values) {}
  constexpr Condition(const T* const* first, std::span<const T> rest) : channels(first), values(rest) {}

  /// Whether this has what a model with `condition_size` side channels reads.
  constexpr bool fits(std::size_t condition_size) const noexcept {
    return values.size() == condition_size || (values.size() < condition_size && channels != nullptr);
  }

  const T* const* channels = nullptr;
  std::span<const T> values;
};

}  // namespace inlay
