/// Progress: a progress bar on stderr.
#pragma once

#include <cstdint>
#include <cstdio>
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

/// Drawn if `wanted` is true and stderr is a terminal. Erased by the destructor.
class Progress {
 public:
  Progress(bool wanted, std::uint64_t total) : total_(wanted && stderr_is_a_terminal() ? total : 0) {}
  ~Progress() {
    if (shown_ >= 0) std::fprintf(stderr, "\r\x1b[K");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::uint64_t done) {
    if (total_ == 0) return;
    const int percent = static_cast<int>(100.0 * static_cast<double>(done) / static_cast<double>(total_));
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
  int shown_ = -1;
};

}  // namespace render
