/// overlaps_only_in_place: checks the buffers of a call of `process`.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA::detail {

/// True if no channels overlap but out[c] == in[c]. Pairs of channels are compared only if the address ranges of all
/// inputs and all outputs intersect, so that asserting it is cheap in optimised builds.
template <class T>
bool overlaps_only_in_place(const T* const* in, std::size_t in_size, T* const* out, std::size_t out_size,
                            std::size_t frames) noexcept {
  if (frames == 0) return true;
  const auto address = [](const T* p) { return reinterpret_cast<std::uintptr_t>(p); };
  const std::size_t bytes = frames * sizeof(T);
  const auto meet = [&](const T* a, const T* b) {
    return address(a) < address(b) + bytes && address(b) < address(a) + bytes;
  };
  const auto before = [&](const T* a, const T* b) { return address(a) < address(b); };
  const auto [first_in, last_in] = std::minmax_element(in, in + in_size, before);
  const auto [first_out, last_out] = std::minmax_element(out, out + out_size, before);
  if (address(*last_in) + bytes <= address(*first_out) || address(*last_out) + bytes <= address(*first_in)) return true;
  for (std::size_t i = 0; i < in_size; ++i)
    for (std::size_t o = 0; o < out_size; ++o)
      if (!(i == o && in[i] == out[o]) && meet(in[i], out[o])) return false;
  return true;
}

}  // namespace inlay::INLAY_ISA::detail
