// FFTs against the defining sum.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <complex>
#include <cstddef>
#include <map>
#include <random>
#include <vector>

#include <inlay/core/dynamic.hpp>
#include <inlay/core/real_fft.hpp>
#include "support/backends.hpp"

using namespace inlay;

namespace {

struct Example {
  std::vector<double> signal;
  std::vector<std::complex<double>> spectrum;
  double peak = 0;
};

/// Random values, and the sum in long double.
const Example& example(std::size_t size) {
  static std::map<std::size_t, Example> all;
  Example& example = all[size];
  if (!example.signal.empty()) return example;
  std::mt19937 random(static_cast<unsigned>(size));
  for (std::size_t n = 0; n < size; ++n)
    example.signal.push_back(static_cast<double>(static_cast<float>(random()) / 4294967296.0f) - 0.5);
  std::vector<std::complex<long double>> roots;
  for (std::size_t n = 0; n < size; ++n)
    roots.push_back(std::polar(
        1.0L, -6.283185307179586476925286766559L * static_cast<long double>(n) / static_cast<long double>(size)));
  for (std::size_t k = 0; k <= size / 2; ++k) {
    std::complex<long double> sum = 0;
    for (std::size_t n = 0; n < size; ++n) sum += static_cast<long double>(example.signal[n]) * roots[k * n % size];
    example.spectrum.emplace_back(static_cast<double>(sum.real()), static_cast<double>(sum.imag()));
    example.peak = std::max(example.peak, std::abs(example.spectrum.back()));
  }
  return example;
}

/// There and back. Errors are relative to the peak.
template <class FFT, class T>
void expect_transforms(const FFT& fft, T) {
  const std::size_t size = fft.size();
  SCOPED_TRACE(size);
  const double tolerance = sizeof(T) == 4 ? 1e-6 : 1e-14;
  const Example& wanted = example(size);
  // One value more, to start at any alignment, and one that must not be written.
  std::vector<T> x(1 + size), re(fft.bins() + 1, 7), im(fft.bins() + 1, 7), back(size + 1, 7),
      scratch(fft.scratch_size());
  for (std::size_t n = 0; n < size; ++n) x[1 + n] = static_cast<T>(wanted.signal[n]);
  fft.forward(x.data() + 1, re.data(), im.data(), scratch.data());
  for (std::size_t k = 0; k < fft.bins(); ++k) {
    ASSERT_NEAR(re[k], wanted.spectrum[k].real(), tolerance * wanted.peak) << k;
    ASSERT_NEAR(im[k], wanted.spectrum[k].imag(), tolerance * wanted.peak) << k;
  }
  EXPECT_TRUE(re.back() == 7 && im.back() == 7);
  fft.inverse(re.data(), im.data(), back.data(), scratch.data());
  for (std::size_t n = 0; n < size; ++n) ASSERT_NEAR(back[n], wanted.signal[n], tolerance) << n;
  EXPECT_EQ(back.back(), T(7));
}

}  // namespace

template <class B>
class FFTTest : public ::testing::Test {};
TYPED_TEST_SUITE(FFTTest, EachBackend);

TYPED_TEST(FFTTest, of_every_size) {
  RealFFT<dynamic, TypeParam> fft;
  for (const std::size_t size : {0u, 16u, 48u, 7u * 32u, 400u}) EXPECT_FALSE(is_real_fft_size(size));
  for (std::size_t size = 32; size <= 4096; size += 32) {
    if (!is_real_fft_size(size) || (size > 1024 && std::popcount(size) > 2)) continue;
    fft.resize(size);
    expect_transforms(fft, typename TypeParam::scalar{});
  }
}
TYPED_TEST(FFTTest, of_a_fixed_size) {
  static constexpr RealFFT<64, TypeParam> fft;
  expect_transforms(fft, typename TypeParam::scalar{});
}

TEST(PlainFFT, is_the_same_transform) {
  const Example& wanted = example(512);
  std::array<detail::Complex<double>, 512> x{};
  for (std::size_t n = 0; n < 512; ++n) x[n].re = wanted.signal[n];
  detail::plain_fft(x, 512);
  for (std::size_t k = 0; k <= 256; ++k) {
    EXPECT_NEAR(x[k].re, wanted.spectrum[k].real(), 1e-14 * wanted.peak);
    EXPECT_NEAR(x[k].im, wanted.spectrum[k].imag(), 1e-14 * wanted.peak);
  }
}
