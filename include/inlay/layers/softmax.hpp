/// Softmax: y_c = e^(x_c) / sum of e^(x_k) over the channels.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"

namespace inlay::INLAY_ISA {

/// Softmax over the channels of each frame: y[c] = e^x[c] / sum over k of e^x[k]. The largest channel is subtracted
/// first, to avoid overflow. PyTorch: Softmax over the channel dimension. Keras: softmax. No state.
template <std::size_t Size, Backend B = default_backend>
class Softmax {
 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {};
  static constexpr std::string_view type = "softmax";
  static constexpr std::size_t in_size = Size, out_size = Size;
  static constexpr std::size_t receptive_field = 1;
  static constexpr std::size_t parameters = 0, macs = 0;
  static constexpr bool in_place = true;

  constexpr void visit(auto& v) { v.option("size", size_); }
  constexpr LayerShape shape() const noexcept { return {.in = size_, .out = size_}; }
  void reset(State&) const noexcept {}

  INLAY_INLINE void forward(State&, const scalar* in, scalar* out) const noexcept {
    constexpr std::size_t lanes = Size == dynamic ? B::width : B::lanes(Size);
    const auto largest = B::template broadcast<lanes>(*std::max_element(in, in + size_));
    for (std::size_t c = 0; c < size_; c += lanes) B::store(out + c, exp(B::template load<lanes>(in + c) - largest));
    scalar sum = 0;
    for (std::size_t c = 0; c < size_; ++c) sum += out[c];
    const auto share = B::template broadcast<lanes>(1 / sum);
    for (std::size_t c = 0; c < size_; c += lanes) B::store(out + c, B::template load<lanes>(out + c) * share);
  }

  void process(State&, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    const auto load = [](const scalar* p) INLAY_INLINE_LAMBDA { return B::template load<B::width>(p); };
    for (std::size_t t = 0; t < frames; t += B::width) {
      auto largest = load(in.row(0) + t);
      for (std::size_t c = 1; c < size_; ++c) largest = B::max(largest, load(in.row(c) + t));
      auto sum = B::template broadcast<B::width>(0);
      for (std::size_t c = 0; c < size_; ++c) {
        const auto e = exp(load(in.row(c) + t) - largest);
        sum = sum + e;
        B::store(out.row(c) + t, e);
      }
      const auto share = math::divide<B>(B::template broadcast<B::width>(1), sum);
      for (std::size_t c = 0; c < size_; ++c) B::store(out.row(c) + t, load(out.row(c) + t) * share);
    }
  }

 private:
  INLAY_NO_ADDRESS LayerExtent<Size> size_;

  template <class R>
  static INLAY_INLINE R exp(R x) noexcept {
    return B::math_policy::template exp<B>(x);
  }
};

}  // namespace inlay::INLAY_ISA
