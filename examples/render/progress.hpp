/// Progress: a progress bar on stderr.
#pragma once

#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>

#if defined(_WIN32)
#include <io.h>
#else
#include <unistd.h>
#endif

namespace render {

inline bool stderr_is_a_terminal() noexcept {
#if defined(_WIN32)
  return _isatty(_fileno(stderr)) != 0;
#else
  return isatty(fileno(stderr)) != 0;
#endif
}

/// Drawn if stderr is a terminal and there is much to do. Erased by the destructor. Threads can share one.
class Progress {
 public:
  explicit Progress(std::uint64_t frames) : total_(frames > 500000 && stderr_is_a_terminal() ? frames : 0) {}
  ~Progress() { erase(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Makes room for a message. The bar is drawn again when it has grown.
  void erase() {
    const std::lock_guard lock(mutex_);
    if (shown_ >= 0) std::fprintf(stderr, "\r\x1b[K");
  }
  /// `more` of the total are done.
  void add(std::uint64_t more) {
    if (total_ == 0) return;
    const std::lock_guard lock(mutex_);
    done_ += more;
    const int percent = static_cast<int>(100.0 * static_cast<double>(done_) / static_cast<double>(total_));
    if (percent == shown_) return;
    shown_ = percent;
    const auto filled = static_cast<std::size_t>(percent) * width / 100;
    const std::string bar = std::string(filled, '#') + std::string(width - filled, '.');
    std::fprintf(stderr, "\r[%s] %3d%%", bar.c_str(), percent);
    std::fflush(stderr);
  }

 private:
  static constexpr std::size_t width = 40;
  std::uint64_t total_;  // 0: not shown
  std::uint64_t done_ = 0;
  int shown_ = -1;
  std::mutex mutex_;
};

}  // namespace render
