/// Stereo through a mono model: one set of weights, two states.
///
///     guide_stereo [MODEL]
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <inlay/inlay.hpp>
#include <inlay/plugin.hpp>
#include <inlay/run_time.hpp>
#include <memory>
#include <vector>

using Amp = inlay::ModelT<inlay::LSTM<1, 20>, inlay::Dense<20, 1>>;

/// Stereo with a type.
class StereoAmp {
 public:
  void load(const std::filesystem::path& file) {
    amp_.load(file);
    reset();
  }
  void reset() noexcept {
    amp_.reset(left_);
    amp_.reset(right_);
  }
  void process(const float* const* in, float* const* out, std::size_t frames) noexcept {
    const std::array<Amp::State*, 2> voices{&left_, &right_};
    amp_.process(voices, in, out, frames);
  }

 private:
  Amp amp_;
  Amp::State left_, right_;
};

/// Stereo with any file.
class AnyStereoAmp {
 public:
  explicit AnyStereoAmp(inlay::Model<float> model) : voices_(std::move(model), 2) {}
  void process(const float* const* in, float* const* out, std::size_t frames) noexcept {
    voices_.process(in, out, frames, {});
  }

 private:
  inlay::Voices<inlay::Model<float>> voices_;
};

int main(int argc, char** argv) try {
  const std::filesystem::path file = argc > 1 ? argv[1] : "examples/amp/amp.json";
  const auto amp = std::make_unique<StereoAmp>();  // on the heap: a model can be large
  amp->load(file);
  AnyStereoAmp any(inlay::Model<float>::load(file));

  std::vector<float> left(256, 0.1f), right(256, -0.2f), y_left(256), y_right(256), z_left(256), z_right(256);
  const float* const in[] = {left.data(), right.data()};
  float* const out[] = {y_left.data(), y_right.data()};
  float* const any_out[] = {z_left.data(), z_right.data()};
  amp->process(in, out, 256);
  any.process(in, any_out, 256);

  std::printf("left %g, right %g\n", double(y_left[255]), double(y_right[255]));
  // A type and the compiled library may run on different instruction sets, and round differently.
  const bool same = std::abs(y_left[255] - z_left[255]) < 1e-5f && std::abs(y_right[255] - z_right[255]) < 1e-5f;
  return y_left[255] != y_right[255] && same ? 0 : 1;
} catch (const inlay::load_error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
