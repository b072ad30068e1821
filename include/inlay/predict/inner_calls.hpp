/// InnerCalls: how combinators call the layers that they hold, if not as they are called themselves.
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include "inlay/core/compiler.hpp"

namespace inlay::internal {

/// The calls of a combinator that holds one chain.
struct InnerCalls {
  enum class By { caller, frames, tiles };

  By by = By::caller;      ///< as the combinator is called; frame by frame, even in buffers; or in tiles, as in buffers
  double runs = 1;         ///< runs of the layers per frame of the combinator
  std::size_t frames = 1;  ///< of a run
  double moved = 0;        ///< values that are moved for each frame of the combinator
  double copied = 0;       ///< values that are copied one by one for each run
  double shifted = 0;      ///< values that are copied in registers for each run
};

/// The chain that combinator L holds.
template <class L>
using InnerChain = std::remove_cvref_t<decltype(std::declval<L&>().layers())>;

/// Whether combinator L has calls of its own.
template <class L>
inline constexpr bool has_inner_calls =
    L::type == "overlap_add" || L::type == "block_control" || L::type == "tfilm" || L::type == "windowed" ||
    L::type == "along_features" || L::type == "per_feature";

template <class L>
  requires has_inner_calls<L>
constexpr InnerCalls inner_calls() {
  using enum InnerCalls::By;
  constexpr double values = double(L::in_size + L::out_size);
  if constexpr (L::type == "overlap_add") {
    constexpr std::size_t of_frames = InnerChain<L>::in_size + InnerChain<L>::out_size;
    return {.by = frames, .runs = 1 / double(L::hop), .moved = 2, .shifted = double(of_frames)};
  } else if constexpr (L::type == "windowed") {
    constexpr std::size_t window = L::receptive_field;
    return {.by = tiles,
            .runs = 1 / double(L::hop),
            .frames = window,
            .moved = double(L::in_size),
            .copied = double(window * L::in_size)};
  } else if constexpr (L::type == "along_features") {
    return {.by = tiles, .frames = L::features, .copied = values};
  } else if constexpr (L::type == "per_feature") {
    return {.frames = L::features};
  } else {  // the input of TFiLM is compared, and enters a history, which is read
    return {.by = frames, .runs = 1 / double(L::block_frames), .moved = L::type == "tfilm" ? 2 * values : values};
  }
}

}  // namespace inlay::internal
