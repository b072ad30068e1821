/// A host without sound hardware: calls a session in real time, and says what came of it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <inlay/host.hpp>
#include <thread>
#include <vector>

namespace example {

/// Plays half a second of a tone through the session, `channels` channels in and out, in blocks of `block` frames at
/// 48 kHz. Returns whether every frame came out in time.
inline bool play(inlay::host::Session& session, std::size_t channels, std::size_t block, const char* name) {
  using Clock = std::chrono::steady_clock;
  constexpr double rate = 48000;
  std::vector<std::vector<float>> audio(channels, std::vector<float>(block));
  std::vector<const float*> in;
  std::vector<float*> out;  // in-place, as hosts do
  for (auto& channel : audio) in.push_back(channel.data()), out.push_back(channel.data());

  const auto blocks = static_cast<std::size_t>(rate / 2) / block;
  const auto start = Clock::now();
  Clock::duration longest{};
  float peak = 0;
  for (std::size_t b = 0; b < blocks; ++b) {
    const auto due = std::chrono::duration<double>(static_cast<double>(b * block) / rate);
    std::this_thread::sleep_until(start + std::chrono::duration_cast<Clock::duration>(due));
    for (auto& channel : audio)
      for (std::size_t f = 0; f < block; ++f) channel[f] = 0.5f * std::sin(0.03f * static_cast<float>(b * block + f));
    const auto before = Clock::now();
    session.process(in.data(), out.data(), block);
    longest = std::max(longest, Clock::now() - before);
    for (const float x : audio[0]) peak = std::max(peak, std::abs(x));
  }
  const auto stats = session.stats();
  std::printf("%-28s latency %4zu frames, longest callback %4.0f us, longest run %5.2f ms, %llu late, peak %.2f\n",
              name, session.latency(), std::chrono::duration<double, std::micro>(longest).count(), stats.longest_run_ms,
              static_cast<unsigned long long>(stats.misses), static_cast<double>(peak));
  return stats.missing_frames == 0;
}

}  // namespace example
