/// A player of .nam files, as it is with NeuralAmpModelerCore and as it is here.
///
///     guide_nam MODEL
#include <array>
#include <cmath>
#include <cstdio>
#include <inlay/plugin.hpp>
#include <inlay/run_time.hpp>
#include <optional>

class NamPlayer {
 public:
  /// Not on the audio thread. Throws inlay::load_error; the model before goes on.
  void load(const std::filesystem::path& file) {
    auto model = inlay::Model<float>::load(file);
    if (!model.accepts(1, 1)) throw inlay::load_error("model", "one channel in and out", "others");
    levels_ = inlay::levels_of(model.info());
    model_ = std::move(model);
  }
  double sample_rate() const { return model_->sample_rate().value_or(48000); }
  std::optional<double> loudness() const { return levels_.loudness; }

  void reset() noexcept { model_->reset(); }
  void process(const float* const* in, float* const* out, std::size_t frames) noexcept {
    model_->process(in, out, frames);
  }

 private:
  std::optional<inlay::Model<float>> model_;
  inlay::ModelLevels levels_;
};

int main(int argc, char** argv) try {
  if (argc < 2) return std::fprintf(stderr, "usage: guide_nam MODEL\n"), 2;
  NamPlayer player;
  player.load(argv[1]);
  std::array<float, 512> in{}, out{};
  const float* const x = in.data();
  float* const y = out.data();
  in[0] = 1;  // a click
  player.process(&x, &y, in.size());
  std::printf("%g Hz, loudness %g dB; the click comes out as %g\n", player.sample_rate(), player.loudness().value_or(0),
              double(out[0]));
  return std::isfinite(out[0]) ? 0 : 1;
} catch (const inlay::load_error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
