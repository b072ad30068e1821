/// Network and Player: a model file, and the audio that is processed with it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <inlay/run_time.hpp>
#include <span>
#include <string>
#include <vector>

namespace render {

/// A model file.
struct Network {
  /// Loads it. Throws inlay::load_error.
  explicit Network(const std::filesystem::path& path);

  std::filesystem::path path;
  std::string description;  ///< "lstm 20 + dense 1"
  inlay::Model<float> model;
};

/// A network with one voice. A mono network has one voice per audio channel.
class Player {
 public:
  /// For audio with `channels` channels. Throws inlay::load_error if the network does not fit them. The network must
  /// outlive the player; several players can run it at once.
  Player(const Network& network, std::size_t channels);

  /// Processes `frames` frames of all channels. Real-time safe.
  void process(std::span<const float* const> in, std::span<float* const> out, std::size_t frames) noexcept;

  std::size_t out_channels() const noexcept;

 private:
  const inlay::Model<float>& model_;
  std::vector<inlay::Model<float>::State> voices_;
};

}  // namespace render
