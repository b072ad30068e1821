/// Model: a network that is known only when its file is loaded.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "inlay/core/compiled.hpp"
#include "inlay/core/condition.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/io/read_model.hpp"
#include "inlay/io/runnable.hpp"

namespace inlay {

namespace run_time {
template <class T>
struct Network;
template <class T>
struct NetworkState;
template <class T>
class Kernels;
}  // namespace run_time

/// How a file is loaded into a `Model`.
struct ModelOptions {
  /// Of a file that holds a model in several sizes, how much of it, from 0 to 1 (see io::ReadOptions).
  std::optional<double> size{};
  /// Instruction set to run on, such as "sse2", "avx2" or "avx512", for tests and comparisons. By default the best one
  /// that both the program and the processor have, or the one that the environment variable INLAY_ISA names.
  std::string_view isa{};
};

/// Model<T>: a network of any file, in float or double, with the layers and kernels of `ModelT` and sizes that are
/// numbers. What a type can do for a network it does better; this is for files that nobody knew when the program was
/// written.
///
/// A model shares its weights with its copies and owns one `State`; further states (`Model<>::State voice =
/// model.new_state();`) run on the same weights through the const overloads, from several threads at once if each has
/// a state of its own. Everything is allocated while a model is loaded, copied, or a state made; `forward`, `process`
/// and `reset` do not allocate, lock, throw or call the system.
///
/// A call whose sizes do not fit the network, or whose state is another network's, computes nothing and returns 0, in
/// every build: no file can make a correct program unsafe. `accepts` tells beforehand.
///
/// Model<T, B> runs on a backend B of your own choice (<inlay/run_time/model_on.hpp>).
template <class T = float, class B = void>
class Model;

template <class T>
class Model<T, void> {
 public:
  using scalar = T;

  /// What a model remembers of one signal. Copies are independent. It keeps the weights alive.
  class State {
   public:
    State(const State& other);
    State(State&& other) noexcept;
    State& operator=(State other) noexcept;
    ~State();

   private:
    friend Model;
    explicit State(std::shared_ptr<const run_time::Network<T>> network);
    std::shared_ptr<const run_time::Network<T>> network_;
    std::unique_ptr<run_time::NetworkState<T>> state_;
  };

  /// Reads a file of any format that inlay knows, runs its check or, if it has none, a short test signal, and returns
  /// its network. From a std::filesystem::path, a std::istream or a nlohmann::json. Throws inlay::load_error. Not for
  /// the audio thread.
  template <class Source>
  static Model load(Source&& source, const ModelOptions& options = {}) {
    return of(io::read_model_of(std::forward<Source>(source), {options.size}), options);
  }
  /// The same from the text of a file.
  static Model load_text(std::string_view text, const ModelOptions& options = {}) {
    return of(io::read_model_text(text, {options.size}), options);
  }
  /// From the records of a file.
  static Model of(const io::ModelFile& file, const ModelOptions& options = {});

  Model(const Model&);
  Model(Model&&) noexcept;
  Model& operator=(Model) noexcept;
  ~Model();

  std::size_t in_size() const noexcept;
  std::size_t out_size() const noexcept;
  /// Side channels.
  std::size_t condition_size() const noexcept;
  /// Whether it takes and gives so many channels, with so many side channels, and one frame for each.
  bool accepts(std::size_t in, std::size_t out, std::size_t condition = 0) const noexcept;
  /// Frames out for frames in, and whether each frame in gives exactly one.
  Rate rate() const noexcept;
  bool one_to_one() const noexcept;
  /// The most frames that `frames` frames of input can give: the room that `process` needs.
  std::size_t max_output_frames(std::size_t frames) const noexcept;
  /// Frames of input that an output depends on, the present one included; `inlay::unbounded` for one that never
  /// forgets.
  std::size_t receptive_field() const noexcept;
  /// Numbers in the file's tensors.
  std::size_t parameters() const noexcept;
  /// Frames of input by which the output is late.
  std::size_t latency() const noexcept;
  /// The instruction set that it runs on, such as "avx2".
  std::string_view isa() const noexcept;
  /// What the file says beside the network; `sample_rate` in Hz, if it says so.
  const ModelInfo& info() const noexcept;
  std::optional<double> sample_rate() const noexcept { return info().sample_rate; }

  /// A state at the start of a signal: before it, as many frames of silence as the file's `prewarm` asks for.
  /// Allocates.
  State new_state() const;

  /// Puts a state to the start of a signal.
  void reset(State& state) const noexcept;
  void reset() noexcept { reset(state_); }

  /// One frame: `in_size()` values in, room for `out_size()` values of each of `max_output_frames(1)` frames out, and
  /// `condition_size()` values of side channels. Returns how many frames came out, which is one unless the rate says
  /// otherwise.
  std::size_t forward(State& state, std::span<const T> in, std::span<T> out,
                      std::span<const T> condition = {}) const noexcept;
  std::size_t forward(std::span<const T> in, std::span<T> out, std::span<const T> condition = {}) noexcept {
    return forward(state_, in, out, condition);
  }
  /// For a network that `accepts(1, 1)`; 0 for another.
  T forward(State& state, T in) const noexcept;
  T forward(T in) noexcept { return forward(state_, in); }

  /// `frames` frames, planar: in[c] and out[c] are the channels, of any alignment. In place means that
  /// out[c] == in[c] for each channel that both have; no other overlap is allowed. The output does not
  /// depend on how a signal is cut into calls, to the last bit. Returns the number of frames written.
  std::size_t process(State& state, const T* const* in, T* const* out, std::size_t frames,
                      Condition<T> condition = {}) const noexcept;
  std::size_t process(const T* const* in, T* const* out, std::size_t frames, Condition<T> condition = {}) noexcept {
    return process(state_, in, out, frames, condition);
  }
  /// One channel in, one out; as many frames as the shorter of both.
  std::size_t process(State& state, std::span<const T> in, std::span<T> out,
                      Condition<T> condition = {}) const noexcept;
  std::size_t process(std::span<const T> in, std::span<T> out, Condition<T> condition = {}) noexcept {
    return process(state_, in, out, condition);
  }
  /// Chosen where nothing else fits, for the sake of its message.
  template <class M = Model>
  std::size_t process(...) const {
    static_assert(
        sizeof(M) == 0,
        "inlay: process takes (in, out, frames), planar: const T* const* in and T* const* out, one pointer for "
        "each channel, or spans of samples for one channel in and out; side channels come last; a const model "
        "takes a State first");
    return 0;
  }
  /// Several voices, for a network that gives one frame for each: the channels of the first one, then those of the
  /// second, ...; of side channels there is one Condition for each voice. One after the other: a `ModelT` is faster.
  void process(std::span<State* const> voices, const T* const* in, T* const* out, std::size_t frames,
               std::span<const Condition<T>> conditions = {}) const noexcept;

  /// For checks and tests: the model with its own state.
  io::Runnable<T> runnable() noexcept;

 protected:
  static Model of(const io::ModelFile& file, const run_time::Kernels<T>& kernels);

 private:
  explicit Model(std::shared_ptr<const run_time::Network<T>> network);

  std::shared_ptr<const run_time::Network<T>> network_;
  State state_;
};

}  // namespace inlay

#if !defined(INLAY_COMPILED)
#include "inlay/run_time/model.ipp"
#endif
