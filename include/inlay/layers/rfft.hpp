/// RFFT, IRFFT: Fourier transforms of the channels of a frame, which are samples of a signal.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/aligned_array.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/core/real_fft.hpp"
#include "inlay/core/tensor.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

/// Base of RFFT and IRFFT: a window of `Size` values, the transform, and memory for it. The layer `L` has a function
/// `transform` for a frame whose channels are `in_stride` and `out_stride` values apart.
template <class L, std::size_t Size, class B>
class FrameTransform {
  static constexpr bool is_dynamic = Size == dynamic;
  static constexpr bool is_valid(std::size_t size) { return size <= std::size_t{1} << 16 && is_real_fft_size(size); }
  static_assert(is_dynamic || is_valid(Size),
                "inlay: Size of RFFT and IRFFT must be a multiple of 32, at most 65536, whose prime factors are 2, 3 "
                "and 5");
  using T = typename B::scalar;

  /// Values of one part of a spectrum in memory.
  static constexpr std::size_t part(std::size_t size) { return round_up(size / 2 + 1, alignment / sizeof(T)); }
  /// A signal, both parts of its spectrum, the memory of the transform.
  static constexpr std::size_t room(std::size_t size) { return 3 * size + 2 * part(size); }

 public:
  using backend = B;
  using scalar = T;
  struct State {
    AlignedArray<T, is_dynamic ? dynamic : 0> memory;  ///< replaces scratch memory for dynamic sizes
  };
  static constexpr std::size_t receptive_field = 1;
  static constexpr std::size_t parameters = Size;
  static constexpr std::size_t scratch_size = is_dynamic ? 0 : scratch_block<T>(room(Size));
  /// Multiply-adds: 5/4 log2(size) for each sample, and one for the window.
  static constexpr std::size_t macs_of(std::size_t size) {
    return size * (5 * static_cast<std::size_t>(std::bit_width(size) - 1) + 4) / 4;
  }

  constexpr void visit(auto& v) {
    v.option("samples", size_);
    if constexpr (is_dynamic) {
      v.require(is_valid(size_), "samples", "a multiple of 32, at most 65536, whose prime factors are 2, 3 and 5");
      window_.resize(size_);
    }
    v.optional_tensor("window", window_, 1);
  }
  INLAY_COLD void prepare()
    requires(is_dynamic)
  {
    fft_.resize(size_);
  }
  void resize(State& state) const
    requires(is_dynamic)
  {
    state.memory.resize(room(size_));
  }
  static void reset(State&) noexcept {}

  void forward(State& state, const T* in, T* out, Context<T> context) const noexcept {
    layer().transform(state, in, 1, out, 1, context);
  }
  void process(State& state, Block<const T> in, Block<T> out, std::size_t frames, Context<T> context) const noexcept {
    for (std::size_t t = 0; t < frames; ++t)
      layer().transform(state, in.row(0) + t, tile_frames, out.row(0) + t, tile_frames, context);
  }

 protected:
  /// The memory of a call.
  struct Memory {
    T *signal, *re, *im, *fft;
  };
  Memory memory([[maybe_unused]] State& state, const Context<T>& context) const noexcept {
    T* const from = [&] {
      if constexpr (is_dynamic) return state.memory.data();
      else return context.scratch;
    }();
    T* const spectrum = from + size_;
    return {from, spectrum, spectrum + part(size_), spectrum + 2 * part(size_)};
  }
  constexpr std::size_t bins() const noexcept { return size_ / 2 + 1; }

  INLAY_NO_ADDRESS LayerExtent<Size> size_;
  Vector<B, Size> window_;
  RealFFT<Size, B> fft_;

 private:
  const L& layer() const noexcept { return static_cast<const L&>(*this); }
};

}  // namespace detail

/// Spectrum of a frame of `Size` samples by a fast Fourier transform. `Size` is a multiple of 32, at most 65536, whose
/// prime factors are 2, 3 and 5:
///
///     X(k) = sum over n of window[n] x[n] exp(-2 pi i k n / Size),   k = 0, ..., Size / 2
///
/// The input channels are samples, the output channels the real and the imaginary part of each of Size / 2 + 1 bins:
/// re(0), im(0), re(1), im(1), ... That is a frame of Size / 2 + 1 features with two channels each for `Conv2D`.
///
/// Tensor: `window` [Size], optional in files: ones.
///
/// PyTorch: view_as_real(torch.fft.rfft(window * x)). NumPy: rfft. `OverlapAdd` makes frames of a signal; both are a
/// short-time Fourier transform (torch.stft). Cost: about Size (5/4 log2 Size + 1) multiply-adds. No state.
template <std::size_t Size, Backend B = default_backend>
class RFFT : public detail::FrameTransform<RFFT<Size, B>, Size, B> {
  using Transform = detail::FrameTransform<RFFT, Size, B>;
  using T = typename B::scalar;

 public:
  using typename Transform::State;
  static constexpr std::string_view type = "rfft";
  static constexpr std::size_t in_size = Size, out_size = sum_of<Size, 2>, macs = Transform::macs_of(Size);

  constexpr LayerShape shape() const noexcept {
    const std::size_t size = this->size_;
    return {.in = size, .out = size + 2, .macs = Transform::macs_of(size), .state = 5 * size};
  }

 private:
  friend Transform;
  INLAY_NOINLINE void transform(State& state, const T* in, std::size_t in_stride, T* out, std::size_t out_stride,
                                const Context<T>& context) const noexcept {
    const auto [x, re, im, fft] = this->memory(state, context);
    for (std::size_t n = 0; n < this->size_; ++n) x[n] = this->window_.data()[n] * in[n * in_stride];
    this->fft_.forward(x, re, im, fft);
    for (std::size_t k = 0; k < this->bins(); ++k)
      out[2 * k * out_stride] = re[k], out[(2 * k + 1) * out_stride] = im[k];
  }
};

/// Frame of `Size` samples from its spectrum. `Size` is as for `RFFT`. Inverts `RFFT` if both windows are ones:
///
///     x[n] = window[n] / Size sum over all k of X(k) exp(2 pi i k n / Size)
///
/// Channels are as for `RFFT`. The imaginary parts of the first and the last bin are ignored.
///
/// Tensor: `window` [Size], optional in files: ones.
///
/// PyTorch: window * torch.fft.irfft(view_as_complex(X)). NumPy: irfft. Cost: about Size (5/4 log2 Size + 1)
/// multiply-adds. No state.
template <std::size_t Size, Backend B = default_backend>
class IRFFT : public detail::FrameTransform<IRFFT<Size, B>, Size, B> {
  using Transform = detail::FrameTransform<IRFFT, Size, B>;
  using T = typename B::scalar;

 public:
  using typename Transform::State;
  static constexpr std::string_view type = "irfft";
  static constexpr std::size_t in_size = sum_of<Size, 2>, out_size = Size, macs = Transform::macs_of(Size);

  constexpr LayerShape shape() const noexcept {
    const std::size_t size = this->size_;
    return {.in = size + 2, .out = size, .macs = Transform::macs_of(size), .state = 5 * size};
  }

 private:
  friend Transform;
  INLAY_NOINLINE void transform(State& state, const T* in, std::size_t in_stride, T* out, std::size_t out_stride,
                                const Context<T>& context) const noexcept {
    const auto [x, re, im, fft] = this->memory(state, context);
    for (std::size_t k = 0; k < this->bins(); ++k) re[k] = in[2 * k * in_stride], im[k] = in[(2 * k + 1) * in_stride];
    this->fft_.inverse(re, im, x, fft);
    for (std::size_t n = 0; n < this->size_; ++n) out[n * out_stride] = this->window_.data()[n] * x[n];
  }
};

}  // namespace inlay::INLAY_ISA
