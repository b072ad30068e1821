/// Pointwise: base class of layers that map every value on its own.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "inlay/core/aligned_array.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/epilogue.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/pack.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/core/tensor.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

/// One parameter per channel, shape [Size], or one for all channels, shape [1]. Storage has `Size` values either way.
template <class B, std::size_t Size, std::size_t Count = Size>
class PerChannel {
  static_assert(Count == Size || Count == 1);

 public:
  using value_type = typename B::scalar;
  void resize(std::size_t size)
    requires(Size == dynamic)
  {
    size_.value = size;
  }
  void allocate()
    requires(Size == dynamic)
  {
    data_.resize(padded_frame<value_type>(size_));
  }
  constexpr std::array<std::size_t, 1> shape() const noexcept { return {Count == 1 ? 1 : std::size_t(size_)}; }
  constexpr value_type get(std::size_t i) const noexcept { return data_.data()[i]; }
  constexpr void set(std::size_t i, value_type value) noexcept {
    if constexpr (Count == Size) data_.data()[i] = value;
    else fill(value);
  }
  constexpr void fill(value_type value) noexcept { std::fill_n(data_.data(), std::size_t(size_), value); }
  const value_type* data() const noexcept { return data_.data(); }

 private:
  INLAY_NO_ADDRESS Extent<Size> size_;
  AlignedArray<value_type, Size == dynamic ? dynamic : padded_frame<value_type>(Size)> data_;
};

/// One parameter per channel: a row of a larger tensor.
template <class T>
struct RowOfChannels {
  const T* values;
};

/// For `apply` with lanes across channels: loads the parameters of the channels `first`, ..., `first` + Lanes - 1.
template <class B, std::size_t Lanes>
struct LanesAcrossChannels {
  std::size_t first;
  INLAY_INLINE auto operator()(const Tensor auto& tensor) const noexcept {
    return B::template load<Lanes>(tensor.data() + first);
  }
  INLAY_INLINE auto operator()(RowOfChannels<typename B::scalar> row) const noexcept {
    return B::template load<Lanes>(row.values + first);
  }
  INLAY_INLINE auto operator()(typename B::scalar value) const noexcept { return B::template broadcast<Lanes>(value); }
};
/// For `apply` with lanes across frames: broadcasts the parameter of one channel.
template <class B>
struct LanesAcrossFrames {
  std::size_t channel;
  INLAY_INLINE auto operator()(const Tensor auto& tensor) const noexcept {
    return B::template broadcast<B::width>(tensor.data()[channel]);
  }
  INLAY_INLINE auto operator()(RowOfChannels<typename B::scalar> row) const noexcept {
    return B::template broadcast<B::width>(row.values[channel]);
  }
  INLAY_INLINE auto operator()(typename B::scalar value) const noexcept {
    return B::template broadcast<B::width>(value);
  }
};

}  // namespace detail

/// Base of a layer `L` with `Size` channels in and out that implements `auto apply(R x, auto at) const`, its function
/// of one register of values. Frames are computed with lanes across channels, tiles with lanes across frames.
/// `at(tensor)` returns the register of a per-channel tensor's values that belong to `x`. `at(number)` returns a
/// register with that number in every lane.
///
/// In and out may be the same memory. No state. Functions are not counted as multiply-accumulates.
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

  constexpr void visit(auto& v) { v.option("size", size_); }
  constexpr LayerShape shape() const noexcept { return {.in = size_, .out = size_}; }
  void reset(State&) const noexcept {}

  /// The layer's function as an epilogue of the layer before, for dynamic sizes.
  Epilogue<B> epilogue() const
    requires(Size == dynamic && B::width > 1)
  {
    constexpr std::size_t half = Epilogue<B>::half, whole = B::width;
    using Half = typename B::template Register<half>;
    using Whole = typename B::template Register<whole>;
    return {&layer(), of_registers<half, Half>, of_registers<whole, Whole>, of_registers<whole, Whole, Whole>,
            of_frame};
  }

  INLAY_INLINE void forward(State&, const scalar* in, scalar* out) const noexcept {
    if constexpr (Size == dynamic) of_frame(&layer(), in, out);
    else step_all(in, out);
  }

  void process(State&, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    for (std::size_t c = 0; c < size_; ++c) {
      const scalar* x = in.row(c);
      scalar* y = out.row(c);
      for_tile_registers<B>(frames, [&](std::size_t t) INLAY_INLINE_LAMBDA {
        B::store(y + t, layer().apply(B::template load<B::width>(x + t), detail::LanesAcrossFrames<B>{c}));
      });
    }
  }

 protected:
  INLAY_NO_ADDRESS LayerExtent<Size> size_;

 private:
  /// A single value is broadcast: if it was stored on its own, a load of a whole register would wait for that store.
  template <std::size_t Lanes>
  INLAY_INLINE void step(const scalar* in, scalar* out, std::size_t c) const noexcept {
    const auto x = size_ == 1 ? B::template broadcast<Lanes>(*in) : B::template load<Lanes>(in + c);
    B::store(out + c, layer().apply(x, detail::LanesAcrossChannels<B, Lanes>{c}));
  }

  template <std::size_t Lanes, class... R>
  static void of_registers(const void* layer, R... x, scalar* out) noexcept {
    std::size_t c = 0;
    ((B::store(out + c, static_cast<const L*>(layer)->apply(x, detail::LanesAcrossChannels<B, Lanes>{c})), c += Lanes),
     ...);
  }
  /// Not inlined: `forward` and epilogues share it.
  static INLAY_NOINLINE void of_frame(const void* layer, const scalar* in, scalar* out) noexcept {
    static_cast<const L*>(layer)->step_all(in, out);
  }
  INLAY_INLINE void step_all(const scalar* in, scalar* out) const noexcept {
    for_frame_registers<B>(size_,
                           [&]<std::size_t Lanes>(std::size_t c) INLAY_INLINE_LAMBDA { step<Lanes>(in, out, c); });
  }

  const L& layer() const noexcept { return static_cast<const L&>(*this); }
};

}  // namespace inlay::INLAY_ISA
