/// SessionCore: what is behind a Session, without templates.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "inlay/core/no_denormals.hpp"
#include "inlay/host/bound_engine.hpp"
#include "inlay/host/direct.hpp"
#include "inlay/host/engine.hpp"
#include "inlay/host/pipeline.hpp"
#include "inlay/host/plan.hpp"
#include "inlay/host/pool.hpp"
#include "inlay/host/pool_core.hpp"
#include "inlay/host/session_options.hpp"
#include "inlay/host/shared_state.hpp"
#include "inlay/host/stats.hpp"

namespace inlay::host::detail {

/// A session of an engine of any type. See Session for what its functions do.
class SessionCore {
 public:
  SessionCore(std::shared_ptr<AnyEngine> made, std::optional<Pool> in_pool, SessionOptions chosen)
      : engine_(std::move(made)), pool_(std::move(in_pool)), options_(std::move(chosen)) {
    options_.crossfade = std::max<std::size_t>(options_.crossfade, 1);
    own_ports_ = ports_ = ports_of(*engine_);
    check_ports();
    shared_ = std::make_unique<SharedState>(own_ports_);
    if (options_.lanes == 0 || options_.lanes > 1024) fail("lanes must be from 1 to 1024");
    if (options_.lanes > 1 && !pool_) fail("only a pool has more than one lane");
    if (options_.lanes > 1 && !engine_->stateless())
      fail("an engine that is not stateless has one lane: its jobs must run in order");
    if (options_.miss == Miss::custom && !options_.fill) fail("Miss::custom needs SessionOptions::fill");
  }

  // --- prepare -----------------------------------------------------------------------------------------

  Plan prepare(const Host& host, Budget budget) {
    const std::lock_guard lock(mutex_);
    const Ports new_ports = ports_for(host);
    const std::size_t reference = new_ports.hops().reference();
    if (options_.miss == Miss::dry) check_dry(new_ports);
    const bool in_place = own_ports_.multiples && reference == 1 && on_audio_thread();
    if (in_place && host.block < 1) fail("the block must be at least one frame");
    if (on_audio_thread()) budget = {};
    Plan new_plan = inlay::host::plan(new_ports.hops(), host, budget, options_.lanes);  // checks the arguments
    reset();
    try {
      if (pipeline_) pipeline_->drain();
      if (in_place) {
        new_plan = Plan{};
        new_plan.feasible = true;
        for (std::size_t i = 0; i < new_ports.out.size(); ++i) new_plan.latencies.push_back(0);
      } else if (budget.runs > 0) {
        budget.run_ms = measure(new_ports, budget);
        new_plan = inlay::host::plan(new_ports.hops(), host, budget, options_.lanes);
      }
      if (!new_plan.feasible)
        throw std::runtime_error(
            "inlay::host::Session: the engine cannot keep up: a run takes " + std::to_string(budget.run_ms) +
            " ms, and " + std::to_string(options_.lanes) + " lane(s) have " +
            std::to_string(1000 * static_cast<double>(reference * options_.lanes) / host.rate) + " ms for it");
      install(new_ports, new_plan, host, budget);
    } catch (...) {
      if (pipeline_) pipeline_->bind_again();
      if (direct_) direct_->bind_again();
      throw;
    }
    return plan_;
  }

  void exchange(std::shared_ptr<AnyEngine> engine) {
    const std::lock_guard lock(mutex_);
    const Ports ports = ports_of(*engine);
    if (!same_ports(ports, own_ports_)) fail("the tensors of the new engine differ from those of the old one");
    if (options_.lanes > 1 && !engine->stateless())
      fail("the new engine is not stateless, and there are several lanes");
    if (pipeline_) pipeline_->exchange(make_set(engine, ports_));
    else if (direct_) direct_->exchange(make_set(engine, ports_));
    engine_ = std::move(engine);
  }

  bool on_audio_thread() const noexcept { return !pool_; }

  // --- the audio thread ---------------------------------------------------------------------------------

  void process(const float* const* in, float* const* out, std::size_t frames) noexcept {
    if (direct_) return direct_->process(in, out, frames);
    if (!pipeline_) return silence(out, frames);
    const std::int64_t patience = patience_for(frames);
    for (auto* side : {&in_, &out_})
      for (Stream& stream : *side) stream.offset = 0;
    while (frames > 0) {
      const std::size_t part = std::min(frames, largest_block_);
      const float* const* from = in;
      for (Stream& stream : in_) {
        const std::size_t n = frames_of(stream, part);
        pipeline_->push(stream.port, from, stream.offset, n);
        stream.offset += n;
        from += stream.channels;
      }
      if (in_.empty()) pipeline_->advance(part);
      pipeline_->submit();
      float* const* to = out;
      for (Stream& stream : out_) {
        const std::size_t n = frames_of(stream, part);
        pipeline_->pop(stream.port, to, stream.offset, n, patience);
        stream.offset += n;
        to += stream.channels;
      }
      frames -= part;
    }
  }

  void push(std::size_t i, const float* const* channels, std::size_t frames) noexcept {
    const Stream* const stream = find(in_, i);
    if (stream == nullptr || !pipeline_) return;
    for (std::size_t done = 0; done < frames;) {
      const std::size_t n = std::min(frames - done, stream->largest);
      pipeline_->push(i, channels, done, n);
      pipeline_->submit();
      done += n;
    }
  }
  void pop(std::size_t i, float* const* channels, std::size_t frames) noexcept {
    const Stream* const stream = find(out_, i);
    if (stream == nullptr || !pipeline_) return;
    const std::int64_t patience = patience_for(frames * reference_hop_ / stream->hop);
    for (std::size_t done = 0; done < frames;) {
      const std::size_t n = std::min(frames - done, stream->largest);
      if (in_.empty() && stream == out_.data()) {
        pipeline_->advance(n);
        pipeline_->submit();
      }
      pipeline_->pop(i, channels, done, n, patience);
      done += n;
    }
  }

  void reset() noexcept {
    if (direct_) direct_->reset();
    if (pipeline_) pipeline_->reset();
    for (auto* side : {&in_, &out_})
      for (Stream& stream : *side) stream.remainder = 0;
  }

  // --- any thread ---------------------------------------------------------------------------------------

  bool set(std::size_t i, std::span<const float> values) noexcept {
    const std::size_t n = index_of_values(own_ports_.in, i);
    return n < shared_->values.size() && shared_->values[n].size() == values.size() && shared_->values[n].write(values);
  }
  bool latest(std::size_t i, std::span<float> values) const noexcept {
    const std::size_t n = index_of_values(own_ports_.out, i);
    return n < shared_->features.size() && shared_->features[n].size() == values.size() &&
           shared_->features[n].read(values);
  }
  void set_offline(bool offline) noexcept { shared_->offline.store(offline, std::memory_order_relaxed); }
  Stats stats() const noexcept { return shared_->counters.read(); }
  std::size_t latency(std::size_t i) const noexcept {
    return i < shared_->latencies.size() ? shared_->latencies[i].load(std::memory_order_relaxed) : 0;
  }
  const Plan& plan() const noexcept { return plan_; }
  const Ports& ports() const noexcept { return ports_; }

 private:
  /// A tensor that streams, in `process`.
  struct Stream {
    std::size_t port, channels, hop;
    std::size_t largest;        // frames in a part
    std::size_t remainder = 0;  // of frames * hop / reference hop
    std::size_t offset = 0;     // frames so far in this call
  };

  Ports ports_of(const AnyEngine& engine) const {
    Ports ports = engine.ports();
    if (options_.latencies.size() > ports.out.size())
      fail("SessionOptions::latencies has more entries than the engine outputs");
    for (std::size_t i = 0; i < options_.latencies.size(); ++i) ports.out[i].latency = options_.latencies[i];
    return ports;
  }
  [[noreturn]] static void fail(const std::string& what) {
    throw std::invalid_argument("inlay::host::Session: " + what);
  }
  static std::string describe(const char* side, std::size_t i, const Port& port) {
    return std::string(side) + " " + std::to_string(i) + (port.name.empty() ? "" : " (\"" + port.name + "\")");
  }

  void check_ports() const {
    const Hops hops = own_ports_.hops();  // at most 16 on a side
    for (const auto& [side, list] : {std::pair{"input", &own_ports_.in}, std::pair{"output", &own_ports_.out}})
      for (std::size_t i = 0; i < list->size(); ++i) {
        const Port& port = (*list)[i];
        if (port.channels == 0) fail(describe(side, i, port) + " has no channels");
        if (port.window > 0 && port.window < port.hop)
          fail(describe(side, i, port) + " sees " + std::to_string(port.window) + " frames, fewer than its hop of " +
               std::to_string(port.hop));
        if (list == &own_ports_.out && port.window > port.hop)
          fail(describe(side, i, port) + " has a window; only inputs do");
        if (own_ports_.multiples && port.window > port.hop)
          fail(describe(side, i, port) + " has a window, so its hop cannot be multiplied");
      }
    if (hops.reference() == 0) fail("the engine has no tensor that streams");
  }

  Ports ports_for(const Host& host) const {
    if (!own_ports_.multiples) {
      if (options_.hop != 0 && options_.hop != own_ports_.hops().reference())
        fail("SessionOptions::hop is " + std::to_string(options_.hop) + ", but the engine always takes " +
             std::to_string(own_ports_.hops().reference()) + " frames");
      return own_ports_;
    }
    const std::size_t unit = own_ports_.hops().reference();
    std::size_t hop = options_.hop;
    if (hop % unit != 0)
      fail("SessionOptions::hop is " + std::to_string(hop) + ", but the engine takes multiples of " +
           std::to_string(unit) + " frames");
    if (hop == 0)
      hop = on_audio_thread() || !(host.block > 0 && host.block < 0x1p24)
                ? unit
                : static_cast<std::size_t>(std::ceil(host.block));
    return own_ports_.times((hop + unit - 1) / unit);
  }

  void check_dry(const Ports& new_ports) const {
    const std::size_t reference = new_ports.hops().reference();
    if (std::none_of(new_ports.in.begin(), new_ports.in.end(), [](const Port& port) { return port.streams(); }))
      fail("Miss::dry needs an input that streams");
    for (std::size_t i = 0; i < new_ports.out.size(); ++i)
      if (new_ports.out[i].streams() && new_ports.out[i].hop != reference)
        fail("Miss::dry: " + describe("output", i, new_ports.out[i]) + " has another hop than the input");
  }

  /// Runs the engine with noise and returns its planned duration in ms.
  double measure(const Ports& with_ports, const Budget& budget) {
    if (!(budget.quantile > 0 && budget.quantile <= 1)) fail("Budget::quantile must be above 0 and at most 1");
    if (!(budget.margin >= 1 && budget.margin < 1000)) fail("Budget::margin must be at least 1");
    const NoDenormals no_denormals;
    BoundEngine bound(engine_, with_ports);
    std::minstd_rand random(1);
    std::uniform_real_distribution<float> noise(-0.1f, 0.1f);
    std::vector<double> ms;
    for (std::size_t run = 0; run < options_.warm_up + budget.runs; ++run) {
      for (std::size_t i = 0; i < with_ports.in.size(); ++i)
        if (with_ports.in[i].streams())
          std::generate_n(bound.in(i), with_ports.in[i].channels * with_ports.in[i].frames(),
                          [&] { return noise(random); });
      const std::int64_t start = now();
      const bool good = bound.run();
      const std::int64_t end = now();
      if (!good)
        throw std::runtime_error(
            "inlay::host::Session: the engine failed in a run of prepare: it threw, returned "
            "false, or gave a value that is not finite");
      if (run >= options_.warm_up) ms.push_back(static_cast<double>(end - start) * 1e-6);
    }
    std::sort(ms.begin(), ms.end());
    const auto rank = static_cast<std::size_t>(std::ceil(budget.quantile * static_cast<double>(ms.size())));
    return ms[std::min(std::max<std::size_t>(rank, 1), ms.size()) - 1] * budget.margin;
  }

  /// The engine and copies of it, one per lane, bound and warmed up.
  std::unique_ptr<EngineSet> make_set(const std::shared_ptr<AnyEngine>& original, const Ports& with_ports) const {
    auto set = std::make_unique<EngineSet>();
    for (std::size_t lane = 0; lane < options_.lanes; ++lane) {
      const std::shared_ptr<AnyEngine> lane_engine = lane == 0 ? original : original->copy();
      if (lane_engine == nullptr) fail("an engine that cannot be copied, or a std::ref, has one lane");
      set->lanes.push_back(std::make_unique<BoundEngine>(lane_engine, with_ports));
    }
    for (const auto& lane : set->lanes) {
      for (std::size_t run = 0; run < options_.warm_up; ++run) lane->run();
      lane->reset();
    }
    return set;
  }

  void install(const Ports& new_ports, const Plan& new_plan, const Host& host, const Budget& budget) {
    auto set = make_set(engine_, new_ports);
    const auto block = static_cast<std::size_t>(std::ceil(host.block));
    std::unique_ptr<Direct> new_direct;
    std::unique_ptr<Pipeline> new_pipeline;
    if (new_plan.slots == 0) {
      new_direct = std::make_unique<Direct>(new_ports, block, options_.crossfade, std::move(set), *shared_);
    } else {
      PipelineSetup setup{new_ports,     new_plan,      options_.lanes,    1e9 / host.rate,
                          options_.miss, options_.fill, options_.crossfade};
      new_pipeline =
          std::make_unique<Pipeline>(std::move(setup), std::move(set), pool_ ? pool_->core_.get() : nullptr, *shared_);
    }
    direct_ = std::move(new_direct);
    pipeline_ = std::move(new_pipeline);
    for (Snapshot& feature : shared_->features) feature.restart();
    plan_ = new_plan;
    ports_ = new_ports;
    largest_block_ = block;
    reference_hop_ = ports_.hops().reference();
    wait_ns_per_frame_ = budget.wait * 1e9 / host.rate;
    for (std::size_t i = 0; i < ports_.out.size(); ++i)
      shared_->latencies[i].store(plan_.latency(i) + ports_.out[i].latency, std::memory_order_relaxed);
    shared_->counters.restart(1e9 / host.rate * static_cast<double>(options_.lanes));
    in_ = streams_of(ports_.in);
    out_ = streams_of(ports_.out);
  }

  static bool same_ports(const Ports& a, const Ports& b) noexcept {
    const auto same = [](const Port& x, const Port& y) {
      return x.channels == y.channels && x.hop == y.hop && x.frames() == y.frames() && x.latency == y.latency;
    };
    return a.multiples == b.multiples && std::equal(a.in.begin(), a.in.end(), b.in.begin(), b.in.end(), same) &&
           std::equal(a.out.begin(), a.out.end(), b.out.begin(), b.out.end(), same);
  }

  std::vector<Stream> streams_of(const std::vector<Port>& side) const {
    std::vector<Stream> streams;
    for (std::size_t i = 0; i < side.size(); ++i)
      if (side[i].streams())
        streams.push_back(
            {i, side[i].channels, side[i].hop, (largest_block_ * side[i].hop + reference_hop_ - 1) / reference_hop_});
    return streams;
  }
  static const Stream* find(const std::vector<Stream>& streams, std::size_t port) noexcept {
    const auto found = std::find_if(streams.begin(), streams.end(), [&](const Stream& s) { return s.port == port; });
    return found == streams.end() ? nullptr : &*found;
  }
  /// Place of port `i` among those that do not stream; their number if it streams or does not exist.
  static std::size_t index_of_values(const std::vector<Port>& side, std::size_t i) noexcept {
    const auto count = [&](std::size_t end) {
      return static_cast<std::size_t>(std::count_if(side.begin(), side.begin() + static_cast<std::ptrdiff_t>(end),
                                                    [](const Port& port) { return !port.streams(); }));
    };
    return count(i < side.size() && !side[i].streams() ? i : side.size());
  }
  /// Until when a callback of `frames` frames waits for results. 0: not at all.
  std::int64_t patience_for(std::size_t frames) const noexcept {
    if (wait_ns_per_frame_ == 0) return 0;
    return now() + static_cast<std::int64_t>(static_cast<double>(frames) * wait_ns_per_frame_);
  }
  /// The frames of a tensor in `frames` frames of the reference.
  std::size_t frames_of(Stream& stream, std::size_t frames) const noexcept {
    if (stream.hop == reference_hop_) return frames;
    stream.remainder += frames * stream.hop;
    const std::size_t n = stream.remainder / reference_hop_;
    stream.remainder -= n * reference_hop_;
    return n;
  }
  void silence(float* const* out, std::size_t frames) const noexcept {
    const std::size_t reference = own_ports_.hops().reference();
    for (const Port& port : own_ports_.out)
      for (std::size_t c = 0; port.streams() && c < port.channels; ++c)
        std::fill_n(*out++, frames * port.hop / reference, 0.0f);
  }

  mutable std::mutex mutex_;  // of prepare and exchange
  std::shared_ptr<AnyEngine> engine_;
  std::optional<Pool> pool_;
  SessionOptions options_;
  Ports own_ports_, ports_;  // the engine's; with the hops of the last `prepare`
  Plan plan_;
  std::unique_ptr<SharedState> shared_;
  std::unique_ptr<Direct> direct_;
  std::unique_ptr<Pipeline> pipeline_;
  std::vector<Stream> in_, out_;
  std::size_t reference_hop_ = 0, largest_block_ = 0;
  double wait_ns_per_frame_ = 0;
};

}  // namespace inlay::host::detail
