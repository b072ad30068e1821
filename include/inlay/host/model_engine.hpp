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
#include "inlay/model/voices.hpp"

namespace inlay::host {

/// Options of a ModelEngine.
struct ModelEngineOptions {
  /// Number of signals that are processed separately, each with its own state: 2 for stereo with a mono model.
  std::size_t voices = 1;
  /// How many of the model's side channels, the first ones, are signals: a second input that streams. The others are
  /// values, set with `Session::set`.
  std::size_t signals = 0;
};

/// Runs an inlay model. Inputs: the model's channels, once for each voice; then, if there are any, side channels that
/// are signals, and the values of the others, both shared by the voices. Output: the model's channels, once for each
/// voice. Takes any number of frames that the model's rate divides. Real-time safe. Models of double are converted.
///
/// `Held` is M, a copy of the model, or std::reference_wrapper<M>.
template <InlayModel M, class Held = M>
class ModelEngine {
  using T = typename M::scalar;

 public:
  static constexpr bool real_time = true;

  /// Copies or moves the model to where it stays. Throws std::invalid_argument if the options do not fit the model.
  template <class A = Held>
    requires std::constructible_from<Held, A>
  explicit ModelEngine(A&& model, ModelEngineOptions options = {})
      : voices_(std::forward<A>(model), options.voices), options_(options) {
    if (options_.voices == 0) throw std::invalid_argument("inlay::host::ModelEngine: there must be at least one voice");
    if (options_.signals > sizes().condition)
      throw std::invalid_argument("inlay::host::ModelEngine: more signals than the model has side channels");
    if (options_.voices > 1 && sizes().rate != Rate{})
      throw std::invalid_argument("inlay::host::ModelEngine: a model that changes the rate has one voice");
    if constexpr (!std::same_as<T, float>) {
      in_.resize(sizes().in * options_.voices, Buffer::units * sizes().rate.in);
      side_.resize(options_.signals, Buffer::units * sizes().rate.in);
      out_.resize(sizes().out * options_.voices, Buffer::units * sizes().rate.out);
      values_.resize(sizes().condition - options_.signals);
    }
  }

  Ports ports() const {
    Ports ports;
    ports.multiples = true;
    ports.in.push_back(Port::stream(sizes().in * options_.voices, sizes().rate.in, "input"));
    if (options_.signals > 0) ports.in.push_back(Port::stream(options_.signals, sizes().rate.in, "side channels"));
    if (sizes().condition > options_.signals)
      ports.in.push_back(Port::values(sizes().condition - options_.signals, "condition"));
    ports.out.push_back(Port::stream(sizes().out * options_.voices, sizes().rate.out, "output"));
    ports.out.front().latency = (voices_.model().latency() * sizes().rate.out + sizes().rate.in - 1) / sizes().rate.in;
    return ports;
  }

  bool run(Job& job) noexcept {
    const std::size_t signals = options_.signals > 0 ? 1 : 0;
    const Rate rate = sizes().rate;
    const float* const* const side = signals > 0 ? job.in[1].channel_pointers() : nullptr;
    const std::span<const float> values =
        sizes().condition > options_.signals ? job.in[1 + signals].values() : std::span<const float>();
    const float* const* const in = job.in[0].channel_pointers();
    float* const* const out = job.out[0].channel_pointers();
    const std::size_t frames = job.in[0].frames();
    if constexpr (std::same_as<T, float>) {
      voices_.process(in, out, frames, Condition<T>(side, values));
    } else {
      std::copy(values.begin(), values.end(), values_.begin());
      for (std::size_t done = 0; done < frames;) {
        const std::size_t n = std::min(frames - done, Buffer::units * rate.in);
        voices_.process(in_.load(in, done, n), out_.channels(), n,
                        Condition<T>(side_.load(side, done, n), std::span<const T>(values_)));
        out_.store(out, done / rate.in * rate.out, n / rate.in * rate.out);
        done += n;
      }
    }
    return true;
  }

  void reset() noexcept { voices_.reset(); }

 private:
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

  const ModelSizes& sizes() const noexcept { return voices_.sizes(); }

  Voices<M, Held> voices_;
  ModelEngineOptions options_;
  Buffer in_, side_, out_;  // not used by models of float
  std::vector<T> values_;
};

}  // namespace inlay::host
