/// AlongFeaturesOperation, PerFeatureOperation: layers for each feature of a frame; the run-time counterparts of
/// `AlongFeatures` and `PerFeature`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/feature_tiles.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/core/tile_frames.hpp"
#include "inlay/run_time/kernels.hpp"
#include "inlay/run_time/operation.hpp"
#include "inlay/run_time/plan/inner_program.hpp"
#include "inlay/run_time/plan/program.hpp"
#include "inlay/run_time/plan/run_tile.hpp"

namespace inlay::INLAY_ISA::plan {

/// Base of operations that run one program for `features` features.
template <class T>
class FeatureOperation : public run_time::Operation<T> {
 public:
  FeatureOperation(InnerProgram<T> layers, std::size_t features, const run_time::Kernels<T>& kernels)
      : program_(std::move(layers.program)), layers_(layers.shape), features_(features), kernels_(kernels) {}

 protected:
  /// The shape for all features.
  LayerShape all() const {
    LayerShape shape = layers_;
    for (std::size_t* each : {&shape.in, &shape.out, &shape.macs}) *each = bounded(std::uint64_t{*each} * features_);
    return shape;
  }

  Program<T> program_;
  LayerShape layers_;  ///< of one feature
  std::size_t features_;
  const run_time::Kernels<T>& kernels_;
};

/// Runs a program along the features of each frame, from zero state.
template <class T>
class AlongFeaturesOperation final : public FeatureOperation<T> {
  using Memory = run_time::Memory;
  struct FeatureMemory final : Memory {
    explicit FeatureMemory(const Program<T>& program) : layers(program) {}
    INLAY_COLD std::unique_ptr<Memory> clone() const override { return std::make_unique<FeatureMemory>(*this); }
    void assign(const Memory&) noexcept override {}  // each frame starts from zero state
    typename Program<T>::State layers;
  };

 public:
  using FeatureOperation<T>::FeatureOperation;
  static constexpr bool keeps_states = false;

  LayerShape shape() const override {
    LayerShape shape = this->all();
    shape.past = shape.latency = 0;
    return shape;
  }
  INLAY_COLD std::unique_ptr<Memory> memory() const override { return std::make_unique<FeatureMemory>(this->program_); }
  void frame(const run_time::Operands<T>& operands) const noexcept override { run(operands, 0, 1); }
  std::size_t tile(const run_time::Operands<T>& operands, std::size_t frames) const noexcept override {
    for (std::size_t t = 0; t < frames; ++t) run(operands, t, tile_frames);
    return frames;
  }

 private:
  INLAY_NOINLINE void run(const run_time::Operands<T>& operands, std::size_t t, std::size_t stride) const noexcept {
    auto& own = static_cast<FeatureMemory&>(*operands.memory);
    this->program_.reset(own.layers);
    const run_time::Run<T>& layers = own.layers.run();
    inlay::detail::for_each_feature_tile<T>(this->features_, {operands.in[0] + t, this->layers_.in, stride},
                                            Block<T>(layers.tile.in), Block<const T>(layers.tile.out),
                                            {operands.out + t, this->layers_.out, stride},
                                            [&](std::size_t count) { run_tile(layers, count); });
  }
};

/// Runs a program over time, with a state for each feature.
template <class T>
class PerFeatureOperation final : public FeatureOperation<T> {
  using Memory = run_time::Memory;
  struct FeatureMemory final : Memory {
    INLAY_COLD std::unique_ptr<Memory> clone() const override { return std::make_unique<FeatureMemory>(*this); }
    void assign(const Memory& other) noexcept override {
      const auto& from = static_cast<const FeatureMemory&>(other);
      for (std::size_t f = 0; f < features.size(); ++f) features[f].assign(from.features[f]);
    }
    std::vector<typename Program<T>::State> features;
  };

 public:
  using FeatureOperation<T>::FeatureOperation;
  static constexpr bool keeps_states = true;

  LayerShape shape() const override { return this->all(); }
  INLAY_COLD std::unique_ptr<Memory> memory() const override {
    auto own = std::make_unique<FeatureMemory>();
    own->features.reserve(this->features_);
    for (std::size_t f = 0; f < this->features_; ++f) own->features.emplace_back(this->program_);
    return own;
  }
  void reset(Memory* memory) const noexcept override {
    for (auto& feature : static_cast<FeatureMemory&>(*memory).features) this->program_.reset(feature);
  }
  void frame(const run_time::Operands<T>& operands) const noexcept override {
    auto& own = static_cast<FeatureMemory&>(*operands.memory);
    for (std::size_t f = 0; f < this->features_; ++f)
      this->kernels_.forward(own.features[f].run(), operands.in[0] + f * this->layers_.in,
                             operands.out + f * this->layers_.out, nullptr);
  }
  std::size_t tile(const run_time::Operands<T>& operands, std::size_t frames) const noexcept override {
    auto& own = static_cast<FeatureMemory&>(*operands.memory);
    const Block<const T> in(operands.in[0]);
    const Block<T> out(operands.out);
    for (std::size_t f = 0; f < this->features_; ++f) {
      const run_time::Run<T>& layers = own.features[f].run();
      for (std::size_t c = 0; c < this->layers_.in; ++c)
        copy_row(in.row(f * this->layers_.in + c), frames, Block<T>(layers.tile.in).row(c));
      run_tile(layers, frames);
      for (std::size_t c = 0; c < this->layers_.out; ++c)
        copy_row(Block<const T>(layers.tile.out).row(c), frames, out.row(f * this->layers_.out + c));
    }
    return frames;
  }
};

}  // namespace inlay::INLAY_ISA::plan
