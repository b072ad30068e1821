// A register of a frame that was stored in two others, for every size of frame, and reads nothing behind it.
#pragma GCC diagnostic ignored "-Wpsabi"  // the headers' functions return registers of 16 floats here

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>

#include <gtest/gtest.h>
#include <inlay/backend/vector.hpp>
#include <inlay/core/load_across.hpp>

using namespace inlay;

#if INLAY_HAS_NATIVE_VECTOR
/// Loads registers of any number of lanes: Clang has them of 16 floats on every processor, GCC those of the target.
struct AnyLanes {
  using scalar = float;
  template <std::size_t N>
  using Register = typename compiler::NativeVector<float, N>::type;
  template <std::size_t N>
  static Register<N> load(const float* p) {
    Register<N> x;
    std::memcpy(&x, p, sizeof x);
    return x;
  }
};

/// The second half of a frame of 2 `Half` channels.
template <std::size_t Lanes, std::size_t Half>
void loads_second_half() {
  const auto frame = std::make_unique<std::array<float, padded_frame<float>(2 * Half)>>();
  for (std::size_t i = 0; i < frame->size(); ++i) (*frame)[i] = static_cast<float>(i + 1);
  for (std::size_t c = 0; c < Half; c += Lanes) {
    const auto found = load_across<AnyLanes, Lanes, 2 * Half, Half>(frame->data(), c);
    for (std::size_t i = 0; i < Lanes && c + i < Half; ++i)
      EXPECT_EQ(found[i], static_cast<float>(Half + c + i + 1)) << Lanes << " lanes, half " << Half;
  }
}
template <std::size_t Lanes, std::size_t... Half>
void loads_all(std::index_sequence<Half...>) {
#if !defined(__clang__)
  if constexpr (Lanes * sizeof(float) <= compiler::vector_bytes<float>)
#endif
    (loads_second_half<Lanes, Half + 1>(), ...);
}

TEST(LoadAcross, halves) {
  loads_all<2>(std::make_index_sequence<20>());
  loads_all<4>(std::make_index_sequence<20>());
  loads_all<8>(std::make_index_sequence<40>());
  loads_all<16>(std::make_index_sequence<40>());
}
#endif
