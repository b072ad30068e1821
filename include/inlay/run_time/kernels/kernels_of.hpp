/// KernelsOf: the kernels of one backend.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>

#include "inlay/combinators/map_functions.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/pack.hpp"
#include "inlay/model/tiles.hpp"
#include "inlay/run_time/kernels.hpp"
#include "inlay/run_time/kernels/layer_table.hpp"
#include "inlay/run_time/kernels/map_operation.hpp"
#include "inlay/run_time/plan/run_tile.hpp"

namespace inlay::INLAY_ISA::kernels {

/// Implements Kernels with the layers of backend B.
template <class B>
class KernelsOf final : public run_time::Kernels<typename B::scalar> {
  using T = typename B::scalar;
  using Run = run_time::Run<T>;
  using OperationPtr = std::unique_ptr<run_time::Operation<T>>;

  template <class Function, std::size_t Inputs>
  static OperationPtr make_map(std::size_t channels) {
    return std::make_unique<MapOperation<B, Inputs, Function>>(channels);
  }

 public:
  explicit constexpr KernelsOf(const char* name) : name_(name) {}
  const char* name() const noexcept override { return name_; }

  OperationPtr layer(const io::LayerRecord& record, std::size_t width) const override {
    return LayerTable<B>::find(record, width);
  }
  OperationPtr map(MapFunction function, std::size_t channels) const override {
    switch (function) {
      case MapFunction::sum:
        return make_map<formula::Sum, 2>(channels);
      case MapFunction::product:
        return make_map<formula::Product, 2>(channels);
      case MapFunction::blend:
        return make_map<formula::Blended, 3>(channels);
      case MapFunction::modulate:
        return make_map<formula::Modulated, 3>(channels);
    }
    return nullptr;
  }
  OperationPtr copy(std::size_t channels) const override { return std::make_unique<CopyOperation<T>>(channels); }
  OperationPtr zeros(std::size_t channels) const override { return std::make_unique<ZeroOperation<T>>(channels); }

  std::size_t forward(const Run& run, const T* in, T* out, const T* condition) const noexcept override {
    if (!run.one_to_one) return forward_tile(run, in, out, condition);
    const auto copy = [](const T* from, std::size_t size, T* to) INLAY_INLINE_LAMBDA {
      if (size == 1) *to = *from;  // the most frequent case
      else copy_exactly<B>(from, to, Extent<dynamic>{size});
    };
    copy(in, run.in_size, run.frame.in);
    if (run.condition_size > 0) copy(condition, run.condition_size, run.frame.condition);
    for (const run_time::Call<T>& call : run.frame.calls) call.operation->frame(call.operands);
    copy(run.frame.out, run.out_size, out);
    return 1;
  }

  std::size_t process(const Run& run, const T* const* in, T* const* out, std::size_t frames,
                      Condition<T> condition) const noexcept override {
    const inlay::detail::ChannelCounts channels{run.in_size, run.out_size, run.condition_size};
    const inlay::detail::Tiles<T> tiles{Block<T>(run.tile.in), Block<T>(run.tile.out), Block<T>(run.tile.condition)};
    if (run.later.empty())
      return inlay::detail::for_each_tile<T>(channels, tiles, run.tile_size, in, out, frames, condition,
                                             [&](std::size_t count) { return plan::run_tile(run, count); });
    std::size_t written = 0;
    for (std::size_t first = 0; first < frames; first += run.tile_size) {
      const std::size_t count = std::min(frames - first, run.tile_size);
      inlay::detail::load_tile(channels, tiles, in, condition, first, count);
      plan::run_stages(run, count, [&](std::size_t output_frames) {
        inlay::detail::store_tile(channels, tiles, out, written, output_frames);
        written += output_frames;
      });
    }
    return written;
  }

 private:
  /// Runs a frame as a tile of one frame, for networks that change the rate.
  static std::size_t forward_tile(const Run& run, const T* in, T* out, const T* condition) noexcept {
    for (std::size_t c = 0; c < run.in_size; ++c) *Block<T>(run.tile.in).row(c) = in[c];
    for (std::size_t c = 0; c < run.condition_size; ++c) *Block<T>(run.tile.condition).row(c) = condition[c];
    std::size_t written = 0;
    plan::run_stages(run, 1, [&](std::size_t output_frames) {
      for (std::size_t f = 0; f < output_frames; ++f, ++written)
        for (std::size_t c = 0; c < run.out_size; ++c)
          out[written * run.out_size + c] = Block<T>(run.tile.out).row(c)[f];
    });
    return written;
  }

  const char* name_;
};

}  // namespace inlay::INLAY_ISA::kernels
