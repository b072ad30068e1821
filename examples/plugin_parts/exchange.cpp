/// Exchanges one model for another in the middle of a second of a low tone: at once, and through a ModelSlot. Writes
/// both outputs as CSV, for plot.py.
///
///     exchange MODEL MODEL    two model files with one channel in and out
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <inlay/plugin/model_slot.hpp>
#include <inlay/run_time.hpp>
#include <span>
#include <vector>

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::fprintf(stderr, "usage: exchange MODEL MODEL\n");
    return 2;
  }
  using Model = inlay::Model<float>;
  std::vector<float> tone(48000);
  for (std::size_t t = 0; t < tone.size(); ++t) tone[t] = 0.15f * std::sin(0.0144f * float(t));  // 110 Hz
  auto first = Model::load(std::filesystem::path(argv[1])), second = Model::load(std::filesystem::path(argv[2]));

  inlay::ModelSlot<Model> slot;
  slot.publish(first);
  slot.reset();
  std::vector<float> at_once(tone.size()), faded(tone.size());
  constexpr std::size_t block = 64;
  bool exchanged = false;
  for (std::size_t t = 0; t + block <= tone.size(); t += block) {
    const std::span<const float> in(&tone[t], block);
    if (!exchanged && t >= tone.size() / 2) {
      slot.publish(second);
      exchanged = true;
    }
    (exchanged ? second : first).process(in, std::span(&at_once[t], block));
    slot.process(in, std::span(&faded[t], block));
  }
  for (std::size_t t = 0; t < tone.size(); ++t) std::printf("%.9g,%.9g\n", double(at_once[t]), double(faded[t]));
} catch (const std::exception& error) {
  std::fprintf(stderr, "exchange: %s\n", error.what());
  return 1;
}
