/// Program: the operations of a network in the order in which they run, and where their signals lie.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "inlay/core/block.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/map.hpp"
#include "inlay/run_time/operation.hpp"

namespace inlay::run_time {

/// Some of the channels of a buffer.
struct Channels {
  std::size_t buffer, first, count;
};

/// A list of operations on numbered buffers. Filled while a model is built, constant afterwards.
template <class B>
class Program {
  using T = typename B::scalar;
  struct Step {
    std::unique_ptr<Operation<T>> operation;
    std::array<Channels, 4> operands;
    std::size_t operand_count;
    std::size_t addend = 0;  ///< the operand that is added to what it gives, or 0: none
  };
  /// An operand in memory: where its frame lies, and its tile.
  struct Place {
    std::size_t frame = 0, tile = 0;
  };
  /// A step as it runs.
  struct Call {
    const Operation<T>* operation;
    std::size_t addend;    ///< as that of the step
    std::size_t channels;  ///< of the output
    std::size_t in, out;   ///< buffers
    Offsets frame{}, tile{};
  };

 public:
  /// What a program remembers of one signal, and its buffers.
  class State {
    friend Program;
    explicit State(const Program& program) {
      memory_.reserve(program.steps_.size());
      for (const Step& step : program.steps_) memory_.push_back(step.operation->memory());
      buffers_.fit(program.room_);
      frames_.assign(program.channels_.size(), 0);
      program.reset(*this);
    }

   public:
    State(const State& other) : buffers_(other.buffers_), frames_(other.frames_) {
      for (const auto& m : other.memory_) memory_.push_back(m ? m->clone() : nullptr);
    }
    State(State&&) noexcept = default;
    State& operator=(State other) noexcept {
      std::swap(memory_, other.memory_);
      std::swap(buffers_, other.buffers_);
      std::swap(frames_, other.frames_);
      return *this;
    }
    ~State() = default;

   private:
    std::vector<std::unique_ptr<Memory>> memory_;
    Values<T, dynamic> buffers_;
    std::vector<std::size_t> frames_;  ///< in each buffer, of the present tile
  };

  /// A new buffer of so many channels.
  Channels buffer(std::size_t channels) {
    channels_.push_back(channels);
    return {channels_.size() - 1, 0, channels};
  }
  void add(std::unique_ptr<Operation<T>> operation, Channels out, std::initializer_list<Channels> in) {
    Step step{std::move(operation), {out}, 1};
    for (const Channels& c : in) step.operands[step.operand_count++] = c;
    steps_.push_back(std::move(step));
  }
  std::size_t size() const noexcept { return steps_.size(); }
  std::size_t buffers() const noexcept { return channels_.size(); }
  /// Adds `addend` to `sum` within the step that gives it, rather than in one of its own: many of a network's steps are
  /// sums, and each is a call. Returns false, having done nothing, unless that is the last one, and `sum` all it gives.
  bool add_to_last(const Channels& sum, const Channels& addend) {
    if (steps_.empty()) return false;
    Step& last = steps_.back();
    const Channels& out = last.operands[0];
    if (out.buffer != sum.buffer || out.count != sum.count || last.addend || last.operand_count == 4) return false;
    last.addend = last.operand_count;
    last.operands[last.operand_count++] = addend;
    return true;
  }
  /// To be called last: gives the buffers their places, those of `in`, `out` and `condition` for the whole run.
  void finish(Channels in, Channels out, Channels condition) {
    in_ = in, out_ = out, condition_ = condition;
    std::vector<std::size_t> place = places();
    for (const Step& step : steps_) {
      const Channels &to = step.operands[0], &from = step.operands[1];
      Call& call = calls_.emplace_back(Call{step.operation.get(), step.addend, to.count, from.buffer, to.buffer});
      for (std::size_t i = 0; i < step.operand_count; ++i) {
        const Place operand = at(step.operands[i], place);
        call.frame[i] = operand.frame, call.tile[i] = operand.tile;
      }
    }
    in_place_ = at(in, place), out_place_ = at(out, place), condition_place_ = at(condition, place);
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
    T* const base = state.buffers_.data();
    const std::unique_ptr<Memory>* memory = state.memory_.data();
    for (const Call& call : calls_) {
      const Operands<T> operands(base, call.frame);
      call.operation->frame((memory++)->get(), operands);
      if (call.addend)
        map_frame<B>(plus, Extent<dynamic>{call.channels}, operands[0], static_cast<const T*>(operands[0]),
                     static_cast<const T*>(operands[call.addend]));
    }
  }
  /// A tile. Returns how many frames came out.
  std::size_t tile(State& state, std::size_t frames) const noexcept {
    T* const base = state.buffers_.data();
    const std::unique_ptr<Memory>* memory = state.memory_.data();
    state.frames_[in_.buffer] = state.frames_[condition_.buffer] = frames;
    for (const Call& call : calls_) {
      const Operands<T> operands(base, call.tile);
      const std::size_t given = call.operation->tile((memory++)->get(), operands, state.frames_[call.in]);
      if (call.addend) {
        const Block<T> sum(operands[0]);
        map_tile<B>(plus, call.channels, given, sum, Block<const T>(sum), Block<const T>(operands[call.addend]));
      }
      state.frames_[call.out] = given;
    }
    return state.frames_[out_.buffer];
  }

 private:
  static constexpr std::size_t line = alignment / sizeof(T);

  static Place at(const Channels& c, const std::vector<std::size_t>& place) {
    return {place[c.buffer] + c.first, place[c.buffer] + c.first * tile_frames};
  }
  /// That of a tile: of a frame it leaves more than a register behind the last channel, so that it may be read and
  /// written in whole ones.
  static std::size_t room_of(std::size_t channels) { return std::max<std::size_t>(channels, 1) * tile_frames; }

  /// Buffers whose time has passed give their place to others. Fills `room_`.
  std::vector<std::size_t> places() {
    std::vector<std::size_t> last_use(channels_.size(), 0), place(channels_.size(), 0);
    for (std::size_t i = 0; i < steps_.size(); ++i)
      for (std::size_t o = 0; o < steps_[i].operand_count; ++o) last_use[steps_[i].operands[o].buffer] = i;
    for (const Channels& c : {in_, out_, condition_}) last_use[c.buffer] = steps_.size();
    std::vector<bool> placed(channels_.size(), false);
    std::vector<std::size_t> free;  // buffers that are done, their places to be had
    const auto take = [&](std::size_t buffer) {
      if (placed[buffer]) return;
      placed[buffer] = true;
      const auto fits = [&](std::size_t other) { return room_of(channels_[other]) == room_of(channels_[buffer]); };
      const auto found = std::find_if(free.rbegin(), free.rend(), fits);
      if (found != free.rend()) {
        place[buffer] = place[*found];
        free.erase(std::next(found).base());
      } else {
        place[buffer] = room_;
        room_ += round_up(room_of(channels_[buffer]), line);
      }
    };
    for (const Channels& c : {in_, out_, condition_}) take(c.buffer);
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const Step& step = steps_[i];
      take(step.operands[0].buffer);
      for (std::size_t o = 0; o < step.operand_count; ++o) {
        const std::size_t buffer = step.operands[o].buffer;
        const bool listed = std::find(free.begin(), free.end(), buffer) != free.end();
        if (last_use[buffer] == i && placed[buffer] && !listed) free.push_back(buffer);
      }
    }
    return place;
  }

  std::vector<Step> steps_;
  std::vector<std::size_t> channels_;  ///< of each buffer
  std::vector<Call> calls_;            ///< what the steps have become
  Channels in_{}, out_{}, condition_{};
  Place in_place_, out_place_, condition_place_;
  std::size_t room_ = 0;  ///< values of all buffers
  std::unique_ptr<const State> start_;
};

}  // namespace inlay::run_time
