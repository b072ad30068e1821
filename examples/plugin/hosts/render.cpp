/// plugin_render PLUGIN MODEL IN.wav OUT.wav BLOCK: plays a stereo file through the plugin, in blocks of BLOCK frames.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <vector>

#include "../../render/audio_file.hpp"
#include "host.hpp"

namespace {

void play(hosts::Host& host, render::AudioInput& input, render::WavOutput& output, std::uint32_t block) {
  std::vector<float> both(2 * block), left(block), right(block);
  const float* const in[] = {left.data(), right.data()};
  float* const out[] = {left.data(), right.data()};  // in place, as many hosts do it
  while (const std::size_t frames = input.read(both.data(), block)) {
    for (std::size_t t = 0; t < frames; ++t) left[t] = both[2 * t], right[t] = both[2 * t + 1];
    host.process(in, out, static_cast<std::uint32_t>(frames));
    for (std::size_t t = 0; t < frames; ++t) both[2 * t] = left[t], both[2 * t + 1] = right[t];
    output.write(both.data(), frames);
  }
  output.finish();
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 6) {
    std::fprintf(stderr, "usage: plugin_render PLUGIN MODEL IN.wav OUT.wav BLOCK\n");
    return 2;
  }
  render::AudioInput input(argv[3]);
  if (input.channels() != 2) throw render::Problem(argv[3], "channels", "expected 2");
  render::WavOutput output(argv[4], 2, input.sample_rate(), input.frames());
  const auto block = static_cast<std::uint32_t>(std::stoul(argv[5]));
  const auto host = hosts::open(argv[1]);
  host->load(argv[2]);
  host->activate(input.sample_rate(), std::max(block, 64u));
  play(*host, input, output, block);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "plugin_render: %s\n", error.what());
  return 2;
}
