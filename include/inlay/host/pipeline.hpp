/// Pipeline: rings of frames between an audio thread and the lanes that run an engine.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "inlay/host/bound_engine.hpp"
#include "inlay/host/concealment.hpp"
#include "inlay/host/miss.hpp"
#include "inlay/host/pool_core.hpp"
#include "inlay/host/ports.hpp"
#include "inlay/host/ring.hpp"
#include "inlay/host/shared_state.hpp"

namespace inlay::host::detail {

/// What does not change while a pipeline exists.
struct PipelineSetup {
  Ports ports;
  Plan plan;
  std::size_t lanes = 1;
  double ns_per_frame = 0;  // of the reference tensor
  Miss miss = Miss::silence;
  Fill fill;
  std::size_t crossfade = 64;
};

/// Frames wait in rings of `slots` hops; job k has slot k % slots of every ring, and runs on lane k % lanes. Job
/// numbers never start again: a reset skips to a number that no job has had, and older jobs are dropped.
///
/// Who owns what:
/// - The audio thread writes inputs at any time. A lane announces the oldest job that it reads, and then looks whether
///   that is still there; the audio thread announces what it will overwrite, and then looks whether somebody reads it.
///   One of both sees the other and gives way.
/// - A lane writes the outputs of job k and then sets finished[k % slots] to k + 1. Only then the audio thread reads
///   them. Job k + slots runs only if those of job k have been read by its submission. Both are of one lane, in order.
/// - Every job is submitted. One that is not to run has no entry with its number.
class Pipeline {
 public:
  Pipeline(PipelineSetup setup, std::unique_ptr<EngineSet> engines, PoolCore* pool, SharedState& shared)
      : setup_(std::move(setup)),
        pool_(pool),
        shared_(shared),
        concealment_(setup_.miss, setup_.fill, setup_.crossfade, setup_.ports.out),
        engines_(std::move(engines), setup_.crossfade) {
    const Ports& ports = setup_.ports;
    std::size_t latency_hops = 0;
    for (const Port& port : ports.in)
      if (port.streams()) history_ = std::max(history_, (port.frames() - 1) / port.hop);
    for (const Port& port : ports.out)
      if (port.streams()) latency_hops = std::max(latency_hops, (port.latency + port.hop - 1) / port.hop);
    slots_ = setup_.plan.slots + std::max(history_, latency_hops) + setup_.lanes + 1;
    slots_ = (slots_ + setup_.lanes - 1) / setup_.lanes * setup_.lanes;
    for (std::size_t i = 0; i < ports.in.size(); ++i) in_.emplace_back(ports.in[i], slots_, 0);
    for (std::size_t i = 0; i < ports.out.size(); ++i) out_.emplace_back(ports.out[i], slots_, setup_.plan.latency(i));
    reference_hop_ = ports.hops().reference();
    for (std::size_t i = 0; i < ports.in.size() && dry_ == nullptr; ++i)
      if (ports.in[i].streams()) dry_ = &in_[i];
    generates_ = dry_ == nullptr;
    finished_ = std::vector<std::atomic<std::uint64_t>>(slots_);
    std::size_t value_count = 0;
    for (const Mailbox& mailbox : shared_.values) value_count += mailbox.size();
    captured_.reserve(value_count);
    entries_.resize(slots_);
    entry_values_.resize(slots_ * value_count);
    deadlines_ = std::vector<std::atomic<std::int64_t>>(slots_);
    for (std::size_t i = 0; i < setup_.lanes; ++i) lanes_.push_back(std::make_unique<Lane>(*this, i));
    restart(0);
    for (const auto& lane : lanes_) queues_.push_back(lane.get());
    if (pool_ != nullptr) pool_->add(queues_);
  }
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Drops the jobs that wait, and waits for those that run.
  ~Pipeline() {
    drain();
    if (pool_ != nullptr) pool_->remove(queues_);
  }

  // --- audio thread -----------------------------------------------------------------------------------

  /// Writes the frames of input `i`. At most a block's.
  void push(std::size_t i, const float* const* channels, std::size_t offset, std::size_t frames) noexcept {
    Ring& ring = in_[i];
    if (open(ring.last_job(frames))) ring.write(channels, offset, frames);
    ring.advance(frames);
  }
  /// Time passes for a generator, which has no input that streams.
  void advance(std::size_t frames) noexcept {
    clock_ += frames;
    while (clock_ >= reference_hop_) clock_ -= reference_hop_, ++clock_jobs_;
    open(clock_jobs_);
  }

  /// Submits the jobs whose inputs are complete.
  void submit() noexcept {
    std::uint64_t complete = generates_ ? clock_jobs_ : no_job;
    for (const Ring& ring : in_)
      if (ring.streams()) complete = std::min(complete, ring.job);
    if (next_ >= complete) return;
    capture_values();
    engines_.adopt();
    const std::int64_t time = pool_ != nullptr ? now() : 0;
    for (; next_ < complete; ++next_) submit(next_, time);
    if (offline() && !shared_.features.empty())  // `pop` does not wait for these
      wait_until([&] {
        return std::all_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->pending() == 0; });
      });
  }

  /// Reads the frames of output `i`, and waits for results until the time `patience` at the latest; 0: not at all.
  void pop(std::size_t i, float* const* channels, std::size_t offset, std::size_t frames,
           std::int64_t patience) noexcept {
    Ring& ring = out_[i];
    while (frames > 0) {
      std::size_t n = frames;
      if (ring.silence > 0) {
        n = std::min(frames, ring.silence);
        ring.silence -= n;
        for (std::size_t c = 0; c < ring.channels; ++c) std::fill_n(channels[c] + offset, n, 0.0f);
      } else {
        const State state = wait_for(ring, patience);
        if (state == State::good) {
          n = good_frames(ring, frames);
          concealment_.give(i, ring, {dry_, oldest_}, channels, offset, n);
        } else {
          n = std::min(frames, ring.hop - ring.offset);
          count_missing(ring, state, n);
          concealment_.give_missing(i, ring, {dry_, oldest_}, channels, offset, n);
        }
        ring.advance(n);
      }
      offset += n;
      frames -= n;
    }
    std::uint64_t passed = no_job;
    for (const Ring& output : out_)
      if (output.streams()) passed = std::min(passed, output.job);
    if (passed != passed_.load(std::memory_order_relaxed)) passed_.store(passed, std::memory_order_relaxed);
  }

  /// Starts a new signal.
  void reset() noexcept {
    for (; next_ < opened_; ++next_) offer(next_, 0);  // without entries
    restart(opened_);
  }

  // --- other threads ----------------------------------------------------------------------------------

  /// Has other engines take over.
  void exchange(std::unique_ptr<EngineSet> engines) {
    std::uint64_t oldest = no_job;
    for (const auto& lane : lanes_) oldest = std::min(oldest, lane->next.load(std::memory_order_acquire));
    engines_.offer(std::move(engines), oldest);
  }
  /// See `bind`.
  void bind_again() { bind(engines_); }

  /// Drops the jobs that wait, and waits for those that run. Not while the audio thread is in a call.
  void drain() noexcept {
    reset();
    if (pool_ == nullptr) return;
    for (const auto& lane : lanes_) pool_->drain(*lane);
  }

 private:
  static constexpr std::uint64_t no_job = ~std::uint64_t{0};

  /// How a job is to run.
  struct Entry {
    std::uint64_t job = no_job;
    std::uint64_t first = 0, oldest = 0;  // first: of its signal; oldest: before this one there are no frames
    EngineSet *engines = nullptr, *previous = nullptr;  // previous: fades out
    std::size_t fade = 0;                               // frames since the fade began
  };

  class Lane final : public Queue {
   public:
    Lane(Pipeline& pipeline, std::size_t number) : index(number), next(number), pipeline_(pipeline) {}

    std::size_t run_oldest(std::size_t count) noexcept override { return pipeline_.run_oldest(*this, count); }
    std::int64_t deadline() const noexcept override {
      return pipeline_.deadlines_[pipeline_.slot_of(next.load(std::memory_order_relaxed))].load(
          std::memory_order_relaxed);
    }

    const std::size_t index;
    alignas(64) std::atomic<std::uint64_t> reading{no_job};  // the oldest job that is being read
    std::atomic<std::uint64_t> next;                         // the next job of this lane; all before it are done

   private:
    Pipeline& pipeline_;
  };

  std::size_t slot_of(std::uint64_t job) const noexcept { return static_cast<std::size_t>(job % slots_); }

  Lane& lane_of(std::uint64_t job) const noexcept { return *lanes_[static_cast<std::size_t>(job % lanes_.size())]; }

  // --- audio thread -----------------------------------------------------------------------------------

  bool offline() const noexcept { return shared_.offline.load(std::memory_order_relaxed); }

  void restart(std::uint64_t first) noexcept {
    first_.store(first, std::memory_order_relaxed);
    passed_.store(first, std::memory_order_relaxed);
    next_ = opened_ = clock_jobs_ = oldest_ = first;
    clock_ = 0;
    for (Ring& ring : in_)
      if (ring.streams()) ring.start(first);
    for (Ring& ring : out_)
      if (ring.streams()) ring.start(first);
    concealment_.reset();
  }

  /// Makes the slots of all jobs up to `job` ready to be written. If a lane reads what is there, which it does for
  /// microseconds, long after its job was due, the frames are lost and so are those jobs.
  bool open(std::uint64_t job) noexcept {
    if (job < opened_) return job >= oldest_;
    opened_ = job + 1;
    if (opened_ <= slots_) return true;
    const std::uint64_t overwritten = opened_ - slots_;  // jobs before this one
    if (offline())
      wait_until([&] {
        return std::all_of(lanes_.begin(), lanes_.end(), [&](const auto& lane) {
          return lane->pending() == 0 || lane->next.load(std::memory_order_acquire) >= overwritten + history_;
        });
      });
    overwritten_.store(overwritten, std::memory_order_seq_cst);
    for (const auto& lane : lanes_)
      if (lane->reading.load(std::memory_order_seq_cst) < overwritten) {
        oldest_ = opened_;
        return false;
      }
    return true;
  }

  void capture_values() noexcept {
    captured_.clear();
    for (Mailbox& mailbox : shared_.values) {
      const std::span<const float> values = mailbox.read();
      captured_.insert(captured_.end(), values.begin(), values.end());
    }
  }

  void submit(std::uint64_t job, std::int64_t time) noexcept {
    const bool unread = std::any_of(out_.begin(), out_.end(),  // outputs in the slot are
                                    [&](const Ring& ring) { return ring.streams() && ring.job + slots_ <= job; });
    if (job >= oldest_ && !unread) {
      const std::size_t slot = slot_of(job);
      entries_[slot] = {job,
                        first_.load(std::memory_order_relaxed),
                        oldest_,
                        &engines_.current(),
                        engines_.fading(),
                        engines_.faded()};
      std::copy(captured_.begin(), captured_.end(), entry_values(slot));
    }
    engines_.advance(reference_hop_, job + 1);
    offer(job, deadline(job, time));
  }
  void offer(std::uint64_t job, std::int64_t deadline) noexcept {
    Lane& lane = lane_of(job);
    deadlines_[slot_of(job)].store(deadline, std::memory_order_relaxed);
    if (pool_ != nullptr) pool_->submit(lane, deadline);
    else run_oldest(lane, 1);
  }
  float* entry_values(std::size_t slot) noexcept { return entry_values_.data() + slot * captured_.capacity(); }

  /// When the first frame of a job is needed.
  std::int64_t deadline(std::uint64_t job, std::int64_t time) const noexcept {
    double frames = static_cast<double>(reference_hop_);
    for (const Ring& ring : out_) {
      if (!ring.streams()) continue;
      const double ahead =
          static_cast<double>(static_cast<std::int64_t>(job - ring.job)) * static_cast<double>(ring.hop) +
          static_cast<double>(ring.silence) - static_cast<double>(ring.offset);
      frames = ahead * static_cast<double>(reference_hop_) / static_cast<double>(ring.hop);
      break;
    }
    return time + static_cast<std::int64_t>(frames * setup_.ns_per_frame);
  }

  enum class State { good, failed, late };

  /// The state of the job whose frames come next.
  State state_of(const Ring& ring) const noexcept {
    const auto good = [&] { return finished_[ring.slot].load(std::memory_order_acquire) == ring.job + 1; };
    if (good()) return State::good;
    if (lane_of(ring.job).next.load(std::memory_order_acquire) <= ring.job) return State::late;
    return good() ? State::good : State::failed;  // the lane is done with it
  }

  /// The state of the job whose frames come next, after waiting for it if that is wanted.
  State wait_for(const Ring& ring, std::int64_t patience) noexcept {
    State state = state_of(ring);
    if (state != State::late || ring.job >= next_ || pool_ == nullptr) return state;
    if (offline()) {
      wait_until([&] { return (state = state_of(ring)) != State::late; });
    } else if (patience > 0) {
      while ((state = state_of(ring)) == State::late && now() < patience) pause();
    }
    return state;
  }
  /// Offline: not real-time safe.
  template <class Condition>
  void wait_until(Condition condition) noexcept {
    for (int rounds = 0; pool_ != nullptr && !condition(); ++rounds) {
      if (!pool_->has_workers() && pool_->run_one()) continue;
      if (rounds < 1000) std::this_thread::yield();
      else std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }

  /// Number of frames up to `frames` that are ready and lie one after the other.
  std::size_t good_frames(const Ring& ring, std::size_t frames) const noexcept {
    std::size_t n = ring.hop - ring.offset;
    for (std::size_t k = 1; n < frames && ring.slot + k < slots_; ++k, n += ring.hop)
      if (finished_[ring.slot + k].load(std::memory_order_acquire) != ring.job + k + 1) break;
    return std::min(n, frames);
  }

  void count_missing(Ring& ring, State state, std::size_t n) noexcept {
    Counters::add(shared_.counters.missing_frames, n);
    if (state != State::late || ring.last_missed == ring.job + 1) return;
    ring.last_missed = ring.job + 1;
    Counters::add(shared_.counters.misses, 1);
  }

  // --- a lane, on a worker's thread; or the audio thread's if there is no pool -------------------------

  /// Of the lane's `count` oldest jobs, runs the first one that is still needed.
  std::size_t run_oldest(Lane& lane, std::size_t count) noexcept {
    const std::uint64_t next = lane.next.load(std::memory_order_relaxed),
                        needed = passed_.load(std::memory_order_relaxed);
    std::size_t dropped = 0;
    if (next < needed)
      dropped = static_cast<std::size_t>(std::min<std::uint64_t>(count, (needed - next - 1) / lanes_.size() + 1));
    if (dropped > 0) Counters::add(shared_.counters.skipped, dropped);
    if (dropped < count) run(lane, next + dropped++ * lanes_.size());
    lane.next.store(next + dropped * lanes_.size(), std::memory_order_release);
    return dropped;
  }

  void run(Lane& lane, std::uint64_t job) noexcept {
    Entry entry;
    bool ok = false;
    std::int64_t duration = 0;
    const bool ran = read(lane, job, entry);
    if (ran) {
      BoundEngine& engine = *entry.engines->lanes[lane.index];
      const std::int64_t start = now();
      engine.start(entry.first);
      ok = engine.run();
      BoundEngine* previous = nullptr;
      if (entry.previous != nullptr) {
        previous = entry.previous->lanes[lane.index].get();
        for (std::size_t i = 0; i < in_.size(); ++i) copy_tensor(setup_.ports.in[i], engine.in(i), previous->in(i));
        previous->start(entry.first);
        if (!previous->run()) previous = nullptr;
      }
      duration = now() - start;
      if (ok) write_outputs(entry, engine, previous);
    }
    if (ok) finished_[slot_of(job)].store(job + 1, std::memory_order_release);
    if (ran) shared_.counters.ran(duration, reference_hop_, ok);
    else Counters::add(shared_.counters.skipped, 1);
  }

  static void copy_tensor(const Port& port, const float* from, float* to) noexcept {
    std::memcpy(to, from, port.channels * port.frames() * sizeof(float));
  }

  /// Copies a job's entry and inputs. Returns false if it is not to run.
  bool read(Lane& lane, std::uint64_t job, Entry& entry) noexcept {
    const std::uint64_t oldest = job - std::min<std::uint64_t>(job, history_);
    lane.reading.store(oldest, std::memory_order_seq_cst);
    bool there = overwritten_.load(std::memory_order_seq_cst) <= oldest;
    if (there) {
      entry = entries_[slot_of(job)];
      there = entry.job == job && entry.first == first_.load(std::memory_order_relaxed);
      if (there) read_inputs(entry, *entry.engines->lanes[lane.index]);
    }
    lane.reading.store(no_job, std::memory_order_release);
    return there;
  }

  void read_inputs(const Entry& entry, BoundEngine& engine) noexcept {
    const float* values = entry_values(slot_of(entry.job));
    for (std::size_t i = 0; i < in_.size(); ++i) {
      Ring& ring = in_[i];
      if (!ring.streams()) {
        std::memcpy(engine.in(i), values, ring.channels * sizeof(float));
        values += ring.channels;
        continue;
      }
      const std::size_t end = slot_of(entry.job + 1) * ring.hop;
      const std::uint64_t available = (entry.job + 1 - entry.oldest) * ring.hop;
      const auto frames = static_cast<std::size_t>(std::min<std::uint64_t>(ring.window, available));
      for (std::size_t c = 0; c < ring.channels; ++c) {
        float* const to = engine.in(i) + c * ring.window;
        std::fill_n(to, ring.window - frames, 0.0f);
        ring.read_before(c, end, to + (ring.window - frames), frames);
      }
    }
  }

  void write_outputs(const Entry& entry, const BoundEngine& engine, const BoundEngine* previous) noexcept {
    std::size_t feature = 0;
    for (std::size_t i = 0; i < out_.size(); ++i) {
      Ring& ring = out_[i];
      if (!ring.streams()) {
        shared_.features[feature++].write(entry.job, engine.out(i));
        continue;
      }
      const std::size_t at = slot_of(entry.job) * ring.hop;
      for (std::size_t c = 0; c < ring.channels; ++c) {
        float* const to = ring.channel(c) + at;
        std::memcpy(to, engine.out(i) + c * ring.hop, ring.hop * sizeof(float));
        if (previous == nullptr) continue;
        const float* const old = previous->out(i) + c * ring.hop;
        const float per_frame = static_cast<float>(reference_hop_) / static_cast<float>(ring.hop * setup_.crossfade);
        const float begin = static_cast<float>(entry.fade) / static_cast<float>(setup_.crossfade);
        for (std::size_t f = 0; f < ring.hop; ++f) {
          const float gain = std::min(1.0f, begin + static_cast<float>(f + 1) * per_frame);
          to[f] = old[f] + (to[f] - old[f]) * gain;
        }
      }
    }
  }

  PipelineSetup setup_;
  PoolCore* pool_;  // null: jobs run in `submit`
  SharedState& shared_;

  std::vector<Ring> in_, out_;
  Concealment concealment_;
  std::vector<float> captured_;
  Ring* dry_ = nullptr;  // of the first input that streams
  bool generates_ = false;
  std::size_t reference_hop_ = 0, slots_ = 0, history_ = 0;
  std::size_t clock_ = 0;
  std::uint64_t clock_jobs_ = 0;
  std::uint64_t next_ = 0, opened_ = 0;  // the next job to submit; the next whose slot is not open
  std::uint64_t oldest_ = 0;             // before this job, frames are missing
  EngineSwitch engines_;

  std::atomic<std::uint64_t> first_{0}, passed_{0};   // first job of the signal; first whose output is still needed
  std::atomic<std::uint64_t> overwritten_{0};         // inputs of jobs before this one are gone
  std::vector<std::atomic<std::uint64_t>> finished_;  // of each slot, one more than the last job that gave a result
  std::vector<Entry> entries_;                        // one per slot
  std::vector<float> entry_values_;                   // the values that do not stream, of each entry
  std::vector<std::atomic<std::int64_t>> deadlines_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<Queue*> queues_;  // the lanes
};

}  // namespace inlay::host::detail
