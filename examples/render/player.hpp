/// Player: a model file brought to life, whatever its type.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace render {

/// A loaded model and a voice for each channel of audio. Which type of model it is was decided while loading.
class Player {
 public:
  virtual ~Player() = default;
  /// The same number of frames of every channel, each through its own voice, in place.
  virtual void process(std::span<float* const> channels, std::size_t frames) noexcept = 0;

  std::string network;  ///< "lstm 20 + dense 1"
  std::string backend;
  std::optional<double> sample_rate;  ///< Hz, the rate that the model was trained at
  std::size_t parameters = 0, weight_bytes = 0, state_bytes = 0;
};

/// Loads a model with one channel in and one out. Throws inlay::load_error, also where this program has no type
/// that the file fits.
std::unique_ptr<Player> load_player(const std::filesystem::path& path, std::size_t channels);

}  // namespace render
