/// Model: a network that is known only when its file is loaded.
#pragma once

#include <cassert>
#include <cstddef>
#include <filesystem>
#include <istream>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "inlay/backend/default.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/condition.hpp"
#include "inlay/io/check.hpp"
#include "inlay/io/load.hpp"
#include "inlay/io/runnable.hpp"
#include "inlay/model/overlap.hpp"
#include "inlay/model/tiles.hpp"
#include "inlay/run_time/build.hpp"
#include "inlay/run_time/pace.hpp"
#include "inlay/run_time/program.hpp"
#include "inlay/run_time/record.hpp"

namespace inlay::INLAY_ISA {

/// A network of any file: the layers and kernels of `ModelT` with sizes that are numbers. What a type can do for a
/// network it does better; this is for files that nobody knew when the program was written.
///
/// A model shares its weights with its copies and owns one `State`; further states (`Model<>::State voice =
/// model.new_state();`) run on the same weights through the const overloads, from several threads at once if each has
/// a state of its own. Everything is allocated while a model is loaded, copied, or a state made; `forward`, `process`
/// and `reset` do not allocate, lock, throw or call the system.
template <class T = float, Backend B = default_backend_for<T>>
class Model {
  using Program = run_time::Program<B>;

 public:
  using scalar = T;
  using State = typename Program::State;

  /// Reads a file of any format that inlay knows, runs its check if it has one, and gives its network. From a
  /// std::filesystem::path, a std::istream or a nlohmann::json. Throws inlay::load_error. Not for the audio thread.
  template <class Source>
  static Model load(Source&& source) {
    std::shared_ptr<Network> network;
    Loader loader{network};
    load_model(loader, std::forward<Source>(source));
    return Model(std::move(network));
  }
  /// The same from the text of a file.
  static Model load_text(std::string_view text) {
    std::shared_ptr<Network> network;
    Loader loader{network};
    load_model_text(loader, text);
    return Model(std::move(network));
  }

  /// From what was read of a file.
  static Model of(const io::ModelFile& file) { return Model(build(file)); }

  std::size_t in_size() const noexcept { return network_->widths.in; }
  std::size_t out_size() const noexcept { return network_->widths.out; }
  /// Side channels.
  std::size_t condition_size() const noexcept { return network_->widths.condition; }
  /// Frames out for frames in, and whether each frame in gives exactly one.
  Rate rate() const noexcept { return network_->pace.rate(); }
  bool one_to_one() const noexcept { return network_->pace.one_to_one(); }
  /// The most frames that `frames` frames of input can give: the room that `process` needs.
  std::size_t most_frames(std::size_t frames) const noexcept { return network_->pace.most_frames(frames); }
  /// Frames of input that an output depends on, the present one included; `inlay::unbounded` for one that never
  /// forgets.
  std::size_t receptive_field() const noexcept { return network_->receptive_field; }
  /// Numbers in the file's tensors.
  std::size_t parameters() const noexcept { return network_->parameters; }
  /// Frames of input by which the output is late.
  std::size_t latency() const noexcept { return network_->latency; }
  /// What the file says beside the network; `sample_rate` in Hz, if it says so.
  const ModelInfo& info() const noexcept { return network_->info; }
  std::optional<double> sample_rate() const noexcept { return info().sample_rate; }

  /// A state at the start of a signal: before it, as many frames of silence as the file's `prewarm` asks for.
  /// Allocates.
  State new_state() const { return network_->program.state(); }

  /// Puts a state to the start of a signal.
  void reset(State& state) const noexcept { network_->program.reset(state); }
  void reset() noexcept { reset(state_); }

  /// One frame: `in_size()` values in, room for `out_size()` values of each frame that comes out, and
  /// `condition_size()` values of side channels. Returns how many frames came out, which is one unless the rate says
  /// otherwise.
  std::size_t forward(State& state, std::span<const T> in, std::span<T> out,
                      std::span<const T> condition = {}) const noexcept {
    assert(in.size() == in_size() && out.size() >= out_size() && condition.size() == condition_size());
    const Program& program = network_->program;
    if (!one_to_one()) return single_tile(state, in, out, condition);
    const auto copy = [](const T* from, std::size_t size, T* to) INLAY_INLINE_LAMBDA {
      if (size == 1) *to = *from;  // most often
      else copy_exactly<B>(from, to, Extent<dynamic>{size});
    };
    copy(in.data(), in_size(), program.in_frame(state));
    if (!condition.empty()) copy(condition.data(), condition_size(), program.condition_frame(state));
    program.frame(state);
    copy(program.out_frame(state), out_size(), out.data());
    return 1;
  }
  std::size_t forward(std::span<const T> in, std::span<T> out, std::span<const T> condition = {}) noexcept {
    return forward(state_, in, out, condition);
  }
  /// For a network of one channel in and out, one frame for each, and no side channels.
  T forward(State& state, T in) const noexcept {
    T out{};
    forward(state, std::span<const T>(&in, 1), std::span<T>(&out, 1));
    return out;
  }
  T forward(T in) noexcept { return forward(state_, in); }

  /// `frames` frames, planar: in[c] and out[c] are the channels, of any alignment. In place means that
  /// out[c] == in[c] for each channel that both have; no other overlap is allowed. The output does not
  /// depend on how a signal is cut into calls, to the last bit. Returns the number of frames written.
  std::size_t process(State& state, const T* const* in, T* const* out, std::size_t frames,
                      Condition<T> condition = {}) const noexcept {
    assert(!one_to_one() || detail::overlaps_only_in_place(in, in_size(), out, out_size(), frames));
    assert(condition.values.size() <= condition_size());
    assert(condition.values.size() == condition_size() || condition.channels != nullptr);
    const Program& program = network_->program;
    return detail::by_tiles<T>(
        network_->widths, {program.in_tile(state), program.out_tile(state), program.condition_tile(state)},
        network_->tile, in, out, frames, condition, [&](std::size_t count) { return program.tile(state, count); });
  }
  std::size_t process(const T* const* in, T* const* out, std::size_t frames, Condition<T> condition = {}) noexcept {
    return process(state_, in, out, frames, condition);
  }
  /// One channel in, one out; as many frames as the shorter of both.
  std::size_t process(State& state, std::span<const T> in, std::span<T> out,
                      Condition<T> condition = {}) const noexcept {
    const T* const from = in.data();
    T* const to = out.data();
    return process(state, &from, &to, std::min(in.size(), out.size()), condition);
  }
  std::size_t process(std::span<const T> in, std::span<T> out, Condition<T> condition = {}) noexcept {
    return process(state_, in, out, condition);
  }
  /// Several voices, for a network that gives one frame for each: the channels of the first one, then those of the
  /// second, ...; of side channels there is one Condition for each voice. One after the other: a `ModelT` is faster.
  void process(std::span<State* const> voices, const T* const* in, T* const* out, std::size_t frames,
               std::span<const Condition<T>> conditions = {}) const noexcept {
    assert(one_to_one() && (condition_size() == 0 || conditions.size() == voices.size()));
    for (std::size_t v = 0; v < voices.size(); ++v)
      process(*voices[v], in + v * in_size(), out + v * out_size(), frames,
              conditions.empty() ? Condition<T>{} : conditions[v]);
  }

 private:
  struct Network {
    Program program;
    detail::Widths widths{};
    run_time::Pace pace;
    std::size_t tile = 0;  ///< frames that go through it at once
    std::size_t receptive_field = 0, latency = 0, parameters = 0;
    ModelInfo info;
  };

  /// What the loading functions fill.
  struct Loader {
    std::shared_ptr<Network>& network;
    ModelInfo fill(const io::ModelFile& file) {
      network = build(file);
      return network->info;
    }
  };

  static std::shared_ptr<Network> build(const io::ModelFile& file);

  explicit Model(std::shared_ptr<const Network> network)
      : network_(std::move(network)), state_(network_->program.state()) {}

  std::size_t single_tile(State& state, std::span<const T> in, std::span<T> out,
                          std::span<const T> condition) const noexcept {
    const Program& program = network_->program;
    const auto spread = [](std::span<const T> values, Block<T> tile) {
      for (std::size_t c = 0; c < values.size(); ++c) *tile.row(c) = values[c];
    };
    spread(in, program.in_tile(state));
    spread(condition, program.condition_tile(state));
    const std::size_t given = program.tile(state, 1);
    for (std::size_t f = 0; f < given; ++f)
      for (std::size_t c = 0; c < out_size(); ++c) out[f * out_size() + c] = program.out_tile(state).row(c)[f];
    return given;
  }

 public:
  /// For the check, and for tests: the model with its own state.
  io::Runnable<T> runnable() noexcept {
    return {in_size(),
            out_size(),
            condition_size(),
            receptive_field(),
            rate(),
            one_to_one(),
            [](const void* m, std::size_t frames) { return static_cast<const Model*>(m)->most_frames(frames); },
            this,
            &state_,
            [](const void* m, void* state) { static_cast<const Model*>(m)->reset(*static_cast<State*>(state)); },
            [](const void* m, void* state, const T* x, T* y, const T* side) {
              const auto& model = *static_cast<const Model*>(m);
              return model.forward(*static_cast<State*>(state), {x, model.in_size()}, {y, model.out_size()},
                                   {side, model.condition_size()});
            },
            [](const void* m, void* state, const T* const* x, T* const* y, std::size_t frames, const T* const* side) {
              return static_cast<const Model*>(m)->process(*static_cast<State*>(state), x, y, frames, side);
            }};
  }

 private:
  std::shared_ptr<const Network> network_;
  State state_;
};

// Not inline: `extern template class inlay::Model<float>;` leaves all that it takes to another source file.
template <class T, Backend B>
auto Model<T, B>::build(const io::ModelFile& file) -> std::shared_ptr<Network> {
  auto network = std::make_shared<Network>();
  run_time::Builder<B> builder(network->program);
  const std::size_t in_size = file.check ? file.check->input.shape[1] : run_time::width_of(file.chain);
  const bool conditioned = file.check && !file.check->condition.shape.empty();
  const std::size_t condition_size = conditioned ? file.check->condition.shape[1] : io::condition_of(file.chain);
  const run_time::Signal in = builder.input(in_size), condition = builder.input(condition_size);
  const run_time::Signal out = builder.chain(file.chain, in, condition);
  network->program.finish(in.parts[0], builder.together(out), condition.parts[0]);
  network->widths = {in_size, out.count(), condition_size};
  network->pace = out.pace;
  network->tile = out.pace.tile();
  network->receptive_field = out.reach == unbounded ? unbounded : out.reach + 1;
  network->latency = out.latency;
  network->parameters = io::parameters_of(file.chain);
  network->info = file.info;
  if (file.check) {
    Model model(network);
    network->info.check_error = io::run_check(model.runnable(), *file.check, builder.bound);
  }
  if (file.info.prewarm > 0) network->program.start_after_silence(file.info.prewarm, network->tile);
  return network;
}

}  // namespace inlay::INLAY_ISA
