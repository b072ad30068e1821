/// inlay-render MODEL IN OUT.wav: processes an audio file, or a folder of them, with a model, block by block like a
/// host.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

#include "folder.hpp"
#include "player.hpp"
#include "problem.hpp"
#include "progress.hpp"
#include "rendering.hpp"

namespace render {

namespace {

namespace fs = std::filesystem;

struct Options {
  fs::path model;
  Job job;
  std::size_t block = 512;
  double tolerance = 1e-5;
};

/// Exit statuses.
enum : int { success = 0, differs = 1, refused = 2 };

int refuse(std::string what) {
  std::replace(what.begin(), what.end(), '\n', ' ');
  std::fprintf(stderr, "inlay-render: %s\n", what.c_str());
  return refused;
}

void print(const Options& options, const Network& network, const Rendering& result) {
  const double seconds = double(result.frames) / result.sample_rate;
  const auto& model = network.model;
  std::printf("model             %s (%s)\n", network.description.c_str(), std::string(model.isa()).c_str());
  std::printf("parameters        %zu\n", model.parameters());
  std::printf("model size        %zu bytes of weights\n", model.parameters() * sizeof(float));
  std::printf("signal            %.2f s, %zu channel%s at %d Hz, in blocks of %zu\n", seconds, result.channels,
              result.channels == 1 ? "" : "s", result.sample_rate, options.block);
  if (result.seconds_in_model > 0)
    std::printf("real-time factor  %.1f (%.2f s of audio in %.4f s)\n", seconds / result.seconds_in_model, seconds,
                result.seconds_in_model);
  if (!options.job.reference.empty())
    std::printf("maximum error     %.3g against %s (tolerance %.3g)\n", result.error,
                options.job.reference.string().c_str(), options.tolerance);
  std::printf("written           %s\n", options.job.output.string().c_str());
}

/// Reports an output that differs too much from its reference.
int compare(const Options& options, const Job& job, const Rendering& result) {
  if (job.reference.empty() || result.error <= options.tolerance) return success;
  std::fprintf(stderr, "inlay-render: %s: frame %llu: differs by %.3g, more than the tolerance of %.3g\n",
               job.reference.string().c_str(), static_cast<unsigned long long>(result.error_frame), result.error,
               options.tolerance);
  return differs;
}

int render_file(const Options& options) {
  const Network network(options.model);
  Progress progress(frames_of({options.job}));
  const Rendering result = render(network, options.job, options.block, progress);
  print(options, network, result);
  return compare(options, options.job, result);
}

/// Files that cannot be rendered are reported, and the others are rendered.
int render_folder(const Options& options) {
  const Network network(options.model);
  const std::vector<Job> jobs = jobs_of(options.job);
  if (jobs.empty()) throw Problem(options.job.input, "file", "expected audio files in this folder, found none");
  std::error_code error;
  fs::create_directory(options.job.output, error);
  if (!fs::is_directory(options.job.output))
    throw Problem(options.job.output, "file",
                  "expected a folder to write to, as " + options.job.input.string() + " is one");
  int status = success;
  std::size_t rendered = 0;
  double seconds = 0;
  std::mutex mutex;
  {
    Progress progress(frames_of(jobs));
    run_all(jobs, [&](const Job& job) {
      const auto done = [&](int outcome, double length) {
        status = std::max(status, outcome);
        if (outcome != refused) ++rendered, seconds += length;
      };
      try {
        const Rendering result = render(network, job, options.block, progress);
        const std::lock_guard lock(mutex);
        progress.erase();
        done(compare(options, job, result), double(result.frames) / result.sample_rate);
      } catch (const std::exception& problem) {
        const std::lock_guard lock(mutex);
        progress.erase();
        done(refuse(problem.what()), 0);
      }
    });
  }
  std::printf("rendered          %zu of %zu files, %.2f s, to %s\n", rendered, jobs.size(), seconds,
              options.job.output.string().c_str());
  return status;
}

}  // namespace

}  // namespace render

int main(int argc, char** argv) {
  render::Options options;
  CLI::App app(
      "Renders audio through a model. Through a model of one channel, each channel goes as a voice of its own.",
      "inlay-render");
  app.add_option("MODEL", options.model, "model file of any format that inlay reads")->required();
  app.add_option("IN", options.job.input,
                 "audio file of any format that libsndfile reads; a folder of them; or - for standard input")
      ->required();
  app.add_option("OUT", options.job.output,
                 "WAV file to write: float32, at the sample rate of IN; a folder, if IN is one")
      ->required();
  app.add_option("--block", options.block, "frames at a time; the output does not depend on it")
      ->check(CLI::Range(1, 65536, "1 to 65536"))
      ->capture_default_str();
  app.add_option("--compare", options.job.reference,
                 "audio file (or folder) that the output must equal; exit status 1 if it does not");
  app.add_option("--tolerance", options.tolerance, "largest absolute error accepted by --compare")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
    if (!(options.tolerance >= 0)) throw CLI::ValidationError("--tolerance", "expected a number from 0 on");
    return std::filesystem::is_directory(options.job.input) ? render::render_folder(options)
                                                            : render::render_file(options);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return render::refuse(std::string("command line: ") + error.what());
  } catch (const std::exception& error) {
    return render::refuse(error.what());
  }
}
