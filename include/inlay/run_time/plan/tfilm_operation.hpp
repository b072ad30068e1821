/// TFiLMOperation: modulation that changes from block to block; the run-time counterpart of `BasicTFiLM`.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "inlay/core/block.hpp"
#include "inlay/core/block_modulation.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/dynamic.hpp"
#include "inlay/run_time/kernels.hpp"
#include "inlay/run_time/operation.hpp"
#include "inlay/run_time/plan/inner_program.hpp"
#include "inlay/run_time/plan/program.hpp"

namespace inlay::INLAY_ISA::plan {

/// Runs a program once for each block, and modulates the block with what it gives.
template <class T>
class TFiLMOperation final : public run_time::Operation<T> {
  using Memory = run_time::Memory;
  using Operands = run_time::Operands<T>;

  struct BlockMemory final : Memory {
    explicit BlockMemory(const Program<T>& program) : layers(program) {}
    INLAY_COLD std::unique_ptr<Memory> clone() const override { return std::make_unique<BlockMemory>(*this); }
    void assign(const Memory& other) noexcept override {
      const auto& from = static_cast<const BlockMemory&>(other);
      blocks = from.blocks;
      layers.assign(from.layers);
    }
    inlay::detail::BlockModulation<T, dynamic, dynamic, dynamic> blocks;
    typename Program<T>::State layers;
  };

 public:
  TFiLMOperation(InnerProgram<T> layers, std::size_t block, std::size_t offset, const run_time::Kernels<T>& kernels)
      : program_(std::move(layers.program)), layers_(layers.shape), block_(block), offset_(offset), kernels_(kernels) {}

  LayerShape shape() const override {
    const std::uint64_t past = (std::uint64_t{layers_.past} + 2) * block_ - 2;
    return {.in = layers_.in,
            .out = layers_.in,
            .past = layers_.past == unbounded ? unbounded : bounded(past),
            .latency = block_ - 1,
            .macs = layers_.macs / block_ + layers_.in};
  }
  INLAY_COLD std::unique_ptr<Memory> memory() const override {
    auto own = std::make_unique<BlockMemory>(program_);
    own->blocks.resize(layers_.in, block_, offset_);
    return own;
  }
  void reset(Memory* memory) const noexcept override {
    auto& own = static_cast<BlockMemory&>(*memory);
    own.blocks.clear();
    program_.reset(own.layers);
  }
  void frame(const Operands& operands) const noexcept override {
    run(operands, 1, 1, blocks(operands).push(operands.in[0]));
  }
  std::size_t tile(const Operands& operands, std::size_t frames) const noexcept override {
    run(operands, tile_frames, frames, blocks(operands).push(Block<const T>(operands.in[0]), frames));
    return frames;
  }

 private:
  static auto& blocks(const Operands& operands) noexcept { return static_cast<BlockMemory*>(operands.memory)->blocks; }

  INLAY_NOINLINE void run(const Operands& operands, std::size_t stride, std::size_t frames,
                          const Window<T>& past) const noexcept {
    auto& own = static_cast<BlockMemory&>(*operands.memory);
    own.blocks.run(
        operands.in[0], operands.out, stride, frames, layers_.out > layers_.in, past,
        [&](const T* largest, T* modulation) { kernels_.forward(own.layers.run(), largest, modulation, nullptr); });
  }

  Program<T> program_;
  LayerShape layers_;
  std::size_t block_, offset_;
  const run_time::Kernels<T>& kernels_;
};

}  // namespace inlay::INLAY_ISA::plan
