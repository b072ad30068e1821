/// ModelEngine: an inlay model as an engine.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "inlay/core/condition.hpp"
#include "inlay/host/engine.hpp"

namespace inlay::host {

/// Options of a ModelEngine.
struct ModelEngineOptions {
  /// Number of signals that are processed separately, each with its own state: 2 for stereo with a mono model.
  std::size_t voices = 1;
  /// How many of the model's side channels, the first ones, are signals: a second input that streams. The others are
  /// values, set with `Session::set`.
  std::size_t signals = 0;
};

/// A type with inlay's interface of a model: `ModelT`, `Model`.
template <class M>
concept InlayModel = requires(M& model, typename M::State& state) {
  typename M::scalar;
  model.reset(state);
  { model.latency() } -> std::convertible_to<std::size_t>;
};

/// Runs an inlay model. Inputs: the model's channels, once for each voice; then, if there are any, side channels that
/// are signals, and the values of the others, both shared by the voices. Output: the model's channels, once for each
/// voice. Takes any number of frames that the model's rate divides. Real-time safe. Models of double are converted.
///
/// `Held` is M, a copy of the model, or std::reference_wrapper<M>.
template <InlayModel M, class Held = M>
class ModelEngine {
  using T = typename M::scalar;
  using State = typename M::State;

 public:
  static constexpr bool real_time = true;

  /// Copies or moves the model to where it stays. Throws std::invalid_argument if the options do not fit the model.
  template <class A = Held>
    requires std::constructible_from<Held, A>
  explicit ModelEngine(A&& model, ModelEngineOptions options = {})
      : model_(std::forward<A>(model)), options_(options), sizes_(sizes()) {
    if (options_.voices == 0) throw std::invalid_argument("inlay::host::ModelEngine: there must be at least one voice");
    if (options_.signals > sizes_.condition)
      throw std::invalid_argument("inlay::host::ModelEngine: more signals than the model has side channels");
    if (options_.voices > 1 && (sizes_.frames_in != 1 || sizes_.frames_out != 1))
      throw std::invalid_argument("inlay::host::ModelEngine: a model that changes the rate has one voice");
    states_.reserve(options_.voices);
    for (std::size_t v = 0; v < options_.voices; ++v) {
      if constexpr (requires { this->model().new_state(); }) states_.push_back(this->model().new_state());
      else states_.emplace_back();
    }
    conditions_.resize(options_.voices);
    voices_.resize(options_.voices);
    if constexpr (!std::same_as<T, float>) {
      in_.resize(sizes_.in * options_.voices, Buffer::units * sizes_.frames_in);
      side_.resize(options_.signals, Buffer::units * sizes_.frames_in);
      out_.resize(sizes_.out * options_.voices, Buffer::units * sizes_.frames_out);
      values_.resize(sizes_.condition - options_.signals);
    }
  }

  Ports ports() const {
    Ports ports;
    ports.multiples = true;
    ports.in.push_back(Port::stream(sizes_.in * options_.voices, sizes_.frames_in, "input"));
    if (options_.signals > 0) ports.in.push_back(Port::stream(options_.signals, sizes_.frames_in, "side channels"));
    if (sizes_.condition > options_.signals)
      ports.in.push_back(Port::values(sizes_.condition - options_.signals, "condition"));
    ports.out.push_back(Port::stream(sizes_.out * options_.voices, sizes_.frames_out, "output"));
    ports.out.front().latency = (model().latency() * sizes_.frames_out + sizes_.frames_in - 1) / sizes_.frames_in;
    return ports;
  }

  bool run(Job& job) noexcept {
    const std::size_t signals = options_.signals > 0 ? 1 : 0;
    const float* const* const side = signals > 0 ? job.in[1].channel_pointers() : nullptr;
    const std::span<const float> values =
        sizes_.condition > options_.signals ? job.in[1 + signals].values() : std::span<const float>();
    const float* const* const in = job.in[0].channel_pointers();
    float* const* const out = job.out[0].channel_pointers();
    const std::size_t frames = job.in[0].frames();
    if constexpr (std::same_as<T, float>) {
      process(in, side, values, out, frames);
    } else {
      std::copy(values.begin(), values.end(), values_.begin());
      for (std::size_t done = 0; done < frames;) {
        const std::size_t n = std::min(frames - done, Buffer::units * sizes_.frames_in);
        process(in_.load(in, done, n), side_.load(side, done, n), values_, out_.channels(), n);
        out_.store(out, done / sizes_.frames_in * sizes_.frames_out, n / sizes_.frames_in * sizes_.frames_out);
        done += n;
      }
    }
    return true;
  }

  void reset() noexcept {
    for (State& state : states_) model().reset(state);
  }

 private:
  struct Sizes {
    std::size_t in, out, condition, frames_in, frames_out;
  };

  /// A buffer of one side for models of another scalar: a few frames of each channel.
  struct Buffer {
    static constexpr std::size_t units = 64;
    std::vector<T> memory;
    std::vector<T*> pointers;
    void resize(std::size_t count, std::size_t frames) {
      memory.resize(count * frames);
      pointers.resize(count);
    }
    T* const* channels() noexcept {
      for (std::size_t c = 0; c < pointers.size(); ++c) pointers[c] = &memory[c * (memory.size() / pointers.size())];
      return pointers.data();
    }
    const T* const* load(const float* const* from, std::size_t offset, std::size_t frames) noexcept {
      channels();
      for (std::size_t c = 0; c < pointers.size(); ++c) std::copy_n(from[c] + offset, frames, pointers[c]);
      return pointers.data();
    }
    void store(float* const* to, std::size_t offset, std::size_t frames) const noexcept {
      for (std::size_t c = 0; c < pointers.size(); ++c)
        std::transform(pointers[c], pointers[c] + frames, to[c] + offset, [](T x) { return static_cast<float>(x); });
    }
  };

  Sizes sizes() const {
    const M& m = model();
    if constexpr (requires { m.in_size(); })
      return {m.in_size(), m.out_size(), m.condition_size(), m.rate().in, m.rate().out};
    else return {M::in_size, M::out_size, M::condition_size, M::rate.in, M::rate.out};
  }
  const M& model() const noexcept { return model_; }

  void process(const T* const* in, const T* const* side, std::span<const T> values, T* const* out,
               std::size_t frames) noexcept {
    if (options_.voices == 1) {
      model().process(states_.front(), in, out, frames, Condition<T>(side, values));
      return;
    }
    if constexpr (requires { requires M::one_to_one; } || requires { this->model().one_to_one(); }) {
      for (std::size_t v = 0; v < options_.voices; ++v) {
        voices_[v] = &states_[v];
        conditions_[v] = Condition<T>(side, values);
      }
      model().process(std::span<State* const>(voices_), in, out, frames, std::span<const Condition<T>>(conditions_));
    }
  }

  Held model_;
  ModelEngineOptions options_;
  Sizes sizes_;
  std::vector<State> states_;
  std::vector<State*> voices_;
  std::vector<Condition<T>> conditions_;
  Buffer in_, side_, out_;  // not used by models of float
  std::vector<T> values_;
};

}  // namespace inlay::host
