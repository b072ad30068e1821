/// Rendering one audio file through a network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "player.hpp"
#include "progress.hpp"

namespace render {

/// What to render. `input` may be "-", standard input. `reference` may be empty.
struct Job {
  std::filesystem::path input, output, reference;
};

/// What came of it.
struct Rendering {
  std::size_t channels = 0;
  int sample_rate = 0;
  std::uint64_t frames = 0;
  double seconds_in_model = 0;
  double error = 0;  ///< largest absolute difference from the reference; infinite if an output is NaN
  std::uint64_t error_frame = 0;
};

/// Renders a file, `block` frames at a time. Throws Problem or inlay::load_error; the output is then not written. Warns
/// on stderr if the sample rate is not that of the training.
Rendering render(const Network& network, const Job& job, std::size_t block, Progress& progress);

}  // namespace render
