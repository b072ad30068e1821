/// Networks that another library runs, from what suite/export.py made of a file of ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "subject.hpp"

namespace inlay::bench {

/// What export.py says about a network: its tensors and how it wants to be called. State goes in and comes out, as
/// tensors behind the signal's.
struct Plan {
  using Shape = std::vector<std::int64_t>;
  std::size_t in_size = 0, out_size = 0;
  bool planar = false;     ///< signals are [1, channels, frames], else [frames, 1, channels]
  std::size_t window = 0;  ///< frames for which it has to be called at once, if not any number
  std::vector<Shape> states;

  Shape shape(std::size_t channels, std::size_t frames) const {
    const auto c = std::int64_t(channels), t = std::int64_t(frames);
    return planar ? Shape{1, c, t} : Shape{t, 1, c};
  }
};

/// A library with one network. Throws where something is amiss.
class Engine {
 public:
  virtual ~Engine() = default;
  /// Makes room for `frames` frames at once, and goes to the start of a signal.
  virtual void start(std::size_t frames) = 0;
  /// Where the input is to be put, and the output found after `run`.
  virtual Scalar* in() = 0;
  virtual const Scalar* out() = 0;
  virtual void run() = 0;
};

/// The subject of an engine that `make(base, plan)` makes.
std::unique_ptr<Subject> make_peer_subject(const std::filesystem::path& base,
                                           std::unique_ptr<Engine> (*make)(const std::filesystem::path&, const Plan&));

}  // namespace inlay::bench
