/// Pointwise: frames and tiles for layers that treat every value on its own.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/tensor.hpp"

namespace inlay {

namespace detail {

/// One value per channel, or one for all: shape [Values] stands for [Size]. Kernels read `Size` values.
template <class B, std::size_t Size, std::size_t Values = Size>
class PerChannel {
  static_assert(Values == Size || Values == 1);

 public:
  using value_type = typename B::scalar;
  static constexpr std::array<std::size_t, 1> shape() noexcept { return {Values}; }
  value_type get(std::size_t i) const noexcept { return data_[i]; }
  void set(std::size_t i, value_type value) noexcept {
    if constexpr (Values == Size) data_[i] = value;
    else std::fill_n(data_, Size, value);
  }
  void fill(value_type value) noexcept { std::fill_n(data_, Size, value); }
  const value_type* data() const noexcept { return data_; }

 private:
  alignas(alignment) value_type data_[padded_frame<value_type>(Size)]{};
};

/// For `apply`: the parameters of the channels from `first` on, in a register.
template <class B, std::size_t Lanes>
struct Along {
  std::size_t first;
  INLAY_INLINE auto operator()(const Tensor auto& tensor) const noexcept {
    return B::template load<Lanes>(tensor.data() + first);
  }
  INLAY_INLINE auto operator()(typename B::scalar value) const noexcept { return B::template fill<Lanes>(value); }
};
/// Those of one channel, in each lane.
template <class B>
struct Across {
  std::size_t channel;
  INLAY_INLINE auto operator()(const Tensor auto& tensor) const noexcept {
    return B::template fill<B::width>(tensor.data()[channel]);
  }
  INLAY_INLINE auto operator()(typename B::scalar value) const noexcept { return B::template fill<B::width>(value); }
};

}  // namespace detail

/// Base of a layer `L` with `Size` channels in and out, which has a member
/// `auto apply(R x, auto at) const`: the function of one register of values. A frame is treated with lanes
/// across channels, a tile with lanes across frames; `at(tensor)` gives the register of a per-channel
/// tensor's values that belongs to `x`, and `at(number)` one with that number in each lane.
template <class L, std::size_t Size, class B>
class Pointwise {
 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {};
  static constexpr std::size_t in_size = Size, out_size = Size;
  static constexpr std::size_t receptive_field = 1;
  static constexpr std::size_t parameters = 0, macs = 0;
  static constexpr bool in_place = true;

  void visit(auto& v) { v.option("size", Size); }
  void reset(State&) const noexcept {}

  INLAY_INLINE void forward(State&, const scalar* in, scalar* out) const noexcept {
    constexpr std::size_t lanes = B::lanes(Size), whole = Size / lanes * lanes;
    for (std::size_t c = 0; c < whole; c += lanes) step<lanes>(in, out, c);
    // The rest in a register of its size: lanes that nobody wrote together cannot be forwarded from a store.
    if constexpr (whole < Size) step<B::lanes(Size - whole)>(in, out, whole);
  }

  void process(State&, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    for (std::size_t c = 0; c < Size; ++c) {
      const scalar* x = in.row(c);
      scalar* y = out.row(c);
      for (std::size_t t = 0; t < frames; t += B::width)
        B::store(y + t, layer().apply(B::template load<B::width>(x + t), detail::Across<B>{c}));
    }
  }

 private:
  template <std::size_t Lanes>
  INLAY_INLINE void step(const scalar* in, scalar* out, std::size_t c) const noexcept {
    B::store(out + c, layer().apply(B::template load<Lanes>(in + c), detail::Along<B, Lanes>{c}));
  }

  const L& layer() const noexcept { return static_cast<const L&>(*this); }
};

}  // namespace inlay
