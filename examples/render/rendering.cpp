#include "rendering.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "audio_file.hpp"
#include "problem.hpp"

namespace render {

namespace {

namespace fs = std::filesystem;

void must_not_be_overwritten(const fs::path& output, const fs::path& file) {
  std::error_code error;
  if (fs::equivalent(output, file, error))
    throw Problem(output, "file", "would overwrite what is read: " + file.string());
}

/// Opens a reference and checks that its channels, sample rate and number of frames are those of the output.
AudioInput open_reference(const fs::path& path, const AudioInput& input, std::size_t channels) {
  AudioInput reference(path);
  const auto same = [&](const char* place, std::uint64_t wanted, std::uint64_t found) {
    if (wanted != found)
      throw Problem(path, place,
                    "expected " + std::to_string(wanted) + " as " + input.path().string() + " gives, found " +
                        std::to_string(found));
  };
  same("channels", channels, reference.channels());
  same("sample rate", std::uint64_t(input.sample_rate()), std::uint64_t(reference.sample_rate()));
  same("frames", input.frames(), reference.frames());
  return reference;
}

/// Reads, processes, writes and compares block by block.
Rendering process(AudioInput& input, Player& player, WavOutput& output, AudioInput* reference, std::size_t block,
                  Progress& progress) {
  const std::size_t ins = input.channels(), outs = player.out_channels();
  std::vector<float> read(block * ins), in(block * ins), out(block * outs), written(block * outs), wanted(block * outs);
  std::vector<const float*> in_rows;
  std::vector<float*> out_rows;
  for (std::size_t c = 0; c < ins; ++c) in_rows.push_back(in.data() + c * block);
  for (std::size_t c = 0; c < outs; ++c) out_rows.push_back(out.data() + c * block);

  Rendering result;
  while (const std::size_t frames = input.read(read.data(), block)) {
    for (std::size_t c = 0; c < ins; ++c)
      for (std::size_t t = 0; t < frames; ++t) in[c * block + t] = read[t * ins + c];

    const auto start = std::chrono::steady_clock::now();
    player.process(in_rows, out_rows, frames);
    result.seconds_in_model += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

    for (std::size_t c = 0; c < outs; ++c)
      for (std::size_t t = 0; t < frames; ++t) written[t * outs + c] = out[c * block + t];
    output.write(written.data(), frames);

    if (reference) {
      if (reference->read(wanted.data(), frames) != frames)
        throw Problem(reference->path(), "frame " + std::to_string(result.frames), "ends before the input does");
      for (std::size_t i = 0; i < frames * outs; ++i) {
        const double error = std::abs(double(written[i]) - double(wanted[i]));
        if (error <= result.error) continue;  // false for NaN
        result.error = std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
        result.error_frame = result.frames + i / outs;
      }
    }
    result.frames += frames;
    progress.add(frames);
  }
  return result;
}

}  // namespace

Rendering render(const Network& network, const Job& job, std::size_t block, Progress& progress) {
  AudioInput input(job.input);
  for (const fs::path& file : {network.path, job.input, job.reference}) must_not_be_overwritten(job.output, file);

  Player player(network, input.channels());
  std::optional<AudioInput> reference;
  if (!job.reference.empty()) reference = open_reference(job.reference, input, player.out_channels());
  const std::optional<double> trained = network.model.sample_rate();
  if (trained && *trained != input.sample_rate())
    std::fprintf(stderr, "inlay-render: warning: %s: sample rate: %d Hz, but the model was trained at %g Hz\n",
                 input.path().string().c_str(), input.sample_rate(), *trained);

  WavOutput output(job.output, player.out_channels(), input.sample_rate(), input.frames());
  Rendering result = process(input, player, output, reference ? &*reference : nullptr, block, progress);
  output.finish();
  result.channels = input.channels();
  result.sample_rate = input.sample_rate();
  return result;
}

}  // namespace render
