/// Program: the operations of a network in execution order, and the placement of their buffers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/dynamic.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/tile_frames.hpp"
#include "inlay/run_time/kernels.hpp"
#include "inlay/run_time/plan/fusion.hpp"
#include "inlay/run_time/plan/placement.hpp"
#include "inlay/run_time/plan/run_tile.hpp"
#include "inlay/run_time/plan/step.hpp"

namespace inlay::INLAY_ISA::plan {

/// A list of operations on numbered buffers. Built by the planner, constant after `finish`.
template <class T>
class Program {
  using Operation = run_time::Operation<T>;
  using Call = run_time::Call<T>;

 public:
  /// State of a program for one signal: the states of its operations, and its buffers.
  class State {
   public:
    INLAY_COLD explicit State(const Program& program) : program_(&program) {
      memory_.reserve(program.steps_.size());
      for (const Step<T>& step : program.steps_) memory_.push_back(step.operation->memory());
      buffers_.resize(static_cast<std::size_t>(program.room()));
      frames_.assign(program.channels_.size(), 0);
      program.bind(*this);
      program.reset(*this);
    }
    INLAY_COLD State(const State& other) : State(*other.program_) {
      for (std::size_t i = 0; i < memory_.size(); ++i)
        if (memory_[i]) memory_[i] = other.memory_[i]->clone();
      buffers_ = other.buffers_;
      frames_ = other.frames_;
      program_->bind(*this);
    }
    State& operator=(const State&) = delete;
    ~State() = default;

    /// Copies the states of the operations from a state of the same program. Real-time safe.
    void assign(const State& other) noexcept {
      for (std::size_t i = 0; i < memory_.size(); ++i)
        if (memory_[i]) memory_[i]->assign(*other.memory_[i]);
    }
    /// Copies the buffers, which have the signals of a frame or a tile that the program is at. Real-time safe.
    void assign_buffers(const State& other) noexcept { buffers_ = other.buffers_; }
    const run_time::Run<T>& run() const noexcept { return run_; }

   private:
    friend Program;
    const Program* program_;
    std::vector<std::unique_ptr<run_time::Memory>> memory_;
    AlignedArray<T, dynamic> buffers_;
    std::vector<std::size_t> frames_;  ///< frames of the current tile in each buffer
    std::vector<Call> frame_calls_, tile_calls_;
    std::vector<run_time::Stage<T>> stages_;
    run_time::Run<T> run_{};
  };

  /// Makes a new buffer.
  INLAY_COLD Channels buffer(std::size_t channels) {
    channels_.push_back(channels);
    return {channels_.size() - 1, 0, channels};
  }
  /// Appends a step: an operation with up to three inputs.
  INLAY_COLD void add(std::unique_ptr<Operation> operation, Channels out, std::initializer_list<Channels> in,
                      run_time::Weights weights = {}) {
    Step<T> step;
    step.operation = std::move(operation);
    step.out = out;
    for (const Channels& c : in) step.in[step.inputs++] = c;
    step.weights = weights;
    step.cut = std::exchange(cut_, {});
    steps_.push_back(std::move(step));
  }
  /// Begins a stage: the next steps run for pieces of `from`, of which they have a copy. `tile` is the largest number
  /// of input frames per tile of the stage that ends. Returns the copy.
  INLAY_COLD Channels cut(const Channels& from, std::size_t tile) {
    tiles_.push_back(tile);
    cut_ = {from, buffer(from.count)};
    return cut_.to;
  }
  std::size_t size() const noexcept { return steps_.size(); }
  std::size_t buffers() const noexcept { return channels_.size(); }
  /// Number of values of all buffers. Valid after `finish`.
  std::uint64_t room() const noexcept { return placement_.room(); }
  /// Makes the last step compute sum = term + addend, which saves a step. `sum` may be `term`. Returns false and does
  /// nothing unless `term` is the complete output of the last step and that step has no addend yet.
  INLAY_COLD bool add_to_last(const Channels& term, const Channels& addend, const Channels& sum) {
    if (steps_.empty()) return false;
    Step<T>& last = steps_.back();
    if (last.out.buffer != term.buffer || last.out.count != term.count || last.adds()) return false;
    last.addend = addend;
    last.sum = sum;
    return true;
  }
  /// Completes the program: fuses steps, loads weights and places buffers. The buffers of `in`, `out` and `condition`
  /// are kept for the whole run. `tile` is the largest number of input frames per tile of the last stage. Call it last.
  /// Throws load_error.
  INLAY_COLD void finish(Channels in, Channels out, Channels condition, const run_time::Kernels<T>& kernels,
                         std::size_t tile, bool one_to_one) {
    in_ = in, out_ = out, condition_ = condition;
    tiles_.push_back(tile);
    one_to_one_ = one_to_one;
    std::vector<std::size_t> kept{in.buffer, out.buffer, condition.buffer};
    for (const Step<T>& step : steps_)
      if (step.cut) kept.insert(kept.end(), {step.cut.from.buffer, step.cut.to.buffer});
    fuse_steps(steps_, channels_.size(), kept);
    std::vector<BufferUse> uses;
    for (Step<T>& step : steps_) {
      if (step.weights.record) step.operation->load(step.weights, step.condition_weights);
      step.weights = step.condition_weights = {};  // the records do not outlive loading
      if (step.adds() && !step.adds_inside()) step.addition = kernels.map(MapFunction::sum, step.sum.count);
      uses.push_back(step.uses());
    }
    placement_ = {channels_, kept, uses};
  }

  /// Sets a state to the start of a signal. Real-time safe.
  void reset(State& state) const noexcept {
    if (start_) return state.assign(*start_);
    for (std::size_t i = 0; i < steps_.size(); ++i) steps_[i].operation->reset(state.memory_[i].get());
  }
  /// Makes `reset` set the state after `frames` frames of silence. Allocates.
  INLAY_COLD void start_after_silence(std::size_t frames) {
    auto start = std::make_unique<State>(*this);
    const typename run_time::Run<T>::Pass& tile = start->run_.tile;
    for (; frames > 0; frames -= std::min(frames, tiles_[0])) {
      std::fill_n(tile.in, in_.count * tile_frames, T(0));
      std::fill_n(tile.condition, condition_.count * tile_frames, T(0));
      run_stages(start->run_, std::min(frames, tiles_[0]), [](std::size_t) {});
    }
    start_ = std::move(start);
  }

 private:
  /// Sets the pointers in the calls of a state.
  INLAY_COLD void bind(State& state) const {
    if (channels_.empty()) return;  // empty program
    state.frame_calls_.clear();
    state.tile_calls_.clear();
    std::vector<std::size_t> cuts;  // the first call after each
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (steps_[i].cut) cuts.push_back(state.tile_calls_.size());
      add_calls(state, state.tile_calls_, i, i, &BufferOffset::tile);
      if (i + 1 < steps_.size() && steps_[i + 1].fused_into_previous) continue;
      add_calls(state, state.frame_calls_, steps_[i].fused_into_previous ? i - 1 : i, i, &BufferOffset::frame);
    }
    T* const memory = state.buffers_.data();
    const BufferOffset in = offset_of(in_), out = offset_of(out_), condition = offset_of(condition_);
    std::size_t* const frames = state.frames_.data();
    const std::span<const Call> calls(state.tile_calls_);
    cuts.push_back(calls.size());
    state.stages_.clear();
    for (const Step<T>& step : steps_)
      if (const Cut& cut = step.cut) {
        const std::size_t stage = state.stages_.size();
        state.stages_.push_back({.calls = calls.subspan(cuts[stage], cuts[stage + 1] - cuts[stage]),
                                 .from = memory + offset_of(cut.from).tile,
                                 .to = memory + offset_of(cut.to).tile,
                                 .from_frames = frames + cut.from.buffer,
                                 .to_frames = frames + cut.to.buffer,
                                 .channels = cut.to.count,
                                 .tile_size = tiles_[stage + 1]});
      }
    state.run_ = {.frame = {state.frame_calls_, memory + in.frame, memory + out.frame, memory + condition.frame},
                  .tile = {calls.first(cuts[0]), memory + in.tile, memory + out.tile, memory + condition.tile},
                  .later = state.stages_,
                  .in_size = in_.count,
                  .out_size = out_.count,
                  .condition_size = condition_.count,
                  .tile_size = tiles_[0],
                  .in_frames = frames + in_.buffer,
                  .condition_frames = frames + condition_.buffer,
                  .out_frames = frames + out_.buffer,
                  .one_to_one = one_to_one_};
  }
  /// Appends the calls of steps `first` to `last`, which the operation of `first` computes.
  INLAY_COLD void add_calls(State& state, std::vector<Call>& calls, std::size_t first, std::size_t last,
                            std::size_t BufferOffset::* kind) const {
    const Step<T>&from = steps_[first], &to = steps_[last];
    const auto pointer = [&](const Channels& c) {
      return c.count ? state.buffers_.data() + offset_of(c).*kind : nullptr;
    };
    const auto frames = [&](const Channels& c) { return state.frames_.data() + c.buffer; };
    // An operation with a fused epilogue adds its own addend before the epilogue.
    const T* const addend = first < last || to.adds_inside() ? pointer(from.addend) : nullptr;
    calls.push_back({from.operation.get(),
                     {state.memory_[first].get(),
                      pointer(to.out),
                      {pointer(from.in[0]), pointer(from.in[1]), pointer(from.in[2])},
                      addend},
                     frames(from.in[0]),
                     frames(to.out)});
    if (to.addition)
      calls.push_back({to.addition.get(),
                       {nullptr, pointer(to.sum), {pointer(to.out), pointer(to.addend), nullptr}, nullptr},
                       frames(to.out),
                       frames(to.sum)});
  }
  BufferOffset offset_of(const Channels& c) const {
    return {placement_[c.buffer].frame + c.first, placement_[c.buffer].tile + c.first * tile_frames};
  }

  std::vector<Step<T>> steps_;
  std::vector<std::size_t> channels_;  ///< of each buffer
  Placement<T> placement_;
  Channels in_{}, out_{}, condition_{};
  std::vector<std::size_t> tiles_;  ///< largest number of input frames per tile of each stage
  Cut cut_;                         ///< before the next step
  bool one_to_one_ = true;
  std::unique_ptr<const State> start_;
};

}  // namespace inlay::INLAY_ISA::plan
