/// EngineSwitch: the engines that a session runs, and those that take over.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "inlay/host/bound_engine.hpp"

namespace inlay::host::detail {

/// Holds the current set of engines. Another one can be offered on any thread: the audio thread adopts it, both run
/// while one fades into the other, and the old one is deleted when the next is offered.
class EngineSwitch {
 public:
  EngineSwitch(std::unique_ptr<EngineSet> engines, std::size_t fade_frames)
      : fade_frames_(fade_frames), current_(engines.get()) {
    sets_.push_back(std::move(engines));
  }

  // --- audio thread -----------------------------------------------------------------------------------

  /// Adopts an offered set, unless the last one is still fading in.
  void adopt() noexcept {
    EngineSet* offered = offered_.load(std::memory_order_relaxed);
    if (offered == nullptr || fading_ != nullptr) return;
    if (!offered_.compare_exchange_strong(offered, nullptr, std::memory_order_acq_rel)) return;
    fading_ = current_;
    current_ = offered;
    faded_ = 0;
  }
  EngineSet& current() const noexcept { return *current_; }
  /// The set that fades out, or null.
  EngineSet* fading() const noexcept { return fading_; }
  /// Frames since the fade began.
  std::size_t faded() const noexcept { return faded_; }
  /// `frames` are done, and `next` is the job that follows.
  void advance(std::size_t frames, std::uint64_t next) noexcept {
    if (fading_ == nullptr || (faded_ += frames) < fade_frames_) return;
    fading_->retired_at.store(next, std::memory_order_release);
    fading_ = nullptr;
  }

  // --- other threads, one at a time --------------------------------------------------------------------

  /// Offers a set in place of one that was offered before and not adopted. Deletes what jobs from `oldest` on, the
  /// oldest one that may be running, do not use.
  void offer(std::unique_ptr<EngineSet> engines, std::uint64_t oldest) {
    sets_.push_back(std::move(engines));
    EngineSet* const unused = offered_.exchange(sets_.back().get(), std::memory_order_acq_rel);
    std::erase_if(sets_, [&](const std::unique_ptr<EngineSet>& set) {
      return set.get() == unused || set->retired_at.load(std::memory_order_acquire) <= oldest;
    });
  }
  /// Binds all engines to their memory, after they have been bound to other memory. Throws what an engine throws.
  void bind_again() {
    for (const auto& set : sets_)
      for (const auto& lane : set->lanes) lane->bind();
  }

 private:
  std::size_t fade_frames_;
  EngineSet* current_;
  EngineSet* fading_ = nullptr;
  std::size_t faded_ = 0;
  std::atomic<EngineSet*> offered_{nullptr};
  std::vector<std::unique_ptr<EngineSet>> sets_;
};

}  // namespace inlay::host::detail
