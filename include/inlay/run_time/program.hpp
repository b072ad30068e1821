/// Program: the operations of a network in the order in which they run, and where their signals lie.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/map.hpp"
#include "inlay/run_time/join.hpp"
#include "inlay/run_time/operation.hpp"
#include "inlay/run_time/placement.hpp"
#include "inlay/run_time/step.hpp"

namespace inlay::INLAY_ISA::run_time {

/// A list of operations on numbered buffers. Filled while a model is built, constant afterwards.
template <class B>
class Program {
  using T = typename B::scalar;
  using Step = run_time::Step<B>;
  /// A step as it runs on one signal.
  struct Call {
    std::size_t step;
    const Operation<B>* operation;
    Operands<T> at;
    T* sum;  ///< of what it gives and the addend, or null
    const T* addend;
    std::size_t channels;  ///< of the sum
  };

 public:
  /// What a program remembers of one signal, and its buffers.
  class State {
    friend Program;
    explicit State(const Program& program) {
      memory_.reserve(program.steps_.size());
      for (const Step& step : program.steps_) memory_.push_back(step.operation->memory());
      buffers_.fit(program.place_.room());
      frames_.assign(program.channels_.size(), 0);
      for (std::size_t i = 0; i < memory_.size(); ++i) {
        tile_.push_back(program.call(i, i, *this, &Place::tile));
        if (program.steps_[i].within_last) frame_.back() = program.call(i - 1, i, *this, &Place::frame);
        else frame_.push_back(program.call(i, i, *this, &Place::frame));
      }
      program.reset(*this);
    }

   public:
    State(const State& other)
        : buffers_(other.buffers_), frames_(other.frames_), frame_(other.frame_), tile_(other.tile_) {
      for (const auto& m : other.memory_) memory_.push_back(m ? m->clone() : nullptr);
      for (std::vector<Call>* calls : {&frame_, &tile_})
        for (Call& call : *calls) move(call, other);
    }
    State(State&&) noexcept = default;
    State& operator=(State other) noexcept {
      std::swap(memory_, other.memory_);
      std::swap(buffers_, other.buffers_);
      std::swap(frames_, other.frames_);
      std::swap(frame_, other.frame_);
      std::swap(tile_, other.tile_);
      return *this;
    }
    ~State() = default;

   private:
    /// Makes a call of `other` one of this state's.
    void move(Call& call, const State& other) {
      const auto same = [&](const T* p) { return p ? buffers_.data() + (p - other.buffers_.data()) : nullptr; };
      Operands<T>& at = call.at;
      at = {memory_[call.step].get(), same(at.out), {same(at.in[0]), same(at.in[1]), same(at.in[2])}, same(at.addend)};
      call.sum = same(call.sum);
      call.addend = same(call.addend);
    }

    std::vector<std::unique_ptr<Memory>> memory_;
    Values<T, dynamic> buffers_;
    std::vector<std::size_t> frames_;  ///< in each buffer, of the present tile
    std::vector<Call> frame_, tile_;   ///< the steps, for both kinds of work
  };

  /// A new buffer of so many channels.
  Channels buffer(std::size_t channels) {
    channels_.push_back(channels);
    return {channels_.size() - 1, 0, channels};
  }
  void add(std::unique_ptr<Operation<B>> operation, Channels out, std::initializer_list<Channels> in) {
    Step step{std::move(operation), out};
    for (const Channels& c : in) step.in[step.inputs++] = c;
    steps_.push_back(std::move(step));
  }
  std::size_t size() const noexcept { return steps_.size(); }
  std::size_t buffers() const noexcept { return channels_.size(); }
  /// sum = term + addend within the step that gives `term`, rather than in one of its own: many of a network's steps
  /// are sums, and each is a call. `sum` may be `term`. Returns false, having done nothing, unless that is the last
  /// one, and `term` all it gives.
  bool add_to_last(const Channels& term, const Channels& addend, const Channels& sum) {
    if (steps_.empty()) return false;
    Step& last = steps_.back();
    if (last.out.buffer != term.buffer || last.out.count != term.count || last.adds()) return false;
    last.addend = addend;
    last.sum = sum;
    return true;
  }
  /// To be called last: gives the buffers their places, those of `in`, `out` and `condition` for the whole run.
  void finish(Channels in, Channels out, Channels condition) {
    in_ = in, out_ = out, condition_ = condition;
    const std::vector<std::size_t> kept{in.buffer, out.buffer, condition.buffer};
    join_steps(steps_, channels_.size(), kept);
    std::vector<Uses> uses;
    for (const Step& step : steps_) uses.push_back(step.uses());
    place_ = {channels_, kept, uses};
    in_place_ = place_of(in), out_place_ = place_of(out), condition_place_ = place_of(condition);
  }

  State state() const { return State(*this); }

  void reset(State& state) const noexcept {
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      Memory* memory = state.memory_[i].get();
      if (!start_) steps_[i].operation->reset(memory);
      else if (memory) memory->assign(*start_->memory_[i]);
    }
  }
  /// From now on a signal starts after `frames` frames of silence, which take the way of others in tiles of `most`.
  void start_after_silence(std::size_t frames, std::size_t most) {
    auto start = std::make_unique<State>(state());
    for (; frames > 0; frames -= std::min(frames, most)) {
      std::fill_n(in_tile(*start).row(0), in_.count * tile_frames, T(0));
      std::fill_n(condition_tile(*start).row(0), condition_.count * tile_frames, T(0));
      tile(*start, std::min(frames, most));
    }
    start_ = std::move(start);
  }

  /// Where a frame of the input goes, and where that of the output is found; and the same for tiles.
  T* in_frame(State& state) const noexcept { return state.buffers_.data() + in_place_.frame; }
  T* out_frame(State& state) const noexcept { return state.buffers_.data() + out_place_.frame; }
  T* condition_frame(State& state) const noexcept { return state.buffers_.data() + condition_place_.frame; }
  Block<T> in_tile(State& state) const noexcept { return Block<T>(state.buffers_.data() + in_place_.tile); }
  Block<T> out_tile(State& state) const noexcept { return Block<T>(state.buffers_.data() + out_place_.tile); }
  Block<T> condition_tile(State& state) const noexcept {
    return Block<T>(state.buffers_.data() + condition_place_.tile);
  }

  /// One frame, where every operation gives one.
  void frame(State& state) const noexcept {
    for (const Call& call : state.frame_) {
      call.operation->frame(call.at);
      if (call.sum) add_frame(call);
    }
  }
  /// A tile. Returns how many frames came out.
  std::size_t tile(State& state, std::size_t frames) const noexcept {
    state.frames_[in_.buffer] = state.frames_[condition_.buffer] = frames;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const Call& call = state.tile_[i];
      const Step& step = steps_[i];
      const std::size_t given = call.operation->tile(call.at, state.frames_[step.in[0].buffer]);
      if (call.sum) add_tile(call, given);
      if (step.adds()) state.frames_[step.sum.buffer] = given;
      state.frames_[step.out.buffer] = given;
    }
    return state.frames_[out_.buffer];
  }

 private:
  // Not inline: of places in the same memory GCC would make indices of each other, and save registers in every step.
  static INLAY_NOINLINE void add_frame(const Call& call) noexcept {
    const T* const term = call.at.out;
    map_frame<B>(plus, Extent<dynamic>{call.channels}, call.sum, term, call.addend);
  }
  static INLAY_NOINLINE void add_tile(const Call& call, std::size_t frames) noexcept {
    const Block<const T> term(call.at.out), addend(call.addend);
    map_tile<B>(plus, call.channels, frames, Block<T>(call.sum), term, addend);
  }

  Place place_of(const Channels& c) const {
    return {place_[c.buffer].frame + c.first, place_[c.buffer].tile + c.first * tile_frames};
  }
  /// Step `i` on frames or on tiles of `state`, and those up to `last`, which are within it.
  Call call(std::size_t i, std::size_t last, State& state, std::size_t Place::* kind) const {
    const Step &first = steps_[i], &step = steps_[last];
    const auto at = [&](const Channels& c) { return c.count ? state.buffers_.data() + place_of(c).*kind : nullptr; };
    const Operands<T> operands{
        state.memory_[i].get(), at(step.out), {at(first.in[0]), at(first.in[1]), at(first.in[2])}, nullptr};
    Call call{i, first.operation.get(), operands, at(step.sum), at(step.addend), step.sum.count};
    if (i < last) {
      call.at.addend = at(first.addend);
    } else if (call.sum == call.at.out && call.operation->adds()) {
      call.at.addend = call.addend;
      call.sum = nullptr;
    }
    return call;
  }

  std::vector<Step> steps_;
  std::vector<std::size_t> channels_;  ///< of each buffer
  Placement<T> place_;
  Channels in_{}, out_{}, condition_{};
  Place in_place_, out_place_, condition_place_;
  std::unique_ptr<const State> start_;
};

}  // namespace inlay::INLAY_ISA::run_time
