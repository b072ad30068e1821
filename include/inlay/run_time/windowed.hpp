/// WindowedOperation: layers that start anew for each window of a signal, as those of `Windowed`.
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
#include "inlay/run_time/pace.hpp"
#include "inlay/run_time/program.hpp"

namespace inlay::INLAY_ISA::run_time {

template <class B>
class WindowedOperation final : public Operation<B> {
  using T = typename B::scalar;
  using Frames = inlay::detail::Frames<T>;

  /// One layer: its program, or zeros around what comes to it.
  struct Stage {
    Program<B> program;
    std::size_t channels;  ///< of what it gives
    std::size_t before, after;
    bool by_frame;  ///< takes each frame on its own
  };
  struct Remembered final : Memory {
    inlay::detail::DynamicHistory<T> history;
    Clock<dynamic, dynamic> clock;
    std::vector<typename Program<B>::State> stages;
    Values<T, dynamic> frames[2];
    std::unique_ptr<Memory> clone() const override { return std::make_unique<Remembered>(*this); }
    void assign(const Memory& other) noexcept override { *this = static_cast<const Remembered&>(other); }
  };

 public:
  WindowedOperation(std::size_t channels, std::size_t window, std::size_t hop)
      : channels_(channels), window_(window), hop_(hop), count_(window), room_(Frames::room(channels, window)) {}

  /// A layer that gives `out` channels, at a pace of its own.
  void add(Program<B> program, std::size_t out, const Pace& pace, bool by_frame) {
    stages_.push_back({std::move(program), out, 0, 0, by_frame});
    count_ = pace.most_frames(count_);
    make_room(out);
  }
  void add_zeros(std::size_t before, std::size_t after, std::size_t channels) {
    stages_.push_back({{}, channels, before, after, false});
    count_ += before + after;
    make_room(channels);
  }
  /// To be called last. From where on the layers need only see the last frame.
  void finish() {
    last_only_ = stages_.size();
    while (last_only_ > 0 && stages_[last_only_ - 1].by_frame) --last_only_;
  }
  /// Values of the frames of the layer that has the most.
  std::size_t room() const noexcept { return room_; }

  std::unique_ptr<Memory> memory() const override {
    auto made = std::make_unique<Remembered>();
    made->history.fit(channels_, window_ - 1);
    made->clock.fit(window_ - 1, hop_);
    for (const Stage& stage : stages_) made->stages.push_back(stage.program.state());
    for (auto& frames : made->frames) frames.fit(room_);
    return made;
  }
  void reset(Memory* memory) const noexcept override {
    auto& own = static_cast<Remembered&>(*memory);
    own.history.clear();
    own.clock.reset();
  }
  void frame(const Operands<T>& at) const noexcept override {
    auto& own = static_cast<Remembered&>(*at.memory);
    const Window<T> x = own.history.push(at.in[0]);
    if (own.clock.tick()) run(own, x, at.out, 1);
  }
  std::size_t tile(const Operands<T>& at, std::size_t frames) const noexcept override {
    auto& own = static_cast<Remembered&>(*at.memory);
    const Window<T> x = own.history.push(Block<const T>(at.in[0]), frames);
    T* to = at.out;
    return own.clock.tick(frames, [&](std::size_t t) { run(own, x.later(t), to++, tile_frames); });
  }

 private:
  /// The window that ends at `x`; channel c of the result goes to out[c * stride].
  void run(Remembered& own, const Window<T>& x, T* out, std::size_t stride) const noexcept {
    Frames from{own.frames[0].data(), channels_};
    from.append(x, window_);
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      const Stage& stage = stages_[i];
      Frames to{own.frames[(i + 1) % 2].data(), stage.channels};
      if (i == last_only_) from.keep_last();
      to.append_zeros(stage.before);
      if (stage.program.size() == 0) from.for_each_tile([&](Block<T> tile, std::size_t n) { to.append(tile, n); });
      else through(stage.program, own.stages[i], from, to);
      to.append_zeros(stage.after);
      from = to;
    }
    from.last(out, stride);
  }
  static void through(const Program<B>& program, typename Program<B>::State& state, const Frames& from,
                      Frames& to) noexcept {
    program.reset(state);
    from.for_each_tile([&](Block<T> tile, std::size_t frames) {
      for (std::size_t c = 0; c < from.channels; ++c) copy_row(tile.row(c), frames, program.in_tile(state).row(c));
      const std::size_t given = program.tile(state, frames);
      to.append(program.out_tile(state), given);
    });
  }
  void make_room(std::size_t channels) { room_ = std::max(room_, Frames::room(channels, count_)); }

  std::size_t channels_, window_, hop_;
  std::size_t count_, room_, last_only_ = 0;
  std::vector<Stage> stages_;
};

}  // namespace inlay::INLAY_ISA::run_time
