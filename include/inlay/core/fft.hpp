/// FFTPasses: fast Fourier transforms of complex signals, pass by pass. `RealFFT` and `FIR` are made of them.
///
/// Own code, because no library fits a header-only engine that neither allocates nor locks. FFTW is under the GPL, its
/// plans lock, and it is compiled once per scalar type. So is KissFFT, which has no vectors across butterflies besides.
/// Eigen's transform and pocketfft allocate in each call. PFFFT has float only, in registers of four. None of them can
/// stop between two passes, as a filter must that spreads a transform over several buffers.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

template <class T>
struct Complex {
  T re, im;
  friend INLAY_INLINE constexpr Complex operator+(Complex a, Complex b) noexcept { return {a.re + b.re, a.im + b.im}; }
  friend INLAY_INLINE constexpr Complex operator-(Complex a, Complex b) noexcept { return {a.re - b.re, a.im - b.im}; }
};

/// exp(2 pi i n / of), within 4e-16. Without the functions of <cmath>, which are not constexpr.
constexpr Complex<double> root_of_unity(std::uint64_t n, std::uint64_t of) noexcept {
  n %= of;
  const std::uint64_t eighth = (16 * n + of) / (2 * of);  // the nearest one
  const double turns = static_cast<double>(n) / static_cast<double>(of) - static_cast<double>(eighth) / 8;
  const double angle = 6.283185307179586476925 * turns, square = angle * angle;
  double cosine = 1, sine = 1;
  for (int k = 8; k > 0; --k) {
    cosine = 1 - square / ((2 * k - 1) * (2 * k)) * cosine;
    sine = 1 - square / ((2 * k) * (2 * k + 1)) * sine;
  }
  sine *= angle;
  constexpr double r = 0.707106781186547524401, cosines[8] = {1, r, 0, -r, -1, -r, 0, r};
  const double c = cosines[eighth % 8], s = cosines[(eighth + 6) % 8];
  return {cosine * c - sine * s, sine * c + cosine * s};
}

/// Signal of complex values, planar.
template <class T>
struct Planes {
  T *re, *im;
  constexpr operator Planes<const T>() const noexcept { return {re, im}; }
  /// Swapped, a forward transform is an inverse one.
  constexpr Planes swapped() const noexcept { return {im, re}; }
};

/// The passes of a complex FFT of `points` values, a multiple of 16 whose prime factors are 2, 3 and 5: Stockham's
/// algorithm, in natural order at both ends, of radix 8, then, in one or two passes, 4, then 3, then 5.
struct FFTPasses {
  std::size_t points;

  static constexpr bool is_valid(std::size_t points) noexcept {
    return points % 16 == 0 && points >> std::countr_zero(points) == power(points, 3) * power(points, 5);
  }
  constexpr std::size_t bits() const noexcept { return static_cast<std::size_t>(std::countr_zero(points)); }
  constexpr std::size_t count() const noexcept { return even_count() + exponent(3) + exponent(5); }
  constexpr std::size_t radix(std::size_t pass) const noexcept {
    const std::size_t fours = (3 - bits() % 3) % 3, evens = even_count();
    if (pass < evens) return pass + fours < evens ? 8 : 4;
    return pass < evens + exponent(3) ? 3 : 5;
  }
  /// Number of values of the table of twiddle factors.
  constexpr std::size_t table_size() const noexcept {
    std::size_t size = 0;
    for (std::size_t pass = 0, m = points; pass + 1 < count(); ++pass)
      m /= radix(pass), size += 2 * (radix(pass) - 1) * m;
    return size;
  }
  /// Fills the table: for each pass but the last, and for each output but the first of its butterflies, the real parts
  /// of the factors of all butterflies, then the imaginary parts.
  template <class T>
  INLAY_COLD constexpr void make_table(T* table) const noexcept {
    for (std::size_t pass = 0, n = points; pass + 1 < count(); n /= radix(pass), ++pass) {
      const std::size_t m = n / radix(pass);
      for (std::size_t k = 1; k < radix(pass); ++k, table += 2 * m)
        for (std::size_t p = 0; p < m; ++p) {
          const Complex<double> root = root_of_unity(n - k * p % n, n);
          table[p] = static_cast<T>(root.re), table[m + p] = static_cast<T>(root.im);
        }
    }
  }

 private:
  constexpr std::size_t even_count() const noexcept { return (bits() + 2) / 3; }
  constexpr std::size_t exponent(std::size_t prime) const noexcept {
    if ((points & (points - 1)) == 0) return 0;  // long filters ask often
    std::size_t count = 0;
    for (std::size_t n = points; n % prime == 0; n /= prime) ++count;
    return count;
  }
  /// The largest power of `prime` that divides `n`.
  static constexpr std::size_t power(std::size_t n, std::size_t prime) noexcept {
    std::size_t product = 1;
    for (; n > 0 && n % prime == 0; n /= prime) product *= prime;
    return product;
  }
};

/// A discrete Fourier transform of `Radix` values in registers, in place.
template <std::size_t Radix, class B, class R>
INLAY_INLINE void butterfly(Complex<R> (&x)[Radix]) noexcept {
  constexpr std::size_t lanes = sizeof(R) / sizeof(typename B::scalar);
  [[maybe_unused]] const auto number = [](double value) INLAY_INLINE_LAMBDA {
    return B::template broadcast<lanes>(static_cast<typename B::scalar>(value));
  };
  if constexpr (Radix == 3) {
    const Complex<R> sum = x[1] + x[2], difference = x[1] - x[2];
    const R half = number(-0.5), sine = number(0.866025403784438646763);
    const Complex<R> a = {B::fma(sum.re, half, x[0].re), B::fma(sum.im, half, x[0].im)};
    const Complex<R> b = {difference.im * sine, difference.re * sine};
    x[0] = x[0] + sum;
    x[1] = {a.re + b.re, a.im - b.im}, x[2] = {a.re - b.re, a.im + b.im};
  } else if constexpr (Radix == 5) {
    const Complex<R> outer = x[1] + x[4], inner = x[2] + x[3], p = x[1] - x[4], q = x[2] - x[3];
    const R c1 = number(0.309016994374947424102), c2 = number(-0.809016994374947424102);
    const R s1 = number(0.951056516295153572116), s2 = number(0.587785252292473129169);
    const auto cosines = [](R a, R b, R ca, R cb, R zero)
                             INLAY_INLINE_LAMBDA { return B::fma(a, ca, B::fma(b, cb, zero)); };
    const Complex<R> a = {cosines(outer.re, inner.re, c1, c2, x[0].re), cosines(outer.im, inner.im, c1, c2, x[0].im)};
    const Complex<R> b = {cosines(outer.re, inner.re, c2, c1, x[0].re), cosines(outer.im, inner.im, c2, c1, x[0].im)};
    const R minus_s1 = number(-0.951056516295153572116);
    const Complex<R> u = {B::fma(p.im, s1, q.im * s2), B::fma(p.re, s1, q.re * s2)};
    const Complex<R> v = {B::fma(q.im, minus_s1, p.im * s2), B::fma(q.re, minus_s1, p.re * s2)};
    x[0] = x[0] + (outer + inner);
    x[1] = {a.re + u.re, a.im - u.im}, x[4] = {a.re - u.re, a.im + u.im};
    x[2] = {b.re + v.re, b.im - v.im}, x[3] = {b.re - v.re, b.im + v.im};
  } else if constexpr (Radix == 4) {
    const Complex<R> a = x[0] + x[2], b = x[0] - x[2], c = x[1] + x[3], d = x[1] - x[3];
    x[0] = a + c, x[2] = a - c;
    x[1] = {b.re + d.im, b.im - d.re}, x[3] = {b.re - d.im, b.im + d.re};
  } else {
    Complex<R> even[4] = {x[0], x[2], x[4], x[6]}, odd[4] = {x[1], x[3], x[5], x[7]};
    butterfly<4, B>(even);
    butterfly<4, B>(odd);
    const R r = number(0.707106781186547524401);
    const Complex<R> turned[4] = {odd[0],
                                  {(odd[1].re + odd[1].im) * r, (odd[1].im - odd[1].re) * r},
                                  {odd[2].im, number(0) - odd[2].re},
                                  {(odd[3].im - odd[3].re) * r, number(0) - (odd[3].re + odd[3].im) * r}};
    for (std::size_t k = 0; k < 4; ++k) x[k] = even[k] + turned[k], x[k + 4] = even[k] - turned[k];
  }
}

/// a b, in lanes.
template <class B, class R>
INLAY_INLINE Complex<R> product(Complex<R> a, Complex<R> b) noexcept {
  return {B::fma(a.re, b.re, B::template broadcast<sizeof(R) / sizeof(typename B::scalar)>(0) - a.im * b.im),
          B::fma(a.re, b.im, a.im * b.re)};
}

/// One pass: m s butterflies of inputs q + s (p + m j), whose outputs are q + s (Radix p + k). Lanes are values of q
/// or, in the first pass, where s is 1, of p.
enum class FFTPlace { first, middle, last };
template <class B, std::size_t Radix, std::size_t Lanes, FFTPlace place>
INLAY_NOINLINE void fft_pass(std::size_t m, std::size_t s, const typename B::scalar* table,
                             Planes<const typename B::scalar> in, Planes<typename B::scalar> out) noexcept {
  using T = typename B::scalar;
  using R = typename B::template Register<Lanes>;
  constexpr bool first = place == FFTPlace::first;
  for (std::size_t p = 0; p < m; p += first ? Lanes : 1) {
    Complex<R> factors[Radix];
    if constexpr (place != FFTPlace::last)
      for (std::size_t k = 1; k < Radix; ++k) {
        const T* const from = table + 2 * m * (k - 1) + p;
        if constexpr (first) factors[k] = {B::template load<Lanes>(from), B::template load<Lanes>(from + m)};
        else factors[k] = {B::template broadcast<Lanes>(from[0]), B::template broadcast<Lanes>(from[m])};
      }
    for (std::size_t q = 0; q < s; q += first ? 1 : Lanes) {
      Complex<R> x[Radix];
      for (std::size_t j = 0; j < Radix; ++j) {
        const std::size_t i = q + s * (p + m * j);
        x[j] = {B::template load<Lanes>(in.re + i), B::template load<Lanes>(in.im + i)};
      }
      butterfly<Radix, B>(x);
      if constexpr (place != FFTPlace::last)
        for (std::size_t k = 1; k < Radix; ++k) x[k] = product<B>(x[k], factors[k]);
      if constexpr (!first) {
        for (std::size_t k = 0; k < Radix; ++k) {
          const std::size_t i = q + s * (Radix * p + k);
          B::store(out.re + i, x[k].re), B::store(out.im + i, x[k].im);
        }
      } else {  // the outputs of a butterfly are neighbours
        T re[Radix][Lanes], im[Radix][Lanes];
        for (std::size_t k = 0; k < Radix; ++k) B::store(re[k], x[k].re), B::store(im[k], x[k].im);
        for (std::size_t l = 0; l < Lanes; ++l)
          for (std::size_t k = 0; k < Radix; ++k) {
            const std::size_t i = Radix * (p + l) + k;
            out.re[i] = re[k][l], out.im[i] = im[k][l];
          }
      }
    }
  }
}

/// Chooses the lanes for a run of values, a multiple of `Least`.
template <class B, std::size_t Radix, FFTPlace place, std::size_t Least, class... Arguments>
INLAY_INLINE void fft_pass_in_lanes(std::size_t length, Arguments... arguments) noexcept {
  constexpr std::size_t four = B::lanes(4), eight = B::lanes(8);
  const std::size_t run = length & (~length + 1);  // whole registers of at most so many lanes
  if constexpr (Least < 8 && four < eight)
    if (run < 8) return fft_pass<B, Radix, four, place>(arguments...);
  if constexpr (eight < B::width)
    if (run < B::width) return fft_pass<B, Radix, eight, place>(arguments...);
  fft_pass<B, Radix, B::width, place>(arguments...);
}

/// Pass number `pass` of an FFT: exp(-2 pi i n k / points), not scaled. `in` and `out` do not overlap. Real-time safe.
/// `only_eights`: for a power of 8 points, at least 64. That is half the code to compile.
template <class B, bool only_eights = false>
void fft_pass(FFTPasses passes, std::size_t pass, const typename B::scalar* table, Planes<const typename B::scalar> in,
              Planes<typename B::scalar> out) noexcept {
  const auto radix = [passes](std::size_t i) { return only_eights ? 8 : passes.radix(i); };
  std::size_t s = 1, m = passes.points / radix(0);
  for (std::size_t i = 0; i < pass; ++i) {
    table += 2 * (radix(i) - 1) * m;
    s *= radix(i), m /= radix(i + 1);
  }
  const bool last = m == 1;
  if constexpr (!only_eights) {
    if (passes.radix(pass) == 4) {
      if (pass == 0) fft_pass_in_lanes<B, 4, FFTPlace::first, 4>(m, m, s, table, in, out);
      else if (!last) fft_pass_in_lanes<B, 4, FFTPlace::middle, 4>(s, m, s, table, in, out);
      else fft_pass_in_lanes<B, 4, FFTPlace::last, 4>(s, m, s, table, in, out);
      return;
    } else if (passes.radix(pass) != 8) {
      constexpr std::size_t lanes = B::lanes(16);  // s is a multiple of 16
      if (passes.radix(pass) == 3) {
        if (last) fft_pass<B, 3, lanes, FFTPlace::last>(m, s, table, in, out);
        else fft_pass<B, 3, lanes, FFTPlace::middle>(m, s, table, in, out);
      } else {
        if (last) fft_pass<B, 5, lanes, FFTPlace::last>(m, s, table, in, out);
        else fft_pass<B, 5, lanes, FFTPlace::middle>(m, s, table, in, out);
      }
      return;
    }
  }
  if (pass == 0) fft_pass_in_lanes<B, 8, FFTPlace::first, only_eights ? 8 : 4>(m, m, s, table, in, out);
  else if (!last) fft_pass_in_lanes<B, 8, FFTPlace::middle, 8>(s, m, s, table, in, out);
  else fft_pass_in_lanes<B, 8, FFTPlace::last, 8>(s, m, s, table, in, out);
}

/// FFT in double precision without tables: out(k) = sum over n of in(n) exp(-2 pi i n k / Size). For weights, also of
/// constants.
template <std::size_t Most>
constexpr void plain_fft(std::array<Complex<double>, Most>& x, std::size_t size) noexcept {
  for (std::size_t length = size; length > 1; length /= 2)
    for (std::size_t k = 0; k < length / 2; ++k) {
      const Complex<double> w = root_of_unity(length - k, length);
      for (std::size_t i = k; i < size; i += length) {
        Complex<double>&a = x[i], &b = x[i + length / 2];
        const Complex<double> d = a - b;
        a = a + b;
        b = {d.re * w.re - d.im * w.im, d.re * w.im + d.im * w.re};
      }
    }
  for (std::size_t i = 0, reversed = 0; i < size; ++i) {
    if (i < reversed) {
      const Complex<double> other = x[i];
      x[i] = x[reversed], x[reversed] = other;
    }
    std::size_t bit = size / 2;
    for (; bit > 0 && reversed & bit; bit /= 2) reversed ^= bit;
    reversed |= bit;
  }
}

}  // namespace detail

}  // namespace inlay::INLAY_ISA
