/// WindowedOperation: layers that are reset for each window of a signal; the run-time counterpart of `Windowed`.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "inlay/core/clock.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/frames.hpp"
#include "inlay/core/history.hpp"
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
    Program<T> program;
    std::size_t channels;       ///< output channels
    std::size_t before, after;  ///< frames of zeros
    bool by_frame;              ///< the layer is memoryless
    std::size_t macs, frames;   ///< multiply-accumulates per frame, frames of its input
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
      : channels_(channels), window_(window), hop_(hop), count_(window), room_(Frames::room(channels, window)) {}

  /// Appends a layer with `out` output channels.
  INLAY_COLD void add(Program<T> program, std::size_t out, const Pace& pace, bool by_frame, std::size_t macs) {
    stages_.push_back({std::move(program), out, 0, 0, by_frame, macs, count_});
    count_ = pace.max_output_frames(count_);
    make_room(out);
  }
  /// Appends a time_pad: zeros before and after the frames.
  INLAY_COLD void add_zeros(std::size_t before, std::size_t after) {
    const std::size_t channels = out();
    stages_.push_back({{}, channels, before, after, false, 0, count_});
    count_ += before + after;
    make_room(channels);
  }
  /// Finds the trailing memoryless layers, which only need to compute the last frame. Call it last.
  void finish() {
    last_only_ = stages_.size();
    while (last_only_ > 0 && stages_[last_only_ - 1].by_frame) --last_only_;
  }
  /// Number of values of the largest intermediate signal.
  std::size_t room() const noexcept { return room_; }

  LayerShape shape() const override {
    std::size_t macs = 0;
    for (std::size_t i = 0; i < stages_.size(); ++i) macs += stages_[i].macs * (i < last_only_ ? stages_[i].frames : 1);
    return {.in = channels_, .out = out(), .past = window_ - 1, .rate = {hop_, 1}, .macs = macs / hop_};
  }
  INLAY_COLD std::unique_ptr<Memory> memory() const override {
    auto own = std::make_unique<WindowMemory>();
    own->history.resize(channels_, window_ - 1);
    own->clock.resize(window_ - 1, hop_);
    own->stages.reserve(stages_.size());
    for (const Stage& stage : stages_) own->stages.emplace_back(stage.program);
    for (auto& frames : own->frames) frames.resize(room_);
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
  std::size_t out() const noexcept { return stages_.empty() ? channels_ : stages_.back().channels; }

  /// Computes the window that ends at `x`. Writes channel c of the result to out[c * stride]. Not inlined: `frame` and
  /// `tile` share it.
  INLAY_NOINLINE void run(WindowMemory& own, const Window<T>& x, T* out, std::size_t stride) const noexcept {
    Frames from{own.frames[0].data(), channels_};
    from.append(x, window_);
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      const Stage& stage = stages_[i];
      Frames to{own.frames[(i + 1) % 2].data(), stage.channels};
      if (i == last_only_) from.keep_last();
      to.append_zeros(stage.before);
      if (stage.program.size() == 0) from.for_each_tile([&](Block<T> tile, std::size_t n) { to.append(tile, n); });
      else run_layer(stage.program, own.stages[i], from, to);
      to.append_zeros(stage.after);
      from = to;
    }
    from.last(out, stride);
  }
  /// Runs all frames of a window through one layer.
  static void run_layer(const Program<T>& program, typename Program<T>::State& state, const Frames& from,
                        Frames& to) noexcept {
    program.reset(state);
    const run_time::Run<T>& run = state.run();
    from.for_each_tile([&](Block<T> tile, std::size_t frames) {
      for (std::size_t c = 0; c < from.channels; ++c) copy_row(tile.row(c), frames, Block<T>(run.tile.in).row(c));
      const std::size_t output_frames = run_tile(run, frames);
      to.append(Block<const T>(run.tile.out), output_frames);
    });
  }
  void make_room(std::size_t channels) { room_ = std::max(room_, Frames::room(channels, count_)); }

  std::size_t channels_, window_, hop_;
  std::size_t count_, room_, last_only_ = 0;
  std::vector<Stage> stages_;
};

}  // namespace inlay::INLAY_ISA::plan
