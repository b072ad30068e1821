/// Dispatched: a ModelT compiled for several instruction sets, run on the widest one that the processor has.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "inlay/core/condition.hpp"
#include "inlay/core/processor.hpp"
#include "inlay/dispatch_table.hpp"
#include "inlay/io/check.hpp"
#include "inlay/io/read_model.hpp"

namespace inlay {

/// A handle with the interface of `ModelT`. CMake's inlay_dispatch(target Name TYPE ... HEADER ...) generates `Family`
/// and defines `Name` as this handle: include <dispatched/Name.hpp>.
///
/// Memory: the weights and one state are on the heap. Construction, copying and loading allocate.
///
/// Real-time safety: `forward`, `process` and `reset` do not allocate, lock, throw or make system calls.
///
/// Size errors: a call whose sizes do not fit the model computes nothing and returns 0.
///
/// For tests, the environment variable INLAY_ISA selects an instruction set for all models of a program. If it is not
/// available, the first use of a type throws load_error.
template <class Family>
class Dispatched {
 public:
  using scalar = typename Family::scalar;

 private:
  using T = scalar;
  using Table = DispatchTable<T>;
  using Free = void (*)(void*);
  struct Delete {
    const Table* table;
    Free destroy;
    void operator()(void* p) const noexcept {
      destroy(p);
      ::operator delete(p, std::align_val_t(table->alignment));
    }
  };
  using Memory = std::unique_ptr<void, Delete>;

 public:
  /// The memory of a network for one signal: past frames and recurrent states. Copies are independent.
  class State {
   public:
    State() : State(table()) {}
    State(const State& other)
        : memory_(other.memory_ ? make_state(table(), other.memory_.get())
                                : Memory(nullptr, {&table(), table().destroy_state})) {}
    State(State&&) noexcept = default;
    /// Does not allocate, unless this state has been moved from.
    State& operator=(const State& other) {
      if (this == &other) return *this;
      if (!memory_ || !other.memory_) return *this = State(other);
      table().destroy_state(memory_.get());
      table().copy_state(memory_.get(), other.memory_.get());
      return *this;
    }
    State& operator=(State&&) noexcept = default;
    ~State() = default;

   private:
    friend Dispatched;
    explicit State(const Table& table) : memory_(make_state(table, nullptr)) {}
    Memory memory_;
  };

  Dispatched() : model_(make_model(table(), nullptr)), run_(runnable()) {}
  Dispatched(const Dispatched& other)
      : model_(make_model(table(), other.model_.get())), state_(other.state_), run_(runnable()) {}
  Dispatched(Dispatched&&) noexcept = default;
  Dispatched& operator=(Dispatched other) noexcept {
    std::swap(model_, other.model_);
    std::swap(state_, other.state_);
    std::swap(run_, other.run_);
    return *this;
  }
  ~Dispatched() = default;

  /// Name of the instruction set that all models of this type run on, such as "avx2".
  static std::string_view isa() { return table().isa; }

  /// Loads weights from a std::filesystem::path, a std::istream or a nlohmann::json, runs the file's check, and resets
  /// the model's own state. Returns the file's ModelInfo. Throws inlay::load_error; the model is then unchanged. Not
  /// real-time safe.
  template <class Source>
  ModelInfo load(Source&& source) {
    return load_records(io::read_model_of(std::forward<Source>(source)));
  }
  /// Loads weights from the text of a file.
  ModelInfo load_text(std::string_view text) { return load_records(io::read_model_text(text)); }

  /// Numbers of input channels, output channels and side channels.
  std::size_t in_size() const noexcept { return run_.in_size; }
  std::size_t out_size() const noexcept { return run_.out_size; }
  std::size_t condition_size() const noexcept { return run_.condition_size; }
  /// The rate {in, out}, in lowest terms: `out` output frames per `in` input frames.
  Rate rate() const noexcept { return run_.rate; }
  /// Returns whether each input frame gives exactly one output frame.
  bool one_to_one() const noexcept { return run_.one_to_one; }
  /// Largest number of output frames for `frames` input frames: the room that `process` needs.
  std::size_t max_output_frames(std::size_t frames) const noexcept { return run_.max_output_frames(frames); }
  /// Number of input frames that an output frame depends on; `inlay::unbounded` for recurrent networks.
  std::size_t receptive_field() const noexcept { return run_.receptive_field; }
  /// Latency in input frames.
  static std::size_t latency() noexcept { return table().latency; }
  /// Number of weights.
  static std::size_t parameters() noexcept { return table().parameters; }

  /// Sets a state to the start of a signal. Real-time safe.
  void reset(State& state) const noexcept {
    if (state.memory_) run_.reset_with(model_.get(), state.memory_.get());
  }
  void reset() noexcept { reset(state_); }

  /// Computes one frame, as ModelT::forward. `in` has `in_size()` values, `condition` has `condition_size()` values,
  /// `out` has room for `max_output_frames(1)` frames of `out_size()` values. Returns the number of output frames.
  std::size_t forward(State& state, std::span<const T> in, std::span<T> out,
                      std::span<const T> condition = {}) const noexcept {
    const bool fits = state.memory_ && in.size() == run_.in_size &&
                      out.size() >= run_.max_output_frames(1) * run_.out_size &&
                      condition.size() == run_.condition_size;
    return fits ? run_.forward_with(model_.get(), state.memory_.get(), in.data(), out.data(), condition.data()) : 0;
  }
  std::size_t forward(std::span<const T> in, std::span<T> out, std::span<const T> condition = {}) noexcept {
    return forward(state_, in, out, condition);
  }
  /// Computes one sample of a model with one input channel, one output channel, one output frame per input frame and
  /// `condition.size()` side channels. Returns 0 for other models.
  T forward(State& state, T in, std::span<const T> condition = {}) const noexcept {
    T out{};
    if (state.memory_ && is_mono() && condition.size() == run_.condition_size)
      run_.forward_with(model_.get(), state.memory_.get(), &in, &out, condition.data());
    return out;
  }
  T forward(T in, std::span<const T> condition = {}) noexcept { return forward(state_, in, condition); }

  /// Computes a planar buffer, as ModelT::process. Returns the number of frames written.
  std::size_t process(State& state, const T* const* in, T* const* out, std::size_t frames,
                      Condition<T> condition = {}) const noexcept {
    const std::size_t values = condition.values.size();
    const bool fits =
        state.memory_ && (values == run_.condition_size || (values < run_.condition_size && condition.channels));
    return fits ? run_.process_with(model_.get(), state.memory_.get(), in, out, frames, condition) : 0;
  }
  std::size_t process(const T* const* in, T* const* out, std::size_t frames, Condition<T> condition = {}) noexcept {
    return process(state_, in, out, frames, condition);
  }
  /// Computes a mono signal. The number of frames is the smaller of the two sizes.
  std::size_t process(State& state, std::span<const T> in, std::span<T> out,
                      Condition<T> condition = {}) const noexcept {
    if (run_.in_size != 1 || run_.out_size != 1 || !run_.one_to_one) return 0;
    const T* const from = in.data();
    T* const to = out.data();
    return process(state, &from, &to, in.size() < out.size() ? in.size() : out.size(), condition);
  }
  std::size_t process(std::span<const T> in, std::span<T> out, Condition<T> condition = {}) noexcept {
    return process(state_, in, out, condition);
  }

 private:
  /// The table in use, chosen at the first call.
  static const Table& table() {
    static const Table& chosen = choose();
    return chosen;
  }
  static const Table& choose() {
    const char* const forced = std::getenv("INLAY_ISA");
    std::string names;
    for (const Table* each : Family::tables()) {
      if (!processor_has(each->isa)) continue;
      if (!forced || std::string_view(forced) == each->isa) return *each;
      names += io::concat({names.empty() ? "" : ", ", each->isa});
    }
    throw load_error("instruction set", names, forced ? forced : "none");
  }

  /// Memory in which nothing was made yet.
  static Memory allocate(const Table& t, std::size_t bytes) {
    return Memory(::operator new(bytes, std::align_val_t(t.alignment)), {&t, [](void*) {}});
  }
  static Memory make_model(const Table& t, const void* from) {
    Memory memory = allocate(t, t.model_bytes);
    if (from) t.copy_model(memory.get(), from);
    else t.make_model(memory.get());
    memory.get_deleter().destroy = t.destroy_model;
    return memory;
  }
  static Memory make_state(const Table& t, const void* from) {
    Memory memory = allocate(t, t.state_bytes);
    if (from) t.copy_state(memory.get(), from);
    else t.make_state(memory.get());
    memory.get_deleter().destroy = t.destroy_state;
    return memory;
  }
  io::Runnable<T> runnable() { return table().runnable(model_.get(), state_.memory_.get()); }
  bool is_mono() const noexcept { return run_.in_size == 1 && run_.out_size == 1 && run_.one_to_one; }

  /// Loads and checks a copy, then replaces the model.
  ModelInfo load_records(const io::ModelFile& file) {
    try {
      Memory fresh = make_model(table(), model_.get());
      const double bound = table().load(fresh.get(), file.chain);
      State state;
      ModelInfo info = io::checked_info(file, table().runnable(fresh.get(), state.memory_.get()), bound);
      model_ = std::move(fresh);
      run_ = runnable();
      reset();
      return info;
    } catch (const load_error& error) {
      throw file.source.empty() ? error : error.from(file.source);
    }
  }

  Memory model_;
  State state_;
  io::Runnable<T> run_;
};

}  // namespace inlay
