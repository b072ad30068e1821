/// OverlapAddOperation: layers that run on overlapping frames; the run-time counterpart of `OverlapAdd`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "inlay/core/compiler.hpp"
#include "inlay/core/dynamic.hpp"
#include "inlay/core/overlap_buffer.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/run_time/kernels.hpp"
#include "inlay/run_time/operation.hpp"
#include "inlay/run_time/plan/inner_program.hpp"
#include "inlay/run_time/plan/program.hpp"
#include "inlay/run_time/plan/spread_frame.hpp"

namespace inlay::INLAY_ISA::plan {

/// Runs a program on a frame of the last samples, once per `hop` samples, and adds up its output frames.
/// With `spread`, the program runs during the hop after the frame, in steps, and the output is a hop later.
template <class T>
class OverlapAddOperation final : public run_time::Operation<T> {
  using Memory = run_time::Memory;
  using Operands = run_time::Operands<T>;

  struct OverlapMemory final : Memory {
    explicit OverlapMemory(const Program<T>& program) : layers(program) {}
    INLAY_COLD std::unique_ptr<Memory> clone() const override { return std::make_unique<OverlapMemory>(*this); }
    void assign(const Memory& other) noexcept override {
      const auto& from = static_cast<const OverlapMemory&>(other);
      buffer = from.buffer;
      work = from.work;
      layers.assign(from.layers);
      if (work.begun()) layers.assign_buffers(from.layers);
    }
    inlay::detail::OverlapBuffer<T, dynamic, dynamic, dynamic> buffer;
    typename Program<T>::State layers;
    AlignedArray<T, dynamic> result;  ///< not if the work is spread
    SpreadFrame<T> work;              ///< if it is
  };

 public:
  OverlapAddOperation(InnerProgram<T> layers, std::size_t hop, bool spread, const run_time::Kernels<T>& kernels)
      : program_(std::move(layers.program)), layers_(layers.shape), hop_(hop), spread_(spread), kernels_(kernels) {}

  LayerShape shape() const override {
    const std::uint64_t hop = hop_, late = spread_ ? hop : 0,
                        past = layers_.in + layers_.out - 2 + layers_.past * hop + late;
    return {.in = 1,
            .out = 1,
            .past = layers_.past == unbounded ? unbounded : bounded(past),
            .latency = bounded(layers_.out - 1 + layers_.latency * hop + late),
            .macs = layers_.macs / hop_};
  }
  INLAY_COLD std::unique_ptr<Memory> memory() const override {
    auto own = std::make_unique<OverlapMemory>(program_);
    own->buffer.resize(layers_.in, layers_.out, hop_);
    if (spread_) own->work.resize(own->layers.run(), hop_);
    else own->result.resize(padded_frame<T>(layers_.out));
    return own;
  }
  void reset(Memory* memory) const noexcept override {
    auto& own = static_cast<OverlapMemory&>(*memory);
    own.buffer.clear();
    own.work.clear();
    program_.reset(own.layers);
  }
  void frame(const Operands& operands) const noexcept override { run(operands, 1); }
  std::size_t tile(const Operands& operands, std::size_t frames) const noexcept override {
    run(operands, frames);
    return frames;
  }

 private:
  INLAY_NOINLINE void run(const Operands& operands, std::size_t frames) const noexcept {
    auto& own = static_cast<OverlapMemory&>(*operands.memory);
    if (spread_) {
      own.buffer.run(operands.in[0], operands.out, frames,
                     [&](const T* frame) { return own.work.exchange(own.layers.run(), frame); });
      return own.work.run_until(own.layers.run(), own.buffer.position());
    }
    own.buffer.run(operands.in[0], operands.out, frames, [&](const T* frame) {
      kernels_.forward(own.layers.run(), frame, own.result.data(), nullptr);
      return static_cast<const T*>(own.result.data());
    });
  }

  Program<T> program_;
  LayerShape layers_;
  std::size_t hop_;
  bool spread_;
  const run_time::Kernels<T>& kernels_;
};

}  // namespace inlay::INLAY_ISA::plan
