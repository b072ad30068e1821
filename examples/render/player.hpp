/// Player: loads a model file and processes audio with it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <inlay/run_time.hpp>
#include <span>
#include <string>
#include <vector>

namespace render {

/// A model with one voice. A mono model has one voice per audio channel.
class Player {
 public:
  /// Loads a model for audio with `channels` channels. Throws inlay::load_error, also if the model does not fit them.
  Player(const std::filesystem::path& path, std::size_t channels);

  /// Processes `frames` frames of all channels. Real-time safe.
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
