/// Measurements of sample rate converters: level, false tones, latency, cost, memory, cuts.
#pragma once

#include <cmath>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

/// Converts a mono stream. Gives all output that it has.
class Converter {
 public:
  virtual ~Converter() = default;
  /// Returns the number of frames written to `out`, which has room for `room`.
  virtual std::size_t run(const float* in, std::size_t frames, float* out, std::size_t room) = 0;
};

/// Makes a converter between two rates.
using Make = std::function<std::unique_ptr<Converter>(double from, double to)>;

struct Figures {
  double level_18, level_20;  ///< dB, after a conversion to the model's rate and back
  double false_tones;         ///< dB, see `measure`
  std::size_t latency;        ///< host frames, both conversions
  double ns_64, ns_512;       ///< per host frame, both conversions, in calls of 64 and of 512
  std::size_t allocations;    ///< of the timed calls of 512
  std::size_t different;      ///< of 60000 frames cut into calls of 1 ... 700 frames, not the same bits as in one call
};

/// Measures conversions between a host's and a model's rate in both directions. The false tones are the largest
/// component that a sine of amplitude 1 gets: of any frequency for a sine up to `edge` Hz, below `edge` for higher
/// ones.
Figures measure(const Make& make, double host, double model, double edge);

/// Returns the shortest of several timings of `call`, in ns.
double shortest(const std::function<void()>& call, int rounds = 25);

/// ns per host frame of a model in calls of `block` frames.
template <class M>
double cost(M& model, std::size_t block) {
  constexpr std::size_t frames = 8192;
  std::vector<float> x(frames), y(frames);
  for (std::size_t t = 0; t < frames; ++t) x[t] = 0.3f * static_cast<float>(std::sin(0.02 * double(t)));
  const auto play = [&] {
    for (std::size_t t = 0; t < frames; t += block)
      model.process(std::span<const float>(&x[t], block), std::span<float>(&y[t], block));
  };
  play();
  return shortest(play) / frames;
}

/// A converter of a library, or of inlay, and its name.
struct Named {
  std::string name;
  Make make;
};
/// The libraries that were found.
std::vector<Named> libraries();
