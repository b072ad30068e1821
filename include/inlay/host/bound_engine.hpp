/// An engine with the memory of its tensors.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "inlay/core/all_within.hpp"
#include "inlay/core/fading_switch.hpp"
#include "inlay/host/engine.hpp"

namespace inlay::host::detail {

/// The tensors of one side in one block of memory, each [channels][frames] and aligned to 64 bytes.
template <class T>
class Tensors {
 public:
  explicit Tensors(const std::vector<Port>& ports) {
    std::size_t size = 0, channels = 0;
    for (const Port& port : ports) size += padded(port.channels * port.frames()), channels += port.channels;
    memory_.resize(size + alignment);
    pointers_.reserve(channels);
    const std::uintptr_t misaligned = reinterpret_cast<std::uintptr_t>(memory_.data()) / sizeof(float) % alignment;
    float* next = memory_.data() + (alignment - misaligned) % alignment;
    for (const Port& port : ports) {
      for (std::size_t c = 0; c < port.channels; ++c) pointers_.push_back(next + c * port.frames());
      views_.emplace_back(pointers_.data() + pointers_.size() - port.channels, port.channels, port.frames());
      first_.push_back(next);
      next += padded(port.channels * port.frames());
    }
  }
  /// The values of tensor `i`.
  float* operator[](std::size_t i) const noexcept { return first_[i]; }
  std::span<const TensorView<T>> views() const noexcept { return views_; }

 private:
  static constexpr std::size_t alignment = 16;  // floats
  static constexpr std::size_t padded(std::size_t n) noexcept { return (n + alignment - 1) / alignment * alignment; }
  std::vector<float> memory_;
  std::vector<T*> pointers_;
  std::vector<TensorView<T>> views_;
  std::vector<float*> first_;
};

/// An engine, bound to tensors of its own.
class BoundEngine {
 public:
  BoundEngine(std::shared_ptr<AnyEngine> engine, const Ports& ports)
      : engine_(std::move(engine)), in_(ports.in), out_(ports.out), job_{in_.views(), out_.views()} {
    bind();
  }
  /// Binds the engine to this memory, again if it was bound to another in between. Throws what the engine throws.
  void bind() { engine_->bind(job_); }

  float* in(std::size_t i) noexcept { return in_[i]; }
  const float* out(std::size_t i) const noexcept { return out_[i]; }

  /// Runs the job. Returns false if the engine fails or an output is not finite; the engine is reset then.
  bool run() noexcept {
    bool good = engine_->run(job_);
    for (std::size_t i = 0; good && i < job_.out.size(); ++i)
      good = inlay::internal::all_finite<float>(job_.out[i].values());
    if (!good) engine_->reset();
    return good;
  }
  /// Resets the engine if it has not been reset for this signal.
  void start(std::uint64_t signal) noexcept {
    if (signal_ == signal) return;
    signal_ = signal;
    engine_->reset();
  }
  void reset() noexcept { engine_->reset(); }
  /// Runs a job in memory of others.
  bool run(Job& job) noexcept { return engine_->run(job); }
  const Job& job() const noexcept { return job_; }

 private:
  std::shared_ptr<AnyEngine> engine_;
  Tensors<const float> in_;
  Tensors<float> out_;
  Job job_;
  std::uint64_t signal_ = ~std::uint64_t{0};
};

/// The engines of all lanes: one, and copies of it.
struct EngineSet {
  std::vector<std::unique_ptr<BoundEngine>> lanes;
  /// The first job that does not use the set any more, once the audio thread has another one.
  std::atomic<std::uint64_t> retired_at{~std::uint64_t{0}};
};

/// The engines that a session runs, and those that take over. Work is numbered by jobs.
using EngineSwitch = inlay::internal::FadingSwitch<EngineSet>;

/// Binds all engines to their memory, after they have been bound to other memory. Throws what an engine throws.
inline void bind(const EngineSwitch& engines) {
  for (const auto& set : engines.kept())
    for (const auto& lane : set->lanes) lane->bind();
}

}  // namespace inlay::host::detail
