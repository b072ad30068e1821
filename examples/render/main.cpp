/// inlay-render MODEL.json IN.wav OUT.wav: processes an audio file with a model, block by block like a host.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "audio_file.hpp"
#include "player.hpp"
#include "problem.hpp"
#include "progress.hpp"

namespace render {

namespace {

namespace fs = std::filesystem;

struct Options {
  fs::path model, input, output, reference;
  std::size_t block = 512;
  double tolerance = 1e-5;
};

/// Exit statuses.
enum : int { success = 0, differs = 1, refused = 2 };

struct Rendering {
  std::uint64_t frames = 0;
  double seconds_in_model = 0;
  double error = 0;  ///< largest absolute error; infinite if an output is NaN
  std::uint64_t error_frame = 0;
};

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
Rendering render_file(AudioInput& input, Player& player, WavOutput& output, AudioInput* reference, std::size_t block) {
  const std::size_t ins = input.channels(), outs = player.out_channels();
  std::vector<float> read(block * ins), in(block * ins), out(block * outs), written(block * outs), wanted(block * outs);
  std::vector<const float*> in_rows;
  std::vector<float*> out_rows;
  for (std::size_t c = 0; c < ins; ++c) in_rows.push_back(in.data() + c * block);
  for (std::size_t c = 0; c < outs; ++c) out_rows.push_back(out.data() + c * block);

  Rendering result;
  Progress progress(input.frames() > 10 * std::uint64_t(input.sample_rate()), input.frames());
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
    progress.show(result.frames);
  }
  return result;
}

void print(const Options& options, const AudioInput& input, const Player& player, const Rendering& result) {
  const double seconds = double(result.frames) / input.sample_rate();
  const auto& model = player.model();
  std::printf("model             %s (%s)\n", player.network().c_str(), std::string(player.model().isa()).c_str());
  std::printf("parameters        %zu\n", model.parameters());
  std::printf("model size        %zu bytes of weights\n", model.parameters() * sizeof(float));
  std::printf("signal            %.2f s, %zu channel%s at %d Hz, in blocks of %zu\n", seconds, input.channels(),
              input.channels() == 1 ? "" : "s", input.sample_rate(), options.block);
  if (result.seconds_in_model > 0)
    std::printf("real-time factor  %.1f (%.2f s of audio in %.4f s)\n", seconds / result.seconds_in_model, seconds,
                result.seconds_in_model);
  if (!options.reference.empty())
    std::printf("maximum error     %.3g against %s (tolerance %.3g)\n", result.error,
                options.reference.string().c_str(), options.tolerance);
  std::printf("written           %s\n", options.output.string().c_str());
}

int run(const Options& options) {
  AudioInput input(options.input);
  for (const fs::path& file : {options.model, options.input, options.reference})
    must_not_be_overwritten(options.output, file);

  Player player(options.model, input.channels());
  const std::optional<double> trained = player.model().sample_rate();
  std::optional<AudioInput> reference;
  if (!options.reference.empty()) reference = open_reference(options.reference, input, player.out_channels());
  if (trained && *trained != input.sample_rate())
    std::fprintf(stderr, "inlay-render: warning: %s: sample rate: %d Hz, but the model was trained at %g Hz\n",
                 options.input.string().c_str(), input.sample_rate(), *trained);

  WavOutput output(options.output, player.out_channels(), input.sample_rate(), input.frames());
  const Rendering result = render_file(input, player, output, reference ? &*reference : nullptr, options.block);
  output.finish();
  print(options, input, player, result);

  if (!reference || result.error <= options.tolerance) return success;
  std::fprintf(stderr, "inlay-render: %s: frame %llu: differs by %.3g, more than the tolerance of %.3g\n",
               options.reference.string().c_str(), static_cast<unsigned long long>(result.error_frame), result.error,
               options.tolerance);
  return differs;
}

int refuse(std::string what) {
  std::replace(what.begin(), what.end(), '\n', ' ');
  std::fprintf(stderr, "inlay-render: %s\n", what.c_str());
  return refused;
}

}  // namespace

}  // namespace render

int main(int argc, char** argv) {
  render::Options options;
  CLI::App app(
      "Renders an audio file through a model. Through a model of one channel, each goes as a voice of its own.",
      "inlay-render");
  app.add_option("MODEL", options.model, "model file of any format that inlay reads")->required();
  app.add_option("IN", options.input, "audio file of any format that libsndfile reads")->required();
  app.add_option("OUT", options.output, "WAV file to write: float32, at the sample rate of IN")->required();
  app.add_option("--block", options.block, "frames at a time; the output does not depend on it")
      ->check(CLI::Range(1, 65536, "1 to 65536"))
      ->capture_default_str();
  app.add_option("--compare", options.reference, "audio file that the output must equal; exit status 1 if it does not");
  app.add_option("--tolerance", options.tolerance, "largest absolute error accepted by --compare")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
    if (!(options.tolerance >= 0)) throw CLI::ValidationError("--tolerance", "expected a number from 0 on");
    return render::run(options);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return render::refuse(std::string("command line: ") + error.what());
  } catch (const std::exception& error) {
    return render::refuse(error.what());
  }
}
