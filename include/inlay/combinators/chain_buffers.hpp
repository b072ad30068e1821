/// ChainBuffers: the scratch memory of a chain of layers.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_traits.hpp"

namespace inlay::INLAY_ISA::detail {

/// Which buffer each layer of a chain writes to, and where the buffers are in scratch memory.
template <class Scalar, class... Layers>
struct ChainBuffers {
  static constexpr std::size_t count = sizeof...(Layers);
  /// Index of the chain's own output.
  static constexpr std::size_t result = count;

  /// Index of the buffer that each layer writes to. Layers that can work in place do. If the rate is not 1:1, every
  /// layer has a buffer of its own: while the layers after it process one of its output frames, the others wait in the
  /// buffer.
  static constexpr std::array<std::size_t, count> indices = [] {
    std::array<std::size_t, count> chosen{};
    constexpr bool one_to_one = (LayerTraits<Layers>::one_to_one && ...);
    constexpr std::array<bool, count> in_place_layers{LayerTraits<Layers>::in_place...};
    chosen[count - 1] = result;
    for (std::size_t i = count - 1; i-- > 0;) {
      if (!one_to_one) chosen[i] = i;
      else if (in_place_layers[i + 1]) chosen[i] = chosen[i + 1];
      else chosen[i] = chosen[i + 1] == 0 ? 1 : 0;
    }
    return chosen;
  }();

  /// Offset of each buffer in scratch memory. The last one is the offset of the layers' own scratch memory.
  static constexpr std::array<std::size_t, count + 1> offsets = [] {
    constexpr std::array<std::size_t, count> out_sizes{Layers::out_size...};
    constexpr std::array<std::size_t, count> max_frames{LayerTraits<Layers>::max_output_frames(1)...};
    std::array<std::size_t, count> sizes{};
    for (std::size_t i = 0; i + 1 < count; ++i)
      if (indices[i] != result)
        sizes[indices[i]] = std::max(sizes[indices[i]], scratch_tile<Scalar>(out_sizes[i], max_frames[i]));
    std::array<std::size_t, count + 1> begin{};
    for (std::size_t b = 0; b < count; ++b) begin[b + 1] = begin[b] + scratch_block<Scalar>(sizes[b]);
    return begin;
  }();

  /// Offset of the layers' own scratch memory, and the size of all.
  static constexpr std::size_t layers_offset = offsets[count];
  static constexpr std::size_t size = layers_offset + std::max({LayerTraits<Layers>::scratch_size...});
};

}  // namespace inlay::INLAY_ISA::detail
