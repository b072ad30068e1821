/// RealFFT: Fourier transforms of real signals.
#pragma once

#include <cstddef>

#include "inlay/core/aligned_array.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/fft.hpp"

namespace inlay::INLAY_ISA {

/// True if `RealFFT` has that size: a multiple of 32 whose prime factors are 2, 3 and 5.
constexpr bool is_real_fft_size(std::size_t size) noexcept {
  return size > 0 && size % 32 == 0 && detail::FFTPasses::is_valid(size / 2);
}

/// The discrete Fourier transform of `Size` real values, see `is_real_fft_size`, as NumPy's `rfft` and `irfft`:
///
///     X(k) = sum over n of x(n) exp(-2 pi i k n / Size)     k = 0, ..., Size / 2
///     x(n) = 1 / Size sum over all k of X(k) exp(2 pi i k n / Size)
///
/// A spectrum is planar: `bins()` real parts and as many imaginary parts. With a `Size` of `dynamic` (see
/// core/dynamic.hpp), call `resize`. Scratch memory has `scratch_size()` values; it and the signals may have any
/// alignment, and none of them may overlap. The transforms are real-time safe.
template <std::size_t Size, class B>
class RealFFT {
  using T = typename B::scalar;
  using Signal = detail::Planes<T>;
  static constexpr std::size_t table_size(std::size_t size) {
    return detail::FFTPasses{size / 2}.table_size() + size + 2;
  }

 public:
  static_assert(Size == dynamic || is_real_fft_size(Size));

  constexpr RealFFT() noexcept {
    if constexpr (Size != dynamic) make_tables();
  }
  void resize(std::size_t size)
    requires(Size == dynamic)
  {
    size_.value = size;
    table_.resize(table_size(size));
    make_tables();
  }

  constexpr std::size_t size() const noexcept { return size_; }
  constexpr std::size_t bins() const noexcept { return size_ / 2 + 1; }
  constexpr std::size_t scratch_size() const noexcept { return 2 * size_; }

  /// Transforms `size()` values to `bins()` real and imaginary parts.
  void forward(const T* INLAY_RESTRICT x, T* INLAY_RESTRICT re, T* INLAY_RESTRICT im, T* scratch) const noexcept {
    const std::size_t points = size_ / 2;
    const Signal pairs = signal(scratch, 0);
    for (std::size_t n = 0; n < points; ++n) pairs.re[n] = x[2 * n], pairs.im[n] = x[2 * n + 1];
    for (std::size_t i = 0; i < passes().count(); ++i)
      detail::fft_pass<B>(passes(), i, table_.data(), signal(scratch, i), signal(scratch, i + 1));
    const Signal z = signal(scratch, passes().count());
    const T *turn_re = turns(), *turn_im = turn_re + points + 1;
    const auto separate = [&](std::size_t k, std::size_t a, std::size_t b) INLAY_INLINE_LAMBDA {
      const T sum = (z.re[a] + z.re[b]) / 2, difference = (z.im[a] - z.im[b]) / 2;
      const T odd_re = z.re[a] - z.re[b], odd_im = z.im[a] + z.im[b];
      re[k] = sum + (odd_re * turn_re[k] - odd_im * turn_im[k]);
      im[k] = difference + (odd_re * turn_im[k] + odd_im * turn_re[k]);
    };
    separate(0, 0, 0);
    for (std::size_t k = 1; k < points; ++k) separate(k, k, points - k);
    separate(points, 0, 0);
  }

  /// Transforms `bins()` real and imaginary parts to `size()` values. Inverts `forward`. Imaginary parts of the first
  /// and the last bin are ignored.
  void inverse(const T* INLAY_RESTRICT re, const T* INLAY_RESTRICT im, T* INLAY_RESTRICT x, T* scratch) const noexcept {
    const std::size_t points = size_ / 2;
    const T scale = T(1) / static_cast<T>(size_);
    const Signal z = signal(scratch, 0);
    const T *turn_re = turns(), *turn_im = turn_re + points + 1;
    z.re[0] = (re[0] + re[points]) * scale, z.im[0] = (re[0] - re[points]) * scale;
    for (std::size_t k = 1; k < points; ++k) {
      const std::size_t b = points - k;
      const T odd_re = 2 * (re[k] - re[b]), odd_im = 2 * (im[k] + im[b]);
      z.re[k] = (re[k] + re[b] + (odd_re * turn_re[k] + odd_im * turn_im[k])) * scale;
      z.im[k] = (im[k] - im[b] + (odd_im * turn_re[k] - odd_re * turn_im[k])) * scale;
    }
    for (std::size_t i = 0; i < passes().count(); ++i)
      detail::fft_pass<B>(passes(), i, table_.data(), signal(scratch, i).swapped(), signal(scratch, i + 1).swapped());
    const Signal pairs = signal(scratch, passes().count());
    for (std::size_t n = 0; n < points; ++n) x[2 * n] = pairs.re[n], x[2 * n + 1] = pairs.im[n];
  }

 private:
  constexpr detail::FFTPasses passes() const noexcept { return {size_ / 2}; }
  /// -i exp(-2 pi i k / size) / 2 for all bins, behind the twiddle factors.
  constexpr const T* turns() const noexcept { return table_.data() + passes().table_size(); }
  /// One of two signals in scratch memory.
  Signal signal(T* scratch, std::size_t i) const noexcept {
    T* const re = scratch + i % 2 * size_;
    return {re, re + size_ / 2};
  }
  constexpr void make_tables() noexcept {
    passes().make_table(table_.data());
    T* const to = table_.data() + passes().table_size();
    for (std::size_t k = 0; k < bins(); ++k) {
      const detail::Complex<double> root = detail::root_of_unity(k, size_);
      to[k] = static_cast<T>(-root.im / 2), to[bins() + k] = static_cast<T>(-root.re / 2);
    }
  }

  INLAY_NO_ADDRESS Extent<Size> size_;
  AlignedArray<T, Size == dynamic ? dynamic : table_size(Size == dynamic ? 32 : Size)> table_;
};

}  // namespace inlay::INLAY_ISA
