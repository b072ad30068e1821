#include "player.hpp"

#include <inlay/io/weight_loader.hpp>
#include <string_view>
#include <variant>

namespace render {

namespace {

/// Describes a network by its layers and their output channels: "lstm 20 + dense 1".
std::string describe(const inlay::io::ModelFile& file) {
  std::string text;
  for (const auto& layer : file.chain.layers) {
    if (!text.empty()) text += " + ";
    text += std::get<std::string>(layer.type.value);
    for (std::string_view name : {"out", "size"})
      if (const auto found = layer.values.find(name); found != layer.values.end()) {
        text += ' ' + inlay::io::value_text(found->second);
        break;
      }
  }
  return text;
}

/// Throws inlay::load_error unless the model is mono, or has as many inputs as the audio has channels.
void check_audio(const inlay::Model<float>& model, std::size_t channels) {
  const auto refuse = [](std::string expected, std::string found) {
    throw inlay::load_error("layers", std::move(expected), std::move(found));
  };
  if (!model.one_to_one()) refuse("a network that gives a frame for each", "another rate");
  if (model.condition_size() > 0) refuse("a network without side channels", std::to_string(model.condition_size()));
  const bool one_to_one = model.in_size() == 1 && model.out_size() == 1;
  if (!one_to_one && model.in_size() != channels)
    refuse(std::to_string(channels) + " channels in, as the audio has, or one in and one out",
           std::to_string(model.in_size()) + " in and " + std::to_string(model.out_size()) + " out");
}

}  // namespace

Network::Network(const std::filesystem::path& file)
    : path(file), model([&] {
        const inlay::io::ModelFile contents = inlay::io::read_model(file);
        description = describe(contents);
        return inlay::Model<float>::of(contents);
      }()) {}

Player::Player(const Network& network, std::size_t channels) try : model_(network.model) {
  check_audio(model_, channels);
  const std::size_t voices = model_.in_size() == 1 && model_.out_size() == 1 ? channels : 1;
  for (std::size_t v = 0; v < voices; ++v) voices_.push_back(model_.new_state());
} catch (const inlay::load_error& error) {
  throw error.from(network.path.string());
}

std::size_t Player::out_channels() const noexcept { return voices_.size() > 1 ? voices_.size() : model_.out_size(); }

void Player::process(std::span<const float* const> in, std::span<float* const> out, std::size_t frames) noexcept {
  if (voices_.size() == 1) {
    model_.process(voices_[0], in.data(), out.data(), frames);
    return;
  }
  for (std::size_t c = 0; c < voices_.size(); ++c) model_.process(voices_[c], &in[c], &out[c], frames);
}

}  // namespace render
