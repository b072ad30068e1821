/// BlockOperation: layers that run once for each block; the run-time counterpart of `BlockControl` and `BasicTFiLM`.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "inlay/core/block.hpp"
#include "inlay/core/block_controls.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/dynamic.hpp"
#include "inlay/core/history.hpp"
#include "inlay/run_time/kernels.hpp"
#include "inlay/run_time/operation.hpp"
#include "inlay/run_time/plan/inner_program.hpp"
#include "inlay/run_time/plan/program.hpp"

namespace inlay::INLAY_ISA::plan {

/// What is done with the controls that layers give for a block.
enum class UseOfControls { hold, modulate };

/// Runs a program once for each block. Gives what it makes, or the block modulated by it.
template <class T>
class BlockOperation final : public run_time::Operation<T> {
  using Memory = run_time::Memory;
  using Operands = run_time::Operands<T>;

  struct BlockMemory final : Memory {
    explicit BlockMemory(const Program<T>& program) : layers(program) {}
    INLAY_COLD std::unique_ptr<Memory> clone() const override { return std::make_unique<BlockMemory>(*this); }
    void assign(const Memory& other) noexcept override {
      const auto& from = static_cast<const BlockMemory&>(other);
      blocks = from.blocks;
      history = from.history;
      layers.assign(from.layers);
    }
    inlay::detail::BlockControls<T, dynamic, dynamic, dynamic, dynamic> blocks;
    History<T, dynamic, dynamic> history;  // of modulated signals alone
    typename Program<T>::State layers;
  };

 public:
  BlockOperation(UseOfControls use, InnerProgram<T> layers, std::size_t block, std::size_t offset,
                 const run_time::Kernels<T>& kernels)
      : modulates_(use == UseOfControls::modulate),
        program_(std::move(layers.program)),
        layers_(layers.shape),
        block_(block),
        offset_(offset),
        kernels_(kernels) {}

  LayerShape shape() const override {
    const std::uint64_t past = (std::uint64_t{layers_.past} + 2) * block_ - 2;
    return {.in = layers_.in,
            .out = modulates_ ? layers_.in : layers_.out,
            .past = layers_.past == unbounded ? unbounded : bounded(past),
            .latency = block_ - 1,
            .macs = layers_.macs / block_ + (modulates_ ? layers_.in : 0)};
  }
  INLAY_COLD std::unique_ptr<Memory> memory() const override {
    auto own = std::make_unique<BlockMemory>(program_);
    own->blocks.resize(layers_.in, layers_.out, block_, offset_);
    if (modulates_) own->history.resize(layers_.in, block_ - 1);
    return own;
  }
  void reset(Memory* memory) const noexcept override {
    auto& own = static_cast<BlockMemory&>(*memory);
    own.blocks.clear();
    if (modulates_) own.history.clear();
    program_.reset(own.layers);
  }
  void frame(const Operands& operands) const noexcept override {
    if (modulates_) modulate(operands, 1, 1, memory(operands).history.push(operands.in[0]));
    else hold(operands, 1, 1);
  }
  std::size_t tile(const Operands& operands, std::size_t frames) const noexcept override {
    const Block<const T> in(operands.in[0]);
    if (modulates_) modulate(operands, tile_frames, frames, memory(operands).history.push(in, frames));
    else hold(operands, tile_frames, frames);
    return frames;
  }

 private:
  static auto& memory(const Operands& operands) noexcept { return static_cast<BlockMemory&>(*operands.memory); }

  INLAY_NOINLINE void hold(const Operands& operands, std::size_t stride, std::size_t frames) const noexcept {
    run(operands, stride, frames, [&](const T* controls, std::size_t from, std::size_t to) {
      inlay::detail::hold_controls(controls, layers_.out, operands.out, stride, from, to);
    });
  }
  INLAY_NOINLINE void modulate(const Operands& operands, std::size_t stride, std::size_t frames,
                               const Window<T>& past) const noexcept {
    run(operands, stride, frames, [&](const T* controls, std::size_t from, std::size_t to) {
      inlay::detail::modulate_by_controls(controls, layers_.in, layers_.out > layers_.in, past, block_ - 1,
                                          operands.out, stride, from, to);
    });
  }
  INLAY_INLINE void run(const Operands& operands, std::size_t stride, std::size_t frames, auto&& give) const noexcept {
    auto& own = memory(operands);
    own.blocks.run(
        operands.in[0], stride, frames,
        [&](const T* largest, T* controls) { kernels_.forward(own.layers.run(), largest, controls, nullptr); }, give);
  }

  bool modulates_;
  Program<T> program_;
  LayerShape layers_;
  std::size_t block_, offset_;
  const run_time::Kernels<T>& kernels_;
};

}  // namespace inlay::INLAY_ISA::plan
