/// Model: a network whose layers and sizes are read from a file at run time.
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

/// Options of `Model::load`.
struct ModelOptions {
  /// Size to load from a file that holds a model in several sizes, from 0 to 1 (see io::ReadOptions).
  std::optional<double> size{};
  /// Instruction set to run on, such as "sse2", "avx2" or "avx512"; for tests and comparisons. Default: the one named
  /// by the environment variable INLAY_ISA, or else the widest one that both the program and the processor have.
  std::string_view isa{};
};

/// Model<T>: a network of dynamic sizes, loaded from any supported file. T is float or double. It uses the layers and
/// kernels of `ModelT`. If the network is known at compile time, `ModelT` is faster.
///
/// Weights and states: copies of a model share the weights. A model owns one `State`. Further states
/// (`Model<>::State voice = model.new_state();`) run on the same weights through the const overloads, also from several
/// threads, if each thread has its own state.
///
/// Real-time safety: `forward`, `process` and `reset` do not allocate, lock, throw or make system calls. Loading,
/// copying and making a state allocate.
///
/// Size errors: if the sizes of a call do not fit the network, or the state belongs to another network, the call
/// computes nothing and returns 0. This holds in every build type, so that no file can make a correct program unsafe.
/// Use `accepts` to check the sizes in advance.
///
/// Model<T, B> runs on a backend B of your choice (<inlay/run_time/model_on.hpp>).
template <class T = float, class B = void>
class Model;

template <class T>
class Model<T, void> {
 public:
  using scalar = T;

  /// The memory of a network for one signal: past frames and recurrent states. Copies are independent. A state keeps
  /// the weights alive.
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

  /// Loads a model from a std::filesystem::path, a std::istream or a nlohmann::json, in any supported format. Runs the
  /// file's check; a file without a check gets a short test signal instead. Throws inlay::load_error. Not real-time
  /// safe.
  template <class Source>
  static Model load(Source&& source, const ModelOptions& options = {}) {
    return of(io::read_model_of(std::forward<Source>(source), {options.size}), options);
  }
  /// Loads a model from the contents of a file: text, or the bytes of a .namb file.
  static Model load_text(std::string_view text, const ModelOptions& options = {}) {
    return of(io::read_model_text(text, {options.size}), options);
  }
  /// Makes a model from the contents of a file.
  static Model of(const io::ModelFile& file, const ModelOptions& options = {});

  Model(const Model&);
  Model(Model&&) noexcept;
  Model& operator=(Model) noexcept;
  ~Model();

  /// Number of input channels.
  std::size_t in_size() const noexcept;
  /// Number of output channels.
  std::size_t out_size() const noexcept;
  /// Number of side channels (knobs).
  std::size_t condition_size() const noexcept;
  /// Returns whether the network has these numbers of channels and gives one output frame per input frame.
  bool accepts(std::size_t in, std::size_t out, std::size_t condition = 0) const noexcept;
  /// The rate {in, out}, in lowest terms: `out` output frames per `in` input frames.
  Rate rate() const noexcept;
  /// Returns whether each input frame gives exactly one output frame.
  bool one_to_one() const noexcept;
  /// Largest number of output frames for `frames` input frames: the room that `process` needs.
  std::size_t max_output_frames(std::size_t frames) const noexcept;
  /// Number of input frames that an output frame depends on, including the current one; `inlay::unbounded` for
  /// recurrent networks.
  std::size_t receptive_field() const noexcept;
  /// Number of values in the file's tensors.
  std::size_t parameters() const noexcept;
  /// Multiply-accumulates per input frame. Activation functions are not counted.
  std::size_t macs_per_sample() const noexcept;
  /// Latency in input frames.
  std::size_t latency() const noexcept;
  /// Name of the instruction set that the model runs on, such as "avx2".
  std::string_view isa() const noexcept;
  /// Information in the file other than the network.
  const ModelInfo& info() const noexcept;
  /// Sample rate of the training data in Hz, if the file states it.
  std::optional<double> sample_rate() const noexcept { return info().sample_rate; }

  /// Makes a state at the start of a signal, as after `reset`. Allocates.
  State new_state() const;

  /// Sets a state to the start of a signal: to the state after the file's `prewarm` frames of silence. Does nothing if
  /// the state belongs to another network.
  void reset(State& state) const noexcept;
  void reset() noexcept { reset(state_); }

  /// Computes one frame. `in` has `in_size()` values, `condition` has `condition_size()` values, `out` has room for
  /// `max_output_frames(1)` frames of `out_size()` values. Returns the number of output frames: one unless the network
  /// changes the rate. If the sizes do not fit, nothing is computed and 0 is returned.
  std::size_t forward(State& state, std::span<const T> in, std::span<T> out,
                      std::span<const T> condition = {}) const noexcept;
  std::size_t forward(std::span<const T> in, std::span<T> out, std::span<const T> condition = {}) noexcept {
    return forward(state_, in, out, condition);
  }
  /// Computes one sample of a network that `accepts(1, 1, condition.size())`. Returns 0 for other networks.
  T forward(State& state, T in, std::span<const T> condition = {}) const noexcept;
  T forward(T in, std::span<const T> condition = {}) noexcept { return forward(state_, in, condition); }

  /// Computes `frames` frames, planar: in[c] and out[c] point to channel c, of any alignment. In-place operation is
  /// allowed: out[c] == in[c] for each channel that both have. Channels must not overlap otherwise. How a signal is
  /// divided into calls does not change the output, to the last bit. Returns the number of frames written.
  std::size_t process(State& state, const T* const* in, T* const* out, std::size_t frames,
                      Condition<T> condition = {}) const noexcept;
  std::size_t process(const T* const* in, T* const* out, std::size_t frames, Condition<T> condition = {}) noexcept {
    return process(state_, in, out, frames, condition);
  }
  /// Computes a mono signal. The number of frames is the smaller of the two sizes.
  std::size_t process(State& state, std::span<const T> in, std::span<T> out,
                      Condition<T> condition = {}) const noexcept;
  std::size_t process(std::span<const T> in, std::span<T> out, Condition<T> condition = {}) noexcept {
    return process(state_, in, out, condition);
  }
  /// Fallback overload: reports wrong arguments in one line.
  template <class M = Model>
  std::size_t process(...) const {
    static_assert(
        sizeof(M) == 0,
        "inlay: process takes (in, out, frames), planar: const T* const* in and T* const* out, one pointer for "
        "each channel, or spans of samples for one channel in and out; side channels come last; a const model "
        "takes a State first");
    return 0;
  }
  /// Computes several voices, one after the other, each with its own state. `in` and `out` list the channels of the
  /// first voice, then those of the second, and so on. `conditions` has one entry per voice. Requires `one_to_one()`.
  /// `ModelT` interleaves voices and is faster.
  void process(std::span<State* const> voices, const T* const* in, T* const* out, std::size_t frames,
               std::span<const Condition<T>> conditions = {}) const noexcept;

  /// Returns a view of the model and its own state, for checks and tests.
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
