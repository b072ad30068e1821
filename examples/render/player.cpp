#include "player.hpp"

#include <inlay/inlay.hpp>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace render {

namespace {

template <std::size_t Units>
using Lstm = inlay::ModelT<inlay::LSTM<1, Units>, inlay::Dense<Units, 1>>;
template <std::size_t Units>
using Gru = inlay::ModelT<inlay::GRU<1, Units>, inlay::Dense<Units, 1>>;

/// The types that a file is tried with, in this order. Any inlay::ModelT with one channel in and out may stand here.
using Types = std::tuple<Lstm<8>, Lstm<12>, Lstm<16>, Lstm<20>, Lstm<24>, Lstm<32>, Lstm<40>,  //
                         Gru<8>, Gru<12>, Gru<16>, Gru<20>, Gru<24>, Gru<32>, Gru<40>>;

/// One set of weights, and a state for each channel.
template <class Model>
class Voices final : public Player {
 public:
  explicit Voices(std::size_t channels) : voices_(channels) {}

  void process(std::span<float* const> channels, std::size_t frames) noexcept override {
    for (std::size_t c = 0; c < voices_.size(); ++c)
      std::as_const(model).process(voices_[c], std::span<const float>(channels[c], frames),
                                   std::span(channels[c], frames));
  }

  Model model;

 private:
  std::vector<typename Model::State> voices_;  // a new state is at the start of a signal
};

/// Visitor of a layer: does the file agree with what the type fixes? What the file leaves out does not count, so
/// that loading says what is missing.
class Agreement {
 public:
  explicit Agreement(const inlay::io::LayerRecord& record) : record_(record) {}

  void option(std::string_view name, std::string_view wanted) { compare(name, std::string(wanted)); }
  void option(std::string_view name, bool wanted) { compare(name, wanted); }
  void option(std::string_view name, std::size_t wanted) { compare(name, wanted); }
  void number(auto&&...) {}
  void tensor(auto&&...) {}
  void optional_tensor(auto&&...) {}

  bool agrees = true;

 private:
  template <class V>
  void compare(std::string_view name, const V& wanted) {
    const auto found = record_.values.find(name);
    if (found != record_.values.end() && found->second.value != decltype(found->second.value)(wanted)) agrees = false;
  }

  const inlay::io::LayerRecord& record_;
};

template <class Model>
bool fits(Model& model, const inlay::io::ModelFile& file) {
  if (file.chain.layers.size() != Model::layer_count) return false;
  bool agrees = true;
  Model::for_each([&](auto i) {
    auto& layer = model.template layer<i>();
    Agreement visitor(file.chain.layers[i]);
    layer.visit(visitor);
    const auto* type = std::get_if<std::string>(&file.chain.layers[i].type.value);
    agrees = agrees && visitor.agrees && type && *type == layer.type;
  });
  return agrees;
}

/// "lstm 20 + dense 1": the layers and their sizes.
template <class Model>
std::string describe(const Model& model) {
  std::string text;
  Model::for_each([&](auto i) {
    const auto& layer = model.template layer<i>();
    if (i > 0) text += " + ";
    text += layer.type;
    text += ' ' + std::to_string(layer.out_size);
  });
  return text;
}

/// Layers of a file, which may be any, with all that they are: "lstm (in 1, out 21, recurrent_activation ...".
std::string describe(const inlay::io::ModelFile& file) {
  std::string text;
  for (const auto& layer : file.chain.layers) {
    if (!text.empty()) text += " + ";
    text += std::get<std::string>(layer.type.value);
    const char* separator = " (";
    for (const auto& [name, value] : layer.values) {
      text += separator + name + ' ' + inlay::io::Fill::text(value);
      separator = ", ";
    }
    if (!layer.values.empty()) text += ')';
  }
  return text;
}

/// What one attempt after the other has to say.
struct Search {
  const nlohmann::json& document;
  const inlay::io::ModelFile file;
  std::size_t channels;
  std::unique_ptr<Player> found;
  std::string known;

  /// Loads the file if it fits, and then its faults are those of the file: no other type is tried.
  template <class Model>
  bool attempt() {
    static_assert(Model::in_size == 1 && Model::out_size == 1, "each channel of audio gets a voice of its own");
    auto player = std::make_unique<Voices<Model>>(channels);
    player->network = describe(player->model);
    if (!known.empty()) known += ", ";
    known += player->network;
    if (!fits(player->model, file)) return false;

    using First = std::remove_reference_t<decltype(player->model.template layer<0>())>;
    player->sample_rate = player->model.load(document).sample_rate;
    player->backend = First::backend::name;
    player->parameters = Model::parameters;
    player->weight_bytes = Model::weight_bytes;
    player->state_bytes = Model::state_bytes;
    found = std::move(player);
    return true;
  }

  template <class... Models>
  bool attempt_each(std::type_identity<std::tuple<Models...>>) {
    return (attempt<Models>() || ...);
  }
};

}  // namespace

std::unique_ptr<Player> load_player(const std::filesystem::path& path, std::size_t channels) try {
  const nlohmann::json document = inlay::io::parse(inlay::io::read_text(path));
  Search search{document, inlay::io::read_model(document), channels, nullptr, {}};
  if (!search.attempt_each(std::type_identity<Types>{}))
    throw inlay::load_error(search.file.chain.place,
                            "one of the networks that this program knows (" + search.known + ")",
                            describe(search.file));
  return std::move(search.found);
} catch (const inlay::load_error& error) {
  throw error.from(path.string());
}

}  // namespace render
