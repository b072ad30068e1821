/// Tests of a plugin's processor: against the training framework, for every size of block, and for real time.
///
///     guide_plugin_test [MODEL]
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <inlay/inlay.hpp>
#include <inlay/run_time.hpp>
#include <new>
#include <vector>

/// Counts what the audio thread must not do. Replaces the program's operator new.
static thread_local bool on_audio_thread = false;
static thread_local int allocations = 0;

void* operator new(std::size_t size) {
  if (on_audio_thread) ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

/// Your plugin's processor. Here it is the model alone.
class Processor {
 public:
  explicit Processor(const std::filesystem::path& file) : model_(inlay::Model<float>::load(file)) {}
  void reset() noexcept { model_.reset(); }
  void process(const float* in, float* out, std::size_t frames) noexcept {
    model_.process(std::span(in, frames), std::span(out, frames));
  }

 private:
  inlay::Model<float> model_;
};

/// Plays a signal in blocks of these sizes, again and again. The memory is allocated before.
std::vector<float> play(Processor& plugin, const std::vector<float>& in, const std::vector<std::size_t>& blocks) {
  std::vector<float> out(in.size());
  plugin.reset();
  on_audio_thread = true;
  for (std::size_t done = 0, i = 0; done < in.size(); ++i) {
    const std::size_t n = std::min(blocks[i % blocks.size()], in.size() - done);
    plugin.process(in.data() + done, out.data() + done, n);
    done += n;
  }
  on_audio_thread = false;
  return out;
}

int failures = 0;
void expect(bool holds, const char* what) {
  std::printf("%-60s %s\n", what, holds ? "good" : "FAILED");
  failures += !holds;
}

int main(int argc, char** argv) try {
  const std::filesystem::path file = argc > 1 ? argv[1] : "examples/amp/amp.json";
  Processor plugin(file);

  // Null test: the file holds a signal, and the training framework's output for it.
  const inlay::io::Check check = inlay::io::read_model(file).check.value();
  const std::vector<float> in(check.input.values.begin(), check.input.values.end());
  const std::vector<float> whole = play(plugin, in, {in.size()});
  double largest = 0;
  for (std::size_t row = 0; row < check.output.values.size(); ++row)
    largest = std::max(largest, std::abs(double(whole[check.skip + row * check.stride]) - check.output.values[row]));
  expect(largest < 1e-5, "the output is that of the training framework");

  // Blocks: the same bits, however the host divides the signal.
  expect(play(plugin, in, {1}) == whole, "blocks of 1");
  expect(play(plugin, in, {64}) == whole, "blocks of 64");
  expect(play(plugin, in, {17, 1, 480, 3}) == whole, "blocks of changing sizes");
  expect(play(plugin, in, {in.size()}) == whole, "a second time after reset");

  // Silence must stay quiet, and a loud signal finite.
  const std::vector<float> silent = play(plugin, std::vector<float>(48000), {512});
  expect(std::abs(silent.back() - silent[47000]) < 1e-6f, "silence settles");
  const std::vector<float> loud = play(plugin, std::vector<float>(4800, 100.0f), {512});
  expect(std::all_of(loud.begin(), loud.end(), [](float y) { return std::isfinite(y); }), "a loud signal stays finite");

  expect(allocations == 0, "no allocation on the audio thread");
  return failures == 0 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
