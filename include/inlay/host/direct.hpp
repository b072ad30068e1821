/// Direct: an engine that runs in the callback on the host's own buffers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "inlay/core/channel_memory.hpp"
#include "inlay/host/bound_engine.hpp"
#include "inlay/host/shared_state.hpp"
#include "inlay/host/thread.hpp"

namespace inlay::host::detail {

/// For real-time engines whose `Ports::multiples` is true and whose reference hop is one frame: no ring, no copy, no
/// latency.
class Direct {
 public:
  Direct(Ports ports, std::size_t block, std::size_t crossfade, std::unique_ptr<EngineSet> engines, SharedState& shared)
      : ports_(std::move(ports)),
        crossfade_(crossfade),
        block_(block),
        shared_(shared),
        engines_(std::move(engines), crossfade),
        later_in_(channels_of(ports_.in)),
        later_out_(channels_of(ports_.out)) {
    std::size_t channels = 0, size = 0;
    for (const Port& port : ports_.out)
      if (port.streams()) channels += port.channels, size = std::max(size, port.hop * block);
    scratch_.resize(channels * size);
    for (std::size_t c = 0; c < channels; ++c) scratch_channels_.push_back(scratch_.data() + c * size);
    in_.resize(ports_.in.size());
    out_.resize(ports_.out.size());
    new_out_.resize(ports_.out.size());
  }

  void process(const float* const* in, float* const* out, std::size_t frames) noexcept {
    engines_.adopt();
    std::size_t done = 0;
    while (engines_.fading() != nullptr && done < frames) {  // in parts that fit the memory for the second output
      const std::size_t n = std::min(frames - done, block_);
      fade(later_in_.from(done, in), later_out_.from(done, out), n);
      done += n;
    }
    if (done == frames) return;
    if (done > 0) in = later_in_.from(done, in), out = later_out_.from(done, out);
    run(engines_.current(), in, out, out_, frames - done);
  }

  void reset() noexcept { ++signal_; }
  /// See `bind`.
  void bind_again() { bind(engines_); }
  void exchange(std::unique_ptr<EngineSet> engines) { engines_.offer(std::move(engines), 0); }

 private:
  static std::size_t channels_of(const std::vector<Port>& ports) {
    std::size_t channels = 0;
    for (const Port& port : ports) channels += port.streams() ? port.channels : 0;
    return channels;
  }

  void run(EngineSet& set, const float* const* in, float* const* out, std::vector<TensorView<float>>& out_views,
           std::size_t frames) noexcept {
    BoundEngine& engine = *set.lanes.front();
    engine.start(signal_);
    std::size_t value = 0;
    for (std::size_t i = 0; i < in_.size(); ++i) {
      const Port& port = ports_.in[i];
      if (port.streams()) {
        in_[i] = {in, port.channels, port.hop * frames};
        in += port.channels;
      } else {
        const std::span<const float> values = shared_.values[value++].read();
        std::copy(values.begin(), values.end(), engine.in(i));
        in_[i] = engine.job().in[i];
      }
    }
    for (std::size_t i = 0; i < out_views.size(); ++i) {
      const Port& port = ports_.out[i];
      if (port.streams()) out_views[i] = {out, port.channels, port.hop * frames}, out += port.channels;
      else out_views[i] = engine.job().out[i];
    }
    Job job{in_, out_views};
    const std::int64_t start = now();
    bool good = engine.run(job);
    for (std::size_t i = 0; good && i < out_views.size(); ++i)
      for (std::size_t c = 0; good && c < out_views[i].channels(); ++c)
        good = inlay::internal::all_finite<float>({out_views[i].channel(c), out_views[i].frames()});
    shared_.counters.ran(now() - start, frames, good);
    if (!good) {
      engine.reset();
      for (std::size_t i = 0; i < out_views.size(); ++i)
        for (std::size_t c = 0; ports_.out[i].streams() && c < ports_.out[i].channels; ++c)
          std::fill_n(out_views[i].channel(c), out_views[i].frames(), 0.0f);
    }
    std::size_t feature = 0;
    for (std::size_t i = 0; good && &set == &engines_.current() && i < out_views.size(); ++i)
      if (!ports_.out[i].streams()) shared_.features[feature++].write(runs_, engine.out(i));
    ++runs_;
  }

  /// The new engine writes to memory of its own, because the output may be the input.
  void fade(const float* const* in, float* const* out, std::size_t frames) noexcept {
    const std::size_t faded = engines_.faded();
    run(engines_.current(), in, scratch_channels_.data(), new_out_, frames);
    run(*engines_.fading(), in, out, out_, frames);
    std::size_t channel = 0;
    for (const Port& port : ports_.out)
      for (std::size_t c = 0; port.streams() && c < port.channels; ++c, ++channel)
        for (std::size_t f = 0; f < port.hop * frames; ++f) {
          const float gain =
              std::min(1.0f, static_cast<float>(faded + f / port.hop + 1) / static_cast<float>(crossfade_));
          out[channel][f] += (scratch_channels_[channel][f] - out[channel][f]) * gain;
        }
    engines_.advance(frames, 0);
  }

  Ports ports_;
  std::size_t crossfade_, block_;
  SharedState& shared_;
  EngineSwitch engines_;
  std::vector<float> scratch_;
  std::vector<float*> scratch_channels_;
  internal::LaterFrames<const float> later_in_;
  internal::LaterFrames<float> later_out_;
  std::vector<TensorView<const float>> in_;
  std::vector<TensorView<float>> out_, new_out_;
  std::uint64_t signal_ = 0, runs_ = 0;
};

}  // namespace inlay::host::detail
