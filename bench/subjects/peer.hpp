/// Networks that another library runs, from the files that suite/export.py writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "subject.hpp"

namespace inlay::bench {

/// The plan that export.py writes for a network: its tensors and how to call it. State tensors follow the signal, as
/// inputs and as outputs.
struct Plan {
  using Shape = std::vector<std::int64_t>;
  std::size_t in_size = 0, out_size = 0;
  std::size_t up = 1;      ///< output frames of an input frame
  bool planar = false;     ///< signals are [1, channels, frames], otherwise [frames, 1, channels]
  std::size_t window = 0;  ///< required number of frames per call; 0 if any number is possible
  std::vector<Shape> states;

  Shape shape(std::size_t channels, std::size_t frames) const {
    const auto c = std::int64_t(channels), t = std::int64_t(frames);
    return planar ? Shape{1, c, t} : Shape{t, 1, c};
  }
};

/// A library with one network. All functions throw std::exception on errors.
class Engine {
 public:
  virtual ~Engine() = default;
  /// Allocates for calls of `frames` frames, and resets to the start of a signal.
  virtual void start(std::size_t frames) = 0;
  /// Memory of the input, and of the output after `run`.
  virtual Scalar* in() = 0;
  virtual const Scalar* out() = 0;
  virtual void run() = 0;
};

/// Makes the subject of an engine, which `make(base, plan)` returns.
std::unique_ptr<Subject> make_peer_subject(const std::filesystem::path& base,
                                           std::unique_ptr<Engine> (*make)(const std::filesystem::path&, const Plan&));

}  // namespace inlay::bench
