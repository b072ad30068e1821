#include "namb_writer.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <inlay/core/bit_cast.hpp>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <type_traits>
#include <vector>

using nlohmann::json;

namespace inlay_test {

namespace {

constexpr std::size_t model_begin = 80;

/// A member that is there and is not null.
const json* find(const json& object, const char* key) {
  const auto member = object.find(key);
  return member == object.end() || member->is_null() ? nullptr : &*member;
}
/// A value of type T, without rounding.
template <class T>
T as(const json& value) {
  if constexpr (std::is_same_v<T, unsigned>) {
    if (!value.is_number_integer()) throw std::out_of_range("not a whole number");
    return static_cast<unsigned>(value.get<std::int64_t>());
  } else {
    return value.get<T>();
  }
}
template <class T>
T value_or(const json& object, const char* key, T fallback) {
  const json* member = find(object, key);
  return member ? as<T>(*member) : fallback;
}
/// Entry i of an array, or the value itself if it is no array.
const json& each(const json& value, std::size_t i) { return value.is_array() ? value.at(i) : value; }

class Writer {
 public:
  explicit Writer(NambForm form) : form_(form) {}

  std::string file(const json& nam) {
    put(4, 0x4E414D42);
    put(2, 1);  // format version
    put(26, 0);
    metadata(nam);
    std::vector<float> weights;
    model(nam, weights);
    const std::size_t model_size = bytes_.size() - model_begin;
    while (bytes_.size() % 4 != 0) put(1, 0);
    const std::size_t offset = bytes_.size();
    for (float weight : weights) number(weight);
    set(12, 4, offset);
    set(16, 4, weights.size());
    set(20, 4, model_size);
    seal_namb(bytes_);
    return bytes_;
  }

 private:
  void put(std::size_t size, std::uint64_t value) {
    for (std::size_t i = 0; i < size; ++i) bytes_ += static_cast<char>(i < 8 ? value >> 8 * i & 255 : 0);
  }
  void set(std::size_t at, std::size_t size, std::uint64_t value) {
    for (std::size_t i = 0; i < size; ++i) bytes_[at + i] = static_cast<char>(value >> 8 * i & 255);
  }
  void number(float x) { put(4, inlay::internal::bit_cast<std::uint32_t>(x)); }
  void precise(double x) { put(8, inlay::internal::bit_cast<std::uint64_t>(x)); }
  void whole(std::size_t size, const json& value) { put(size, as<unsigned>(value)); }

  void metadata(const json& nam) {
    std::array<unsigned, 3> version{};
    (void)std::sscanf(nam.at("version").get<std::string>().c_str(), "%u.%u.%u", &version[0], &version[1], &version[2]);
    for (unsigned part : version) put(1, part);
    const json* members = find(nam, "metadata");
    std::uint64_t present = 0, bit = 1;
    std::array<double, 3> levels{};
    for (std::size_t i = 0; i < levels.size(); ++i, bit *= 2) {
      constexpr std::array<const char*, 3> keys{"loudness", "input_level_dbu", "output_level_dbu"};
      const json* level = members ? find(*members, keys[i]) : nullptr;
      if (!level) continue;
      levels[i] = level->get<double>();
      present |= bit;
    }
    put(1, present);
    precise(value_or(nam, "sample_rate", -1.0));
    for (double level : levels) precise(level);
    put(12, 0);
  }

  /// Writes a model, and appends its weights to those of the models inside of it.
  void model(const json& nam, std::vector<float>& weights) {
    const auto name = nam.at("architecture").get<std::string>();
    constexpr std::array<std::string_view, 4> names{"Linear", "ConvNet", "LSTM", "WaveNet"};
    std::size_t architecture = 0;
    while (architecture < names.size() && names[architecture] != name) ++architecture;
    if (architecture == names.size()) throw std::out_of_range(name);
    put(1, architecture);
    put(1, 0);
    const std::size_t size_at = bytes_.size();
    put(2, 0);
    const json& config = nam.at("config");
    if (name == "Linear") linear(config);
    else if (name == "ConvNet") convnet(config);
    else if (name == "LSTM") lstm(config);
    else wavenet(config, weights);
    set(size_at, 2, bytes_.size() - size_at - 2);
    for (const json& weight : nam.at("weights")) weights.push_back(weight.get<float>());
  }

  void channels(const json& config) {
    put(1, value_or(config, "in_channels", 1u));
    put(1, value_or(config, "out_channels", 1u));
  }
  void linear(const json& config) {
    whole(4, config.at("receptive_field"));
    put(1, config.at("bias").get<bool>());
    channels(config);
    put(1, 0);
  }
  void lstm(const json& config) {
    for (const char* key : {"num_layers", "input_size", "hidden_size"}) whole(2, config.at(key));
    channels(config);
    put(2, 0);
  }
  void convnet(const json& config) {
    whole(2, config.at("channels"));
    put(1, config.at("batchnorm").get<bool>());
    put(1, config.at("dilations").size());
    put(2, value_or(config, "groups", 1u));
    channels(config);
    activation(config.at("activation"));
    for (const json& dilation : config.at("dilations")) whole(4, dilation);
  }

  void activation(const json& config) {
    constexpr std::array<std::string_view, 11> names{"Tanh",      "Hardtanh",      "Fasttanh", "ReLU",
                                                     "LeakyReLU", "PReLU",         "Sigmoid",  "SiLU",
                                                     "Hardswish", "LeakyHardtanh", "Softsign"};
    const auto name = (config.is_object() ? config.at("type") : config).get<std::string>();
    std::size_t type = 0;
    while (type < names.size() && names[type] != name) ++type;
    if (type == names.size()) throw std::out_of_range(name);
    std::vector<float> parameters;
    const json object = config.is_object() ? config : json::object();
    if (name == "LeakyReLU" && config.is_object()) parameters = {value_or(object, "negative_slope", 0.01f)};
    if (name == "PReLU") {
      if (const json* one = find(object, "negative_slope")) parameters = {one->get<float>()};
      else parameters = value_or(object, "negative_slopes", parameters);
    }
    if (name == "LeakyHardtanh")
      parameters = {value_or(object, "min_val", -1.0f), value_or(object, "max_val", 1.0f),
                    value_or(object, "min_slope", 0.01f), value_or(object, "max_slope", 0.01f)};
    put(1, type);
    put(1, parameters.size());
    for (float parameter : parameters) number(parameter);
  }

  void wavenet(const json& config, std::vector<float>& weights) {
    const json* condition = find(config, "condition_dsp");
    put(1, value_or(config, "in_channels", 1u));
    put(1, find(config, "head") != nullptr);
    put(1, config.at("layers").size());
    put(1, condition != nullptr);
    if (condition) {
      const std::size_t count_at = bytes_.size(), before = weights.size();
      put(4, 0);
      metadata(*condition);
      model(*condition, weights);
      set(count_at, 4, weights.size() - before);
    }
    for (const json& array : config.at("layers")) layer_array(array);
  }

  void layer_array(const json& array) {
    const json& dilations = array.at("dilations");
    const std::size_t layers = dilations.size();
    const json* head = find(array, "head");
    whole(2, array.at("input_size"));
    whole(2, array.at("condition_size"));
    whole(2, head ? head->at("out_channels") : array.at("head_size"));
    whole(2, array.at("channels"));
    put(2, value_or(array, "bottleneck", as<unsigned>(array.at("channels"))));
    if (form_ == NambForm::march_2026) whole(2, array.at("kernel_size"));
    else if (form_ == NambForm::april_2026) put(2, 0);
    else put(2, head ? as<unsigned>(head->at("kernel_size")) : 1);
    put(1, (head ? head->at("bias") : array.at("head_bias")).get<bool>());
    put(1, layers);
    put(2, value_or(array, "groups_input", 1u));
    put(2, value_or(array, "groups_input_mixin", 1u));
    const json none = json::object();
    const json* next = find(array, "layer1x1");
    put(1, value_or(next ? *next : none, "active", true));
    put(2, value_or(next ? *next : none, "groups", 1u));
    put(1, 0);
    const json* to_head = find(array, "head1x1");
    put(1, value_or(to_head ? *to_head : none, "active", false));
    put(2, value_or(to_head ? *to_head : none, "out_channels", as<unsigned>(array.at("channels"))));
    put(2, value_or(to_head ? *to_head : none, "groups", 1u));
    put(1, 0);
    for (const char* key : {"conv_pre_film", "conv_post_film", "input_mixin_pre_film", "input_mixin_post_film",
                            "activation_pre_film", "activation_post_film", "layer1x1_post_film", "head1x1_post_film"}) {
      const json* film = find(array, key);
      const bool is_there = film && film->is_object();
      put(1, is_there ? value_or(*film, "active", true) + 2u * value_or(*film, "shift", true) : 0);
      put(1, 0);
      put(2, is_there ? value_or(*film, "groups", 1u) : 1);
    }
    for (const json& dilation : dilations) whole(4, dilation);
    const json* sizes = find(array, "kernel_sizes");
    for (std::size_t i = 0; i < layers && form_ != NambForm::march_2026; ++i)
      whole(2, sizes ? sizes->at(i) : array.at("kernel_size"));
    for (std::size_t i = 0; i < layers; ++i) activation(each(array.at("activation"), i));
    std::vector<std::size_t> modes;
    for (std::size_t i = 0; i < layers; ++i) {
      const json* mode = find(array, "gating_mode");
      const std::string name = mode                              ? each(*mode, i).get<std::string>()
                               : value_or(array, "gated", false) ? "gated"
                                                                 : "none";
      modes.push_back(name == "gated" ? 1 : name == "blended" ? 2 : 0);
      put(1, modes.back());
    }
    const json *second = find(array, "secondary_activation"), sigmoid = "Sigmoid";
    for (std::size_t i = 0; i < layers; ++i)
      if (modes[i] == 0) put(2, 0);
      else activation(second && !each(*second, i).is_null() ? each(*second, i) : sigmoid);
  }

  NambForm form_;
  std::string bytes_;
};

}  // namespace

std::string write_namb(const json& nam, NambForm form) { return Writer(form).file(nam); }

void seal_namb(std::string& file) {
  const auto set = [&](std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) file[at + i] = static_cast<char>(value >> 8 * i & 255);
  };
  set(8, static_cast<std::uint32_t>(file.size()));
  std::uint32_t crc = 0xFFFFFFFF;
  for (std::size_t i = 0; i < file.size(); ++i) {
    if (i >= 24 && i < 28) continue;
    crc ^= static_cast<unsigned char>(file[i]);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc % 2 ? 0xEDB88320u : 0);
  }
  set(24, ~crc);
}

}  // namespace inlay_test
