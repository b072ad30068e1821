/// Player: a model file brought to life, whatever its network.
#pragma once

#include <cstddef>
#include <filesystem>
#include <inlay/run_time.hpp>
#include <span>
#include <string>
#include <vector>

namespace render {

/// A loaded model with one voice or, if it has one channel in and one out, a voice for each channel of audio.
class Player {
 public:
  /// For audio of so many channels. Throws inlay::load_error, also where the model takes another number of them.
  Player(const std::filesystem::path& path, std::size_t channels);

  /// The same number of frames of every channel.
  void process(std::span<const float* const> in, std::span<float* const> out, std::size_t frames) noexcept;

  std::size_t out_channels() const noexcept;
  const std::string& network() const noexcept { return network_; }  ///< "lstm 20 + dense 1"
  const inlay::Model<float>& model() const noexcept { return model_; }

 private:
  std::string network_;
  inlay::Model<float> model_;
  std::vector<inlay::Model<float>::State> voices_;
};

}  // namespace render
