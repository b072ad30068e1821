/// FIRPartRunner: the partitions of a long filter, by overlap-save in the frequency domain.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/fft.hpp"
#include "inlay/core/fir_plan.hpp"
#include "inlay/core/pack.hpp"

namespace inlay::INLAY_ISA::detail {

/// The weights of a part, in this order:
///
/// - spectra [chunk][partition][2][fir_step]: of each partition, real and imaginary parts of `fir_step` values
/// - rotation [2][size]: exp(pi i n / (2 size))
/// - the table of the FFT
///
/// The transform of 2 `size` real values x is that of the `size` complex values (x(n) + i x(n + size)) rotation(n).
/// Products of such spectra are convolutions whose end wraps around with the opposite sign. That part is not used, as
/// in every overlap-save. Compared with a real FFT there is no separate value at 0 Hz and no pass over pairs of values.
template <class B>
struct FIRPartRunner {
  using T = typename B::scalar;

  /// Computes the weights. `taps` are those of the first partition; `valid` of them are in memory, the others are zero.
  INLAY_COLD static constexpr void prepare(const FIRPart& part, const T* taps, std::size_t valid, T* weights) noexcept {
    const std::size_t size = part.size;
    T* const rotation = weights + part.spectra();
    for (std::size_t n = 0; n < size; ++n) {
      const Complex<double> root = root_of_unity(n, 4 * size);
      rotation[n] = static_cast<T>(root.re), rotation[size + n] = static_cast<T>(root.im);
    }
    part.fft().make_table(rotation + 2 * size);
    std::array<Complex<double>, 512> spectrum{};
    for (std::size_t j = 0; j < part.count; ++j) {
      for (std::size_t n = 0; n < size; ++n) {
        const std::size_t i = j * size + n;
        const double tap = i < valid ? static_cast<double>(taps[i]) / static_cast<double>(size) : 0;
        const Complex<double> root = root_of_unity(n, 4 * size);
        spectrum[n] = {tap * root.re, tap * root.im};
      }
      plain_fft(spectrum, size);
      for (std::size_t k = 0; k < size; ++k) {
        T* const to = weights + ((k / fir_step * part.count + j) * 2) * fir_step + k % fir_step;
        to[0] = static_cast<T>(spectrum[k].re), to[fir_step] = static_cast<T>(spectrum[k].im);
      }
    }
  }

  const FIRPart& part;
  const T* weights;
  T* state;  ///< spectra of the input, as those of the partitions; two signals in work; the finished sum

  const T* sum() const noexcept { return state + part.spectra() + 4 * part.size; }

  /// Does the work of a step. `newest` is the place of the newest spectrum, of `part.count`. `now` is behind the newest
  /// frame of the input.
  INLAY_NOINLINE void run(std::size_t unit, std::size_t& newest, const T* now) const noexcept {
    const std::size_t passes = part.fft().count(), size = part.size;
    if (unit < passes) {
      if (unit == 0) rotate(now - 2 * size);
      pass(unit, signal(unit), signal(unit + 1));
      if (unit + 1 == passes) {
        newest = (newest == 0 ? part.count : newest) - 1;
        keep(signal(passes), newest);
      }
    } else if (unit < passes + part.steps()) {
      multiply(unit - passes, newest);
    } else {
      const std::size_t inverse = unit - passes - part.steps();
      pass(inverse, signal(inverse).swapped(), signal(inverse + 1).swapped());
      if (inverse + 1 == passes) finish(signal(passes));
    }
  }

 private:
  static constexpr std::size_t width = B::width;

  const T* rotation() const noexcept { return weights + part.spectra(); }
  Planes<T> signal(std::size_t i) const noexcept {
    T* const re = state + part.spectra() + i % 2 * 2 * part.size;
    return {re, re + part.size};
  }
  void pass(std::size_t i, Planes<T> in, Planes<T> out) const noexcept {
    fft_pass<B, true>(part.fft(), i, rotation() + 2 * part.size, in, out);
  }

  void rotate(const T* x) const noexcept {
    const std::size_t size = part.size;
    const T* const by = rotation();
    const Planes<T> to = signal(0);
    for (std::size_t n = 0; n < size; n += width) {
      const auto load = [n](const T* p) INLAY_INLINE_LAMBDA { return B::template load<width>(p + n); };
      using Value = Complex<typename B::template Register<width>>;
      const Value y = product<B>(Value{load(x), load(x + size)}, Value{load(by), load(by + size)});
      B::store(to.re + n, y.re), B::store(to.im + n, y.im);
    }
  }
  /// Copies a spectrum to its place.
  void keep(Planes<T> from, std::size_t newest) const noexcept {
    for (std::size_t chunk = 0; chunk < part.steps(); ++chunk) {
      T* const to = state + (chunk * part.count + newest) * 2 * fir_step;
      copy(from.re + chunk * fir_step, fir_step, to);
      copy(from.im + chunk * fir_step, fir_step, to + fir_step);
    }
  }
  /// Sums the products of the partitions with the spectra of the input, of which the newest belongs to partition 0.
  void multiply(std::size_t chunk, std::size_t newest) const noexcept {
    const std::size_t first = chunk * part.count * 2 * fir_step, older = part.count - newest;
    constexpr std::size_t lanes = width == 1 ? 8 : std::min(2 * width, fir_step);
    using Values = Pack<B, lanes>;
    for (std::size_t i = 0; i < fir_step; i += lanes) {
      Values sums[4] = {Values::broadcast(0), Values::broadcast(0), Values::broadcast(0), Values::broadcast(0)};
      const auto add = [&](const T* x, const T* w, std::size_t count) INLAY_INLINE_LAMBDA {
        for (; count > 0; --count, x += 2 * fir_step, w += 2 * fir_step)
          Values::each([&](std::size_t r) INLAY_INLINE_LAMBDA {
            const auto load = [r](const T* p) INLAY_INLINE_LAMBDA {
              return B::template load<Values::lanes>(p + r * Values::lanes);
            };
            const auto x_re = load(x), x_im = load(x + fir_step), w_re = load(w), w_im = load(w + fir_step);
            sums[0].r[r] = B::fma(x_re, w_re, sums[0].r[r]);
            sums[1].r[r] = B::fma(x_im, w_im, sums[1].r[r]);
            sums[2].r[r] = B::fma(x_re, w_im, sums[2].r[r]);
            sums[3].r[r] = B::fma(x_im, w_re, sums[3].r[r]);
          });
      };
      const T *x = state + first + i, *w = weights + first + i;
      add(x + newest * 2 * fir_step, w, older);
      add(x, w + older * 2 * fir_step, newest);
      const Planes<T> to = signal(0);
      const std::size_t at = chunk * fir_step + i;
      Values::each([&](std::size_t r) INLAY_INLINE_LAMBDA {
        B::store(to.re + at + r * Values::lanes, sums[0].r[r] - sums[1].r[r]);
        B::store(to.im + at + r * Values::lanes, sums[2].r[r] + sums[3].r[r]);
      });
    }
  }
  /// Rotates back. The second half of the real signal is the result.
  void finish(Planes<T> from) const noexcept {
    const std::size_t size = part.size;
    const T* const by = rotation();
    T* const to = state + part.spectra() + 4 * size;
    for (std::size_t n = 0; n < size; n += width) {
      const auto load = [n](const T* p) INLAY_INLINE_LAMBDA { return B::template load<width>(p + n); };
      B::store(to + n, load(from.im) * load(by) - load(from.re) * load(by + size));
    }
  }
};

}  // namespace inlay::INLAY_ISA::detail
