/// WindowedOperation: layers that are reset for each window of a signal; the run-time counterpart of `Windowed`.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "inlay/core/clock.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/frames.hpp"
#include "inlay/core/history.hpp"
#include "inlay/core/window_layers.hpp"
#include "inlay/run_time/operation.hpp"
#include "inlay/run_time/plan/pace.hpp"
#include "inlay/run_time/plan/program.hpp"

namespace inlay::INLAY_ISA::plan {

/// Runs inner layers on the last `window` frames, once per `hop` frames. The output is the last frame of the result.
template <class T>
class WindowedOperation final : public run_time::Operation<T> {
  using Memory = run_time::Memory;
  using Operands = run_time::Operands<T>;
  using Frames = inlay::detail::Frames<T>;

  /// One inner layer: its program, or zeros before and after its input.
  struct Stage {
    inlay::detail::WindowLayer layer;
    Program<T> program;  ///< empty for a time_pad
  };
  struct WindowMemory final : Memory {
    inlay::detail::DynamicHistory<T> history;
    Clock<dynamic, dynamic> clock;
    std::vector<typename Program<T>::State> stages;
    AlignedArray<T, dynamic> frames[2];
    INLAY_COLD std::unique_ptr<Memory> clone() const override { return std::make_unique<WindowMemory>(*this); }
    /// The states of the inner layers are not copied, because they are reset for each window.
    void assign(const Memory& other) noexcept override {
      const auto& from = static_cast<const WindowMemory&>(other);
      history = from.history;
      clock = from.clock;
    }
  };

 public:
  WindowedOperation(std::size_t channels, std::size_t window, std::size_t hop)
      : channels_(channels),
        window_(window),
        hop_(hop),
        facts_(channels, window),
        work_(static_cast<double>(channels * window)) {}

  /// Appends a layer with `out` output channels.
  INLAY_COLD void add(Program<T> program, std::size_t out, const Pace& pace, bool by_frame, std::size_t macs,
                      double work) {
    work_ += work * static_cast<double>(facts_.frames);
    stages_.push_back({{out, 0, 0, by_frame, macs}, std::move(program)});
    facts_.add(stages_.back().layer, pace.max_output_frames(facts_.frames));
  }
  /// Appends a time_pad: zeros before and after the frames.
  INLAY_COLD void add_zeros(std::size_t before, std::size_t after) {
    work_ += static_cast<double>((before + facts_.frames + after) * facts_.channels);
    stages_.push_back({{facts_.channels, before, after, before + after == 0, 0}, {}});
    facts_.add(stages_.back().layer, facts_.frames);
  }
  /// Number of values of the largest intermediate signal.
  std::size_t room() const noexcept { return facts_.room; }
  /// Operations of one window.
  double work() const noexcept { return work_; }

  LayerShape shape() const override {
    return {
        .in = channels_, .out = facts_.channels, .past = window_ - 1, .rate = {hop_, 1}, .macs = facts_.macs() / hop_};
  }
  INLAY_COLD std::unique_ptr<Memory> memory() const override {
    auto own = std::make_unique<WindowMemory>();
    own->history.resize(channels_, window_ - 1);
    own->clock.resize(window_ - 1, hop_);
    own->stages.reserve(stages_.size());
    for (const Stage& stage : stages_) own->stages.emplace_back(stage.program);
    for (auto& frames : own->frames) frames.resize(room());
    return own;
  }
  void reset(Memory* memory) const noexcept override {
    auto& own = static_cast<WindowMemory&>(*memory);
    own.history.clear();
    own.clock.reset();
  }
  void frame(const Operands& operands) const noexcept override {
    auto& own = static_cast<WindowMemory&>(*operands.memory);
    const Window<T> x = own.history.push(operands.in[0]);
    if (own.clock.tick()) run(own, x, operands.out, 1);
  }
  std::size_t tile(const Operands& operands, std::size_t frames) const noexcept override {
    auto& own = static_cast<WindowMemory&>(*operands.memory);
    const Window<T> x = own.history.push(Block<const T>(operands.in[0]), frames);
    T* to = operands.out;
    return own.clock.tick(frames, [&](std::size_t t) { run(own, x.later(t), to++, tile_frames); });
  }

 private:
  /// Computes the window that ends at `x`. Writes channel c of the result to out[c * stride]. Not inlined: `frame` and
  /// `tile` share it.
  INLAY_NOINLINE void run(WindowMemory& own, const Window<T>& x, T* out, std::size_t stride) const noexcept {
    inlay::detail::WindowRun<T> all(own.frames[0].data(), own.frames[1].data(), x, channels_, window_);
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      const Program<T>& program = stages_[i].program;
      program.reset(own.stages[i]);
      const std::size_t channels = all.frames().channels;
      all.run(stages_[i].layer, i >= facts_.last_only, [&](Block<T> tile, std::size_t frames, Frames& to) {
        if (program.size() == 0) return to.append(tile, frames);
        const run_time::Run<T>& layer = own.stages[i].run();
        for (std::size_t c = 0; c < channels; ++c) copy_row(tile.row(c), frames, Block<T>(layer.tile.in).row(c));
        const std::size_t output_frames = run_tile(layer, frames);
        to.append(Block<const T>(layer.tile.out), output_frames);
      });
    }
    all.frames().last(out, stride);
  }

  std::size_t channels_, window_, hop_;
  inlay::detail::WindowFacts<T> facts_;
  double work_;
  std::vector<Stage> stages_;
};

}  // namespace inlay::INLAY_ISA::plan
