/// ModelScratch: scratch memory of a ModelT for one signal.
#pragma once

#include <cstddef>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/model/tiles.hpp"

namespace inlay::INLAY_ISA::detail {

/// The tiles of the input, the output and the condition, then the scratch memory of the network.
template <class Network>
class ModelScratch {
  using T = typename Network::scalar;
  static constexpr std::size_t condition_size = Network::condition_size;
  static constexpr std::size_t max_frames_per_input = Network::one_to_one ? 1 : Network::max_output_frames(1);
  static constexpr std::size_t input_offset = 0;
  static constexpr std::size_t output_offset = input_offset + scratch_block<T>(scratch_tile<T>(Network::in_size));
  static constexpr std::size_t condition_offset =
      output_offset + scratch_block<T>(scratch_tile<T>(Network::out_size, max_frames_per_input));
  static constexpr std::size_t network_offset =
      condition_offset + (condition_size == 0 ? 0 : scratch_block<T>(scratch_tile<T>(condition_size)));

 public:
  T* input() noexcept { return values_ + input_offset; }
  T* output() noexcept { return values_ + output_offset; }
  T* condition() noexcept { return values_ + condition_offset; }
  Tiles<T> tiles() noexcept { return {Block<T>(input()), Block<T>(output()), Block<T>(condition())}; }
  Context<T> context() noexcept { return {values_ + network_offset, condition()}; }

 private:
  alignas(alignment) T values_[network_offset + Network::scratch_size]{};
};

}  // namespace inlay::INLAY_ISA::detail
