/// Draws how the latency of a session comes about, as SVG: the picture of docs/off-the-audio-thread.md.
///
///     host_timeline [BLOCK HOP RUN_MS]  > timeline.svg
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <inlay/host/plan.hpp>
#include <string>
#include <vector>

using namespace inlay::host;  // NOLINT(google-build-using-namespace)

namespace {

constexpr double width = 960, left = 110, row_height = 46;

/// Frames `first` to `first + frames` of the signal.
struct Picture {
  double first, frames;

  double x(double frame) const { return left + (frame - first) / frames * (width - left - 10); }
  void box(double from, double to, int row, const char* color, const std::string& text) const {
    from = std::max(from, first), to = std::min(to, first + frames);
    if (from >= to) return;
    const double y = 30 + row * row_height;
    std::printf("<rect x='%.1f' y='%.1f' width='%.1f' height='26' fill='%s' stroke='#555'/>\n", x(from), y,
                x(to) - x(from), color);
    if (x(to) - x(from) > 20)
      std::printf("<text x='%.1f' y='%.1f' text-anchor='middle'>%s</text>\n", (x(from) + x(to)) / 2, y + 17,
                  text.c_str());
  }
  void line(double from, int from_row, double to, int to_row, const char* color) const {
    if (from < first || to >= first + frames) return;
    std::printf("<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='%s' stroke-width='1.5'/>\n", x(from),
                56 + from_row * row_height, x(to), 30 + to_row * row_height, color);
  }
  void label(int row, const char* text) const {
    std::printf("<text x='4' y='%.1f'>%s</text>\n", 47 + row * row_height, text);
  }
};

struct Run {
  double start, end;
  double needed;    // first frame of the output
  double callback;  // the first one that begins when the run has ended
};

}  // namespace

int main(int argc, char** argv) {
  const double block = argc > 1 ? std::atof(argv[1]) : 512, run_ms = argc > 3 ? std::atof(argv[3]) : 8.18;
  const std::size_t hop = argc > 2 ? static_cast<std::size_t>(std::atoi(argv[2])) : 480;
  const Plan p = plan({.in = {hop}, .out = {hop}}, {.block = block, .rate = 48000}, {.run_ms = run_ms});
  if (!p.feasible) return std::fprintf(stderr, "a run takes longer than a hop: there is no latency\n"), 1;

  // Callback c begins at frame c * block. It brings the frames of its block and takes as many.
  const auto size = static_cast<double>(hop), latency = static_cast<double>(p.latency(0));
  std::vector<Run> runs;
  double free_at = 0, tightest = 0;
  while (runs.size() < 4096 && (tightest == 0 || static_cast<double>(runs.size()) * size < tightest + 4 * block)) {
    const auto job = static_cast<double>(runs.size());
    const double submitted = std::floor(((job + 1) * size - 1) / block) * block, start = std::max(submitted, free_at);
    free_at = start + run_ms * 48;
    runs.push_back({start, free_at, latency + job * size, std::ceil(free_at / block) * block});
    if (tightest == 0 && runs.back().needed == runs.back().callback) tightest = runs.back().needed;
  }

  const Picture picture{std::max(0.0, tightest - 6 * block), 8 * block};
  enum Row { callbacks, input, worker, output };
  std::printf(
      "<svg xmlns='http://www.w3.org/2000/svg' width='%.0f' height='%.0f' font-family='sans-serif' font-size='12'>\n",
      width, 60 + 4 * row_height);
  std::printf(
      "<rect width='100%%' height='100%%' fill='white'/>\n<text x='4' y='18'>Blocks of %.0f frames, hops of %zu, "
      "runs of %.2f ms at 48 kHz: %zu frames of latency, %zu jobs under way</text>\n",
      block, hop, run_ms, p.latency(0), p.jobs);
  picture.label(callbacks, "callbacks");
  picture.label(input, "input");
  picture.label(worker, "worker");
  picture.label(output, "output");
  for (double at = 0; at < picture.first + picture.frames; at += block)
    picture.box(at, at + block, callbacks, "#eee", std::to_string(static_cast<int>(at / block)));
  picture.box(0, latency, output, "#fff", "silence");
  for (std::size_t job = 0; job < runs.size(); ++job) {
    const Run& run = runs[job];
    const double from = static_cast<double>(job) * size;
    const std::string name = std::to_string(job);
    picture.box(from, from + size, input, "#cde", name);
    picture.box(run.start, run.end, worker, "#fd9", name);
    picture.box(run.needed, run.needed + size, output, "#cec", name);
    picture.line(from + size, input, run.start, worker, "#36c");
    picture.line(run.end, worker, run.needed, output, run.needed == run.callback ? "#c33" : "#393");
  }
  std::printf(
      "<text x='%.1f' y='%.1f'>Red: the job ends during one callback, and the next one takes its first frame. With a "
      "frame less, it would be late.</text>\n</svg>\n",
      left, 48 + 4 * row_height);
}
