/// FadingSwitch: what the audio thread runs, and what takes over from it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace inlay::internal {

/// Holds what the audio thread runs. Another thread can offer a successor: the audio thread adopts it, both run while
/// one fades into the other, and the old one is deleted when the next is offered or by `collect`.
///
/// `T` has a member `std::atomic<std::uint64_t> retired_at`, which starts as the largest number. The audio thread
/// numbers its work, and sets it to the number of the first work that does not need the object any more.
template <class T>
class FadingSwitch {
 public:
  FadingSwitch(std::unique_ptr<T> first, std::size_t fade_frames) : fade_frames_(fade_frames), current_(first.get()) {
    kept_.push_back(std::move(first));
  }

  // --- audio thread -----------------------------------------------------------------------------------

  /// Adopts an offered successor, unless the last one is still fading in.
  void adopt() noexcept {
    T* offered = offered_.load(std::memory_order_relaxed);
    if (offered == nullptr || fading_ != nullptr) return;
    if (!offered_.compare_exchange_strong(offered, nullptr, std::memory_order_acq_rel)) return;
    fading_ = current_;
    current_ = offered;
    faded_ = 0;
  }
  T& current() const noexcept { return *current_; }
  /// What fades out, or null.
  T* fading() const noexcept { return fading_; }
  /// Frames since the fade began.
  std::size_t faded() const noexcept { return faded_; }
  /// `frames` of the fade are done. `next` is the number of the work that follows.
  void advance(std::size_t frames, std::uint64_t next) noexcept {
    if (fading_ != nullptr && (faded_ += frames) >= fade_frames_) finish(next);
  }
  /// Ends the fade.
  void finish(std::uint64_t next) noexcept {
    if (fading_ != nullptr) fading_->retired_at.store(next, std::memory_order_release);
    fading_ = nullptr;
  }

  // --- other threads, one at a time --------------------------------------------------------------------

  /// Offers a successor in place of one that was offered before and not adopted. Deletes what is not needed by work
  /// from number `oldest` on, the oldest that may be running.
  void offer(std::unique_ptr<T> next, std::uint64_t oldest) {
    kept_.push_back(std::move(next));
    T* const unused = offered_.exchange(kept_.back().get(), std::memory_order_acq_rel);
    std::erase_if(kept_, [&](const std::unique_ptr<T>& each) { return each.get() == unused; });
    collect(oldest);
  }
  /// Deletes what is not needed by work from number `oldest` on.
  void collect(std::uint64_t oldest) {
    std::erase_if(kept_, [&](const auto& each) { return each->retired_at.load(std::memory_order_acquire) <= oldest; });
  }
  /// Everything that is not deleted yet.
  const std::vector<std::unique_ptr<T>>& kept() const noexcept { return kept_; }

 private:
  std::size_t fade_frames_;
  T* current_;
  T* fading_ = nullptr;
  std::size_t faded_ = 0;
  std::atomic<T*> offered_{nullptr};
  std::vector<std::unique_ptr<T>> kept_;
};

}  // namespace inlay::internal
