/// Slice, Pad: select channels, append channels of zeros.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"

namespace inlay::INLAY_ISA {

/// Selects `Count` of `In` channels, from channel `Begin` on: y[c] = x[Begin + c]. No state.
template <std::size_t In, std::size_t Begin, std::size_t Count, Backend B = default_backend>
class Slice {
  static_assert(Count > 0 && Begin + Count <= In,
                "inlay::Slice: Begin + Count must not exceed In, and Count must be at least 1");

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {};
  static constexpr std::string_view type = "slice";
  static constexpr std::size_t in_size = In, out_size = Count;
  static constexpr std::size_t receptive_field = 1, parameters = 0, macs = 0;

  constexpr void visit(auto& v) {
    v.option("in", In);
    v.option("begin", Begin);
    v.option("out", Count);
  }
  void reset(State&) const noexcept {}
  INLAY_INLINE void forward(State&, const scalar* in, scalar* out) const noexcept { copy(in + Begin, Count, out); }
  void process(State&, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    for (std::size_t c = 0; c < Count; ++c) copy_row(in.row(Begin + c), frames, out.row(c));
  }
};

/// Appends channels of zeros: `In` to `Out` channels. No state.
template <std::size_t In, std::size_t Out, Backend B = default_backend>
class Pad {
  static_assert(Out >= In, "inlay::Pad: Out must be at least In; use inlay::Slice for fewer channels");

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {};
  static constexpr std::string_view type = "pad";
  static constexpr std::size_t in_size = In, out_size = Out;
  static constexpr std::size_t receptive_field = 1, parameters = 0, macs = 0;

  constexpr void visit(auto& v) {
    v.option("in", In);
    v.option("out", Out);
  }
  void reset(State&) const noexcept {}
  INLAY_INLINE void forward(State&, const scalar* in, scalar* out) const noexcept {
    copy(in, In, out);
    std::fill_n(out + In, Out - In, scalar(0));
  }
  void process(State&, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    for (std::size_t c = 0; c < In; ++c) copy_row(in.row(c), frames, out.row(c));
    std::fill_n(out.row(In), (Out - In) * tile_frames, scalar(0));
  }
};

}  // namespace inlay::INLAY_ISA
