// What .nam files say, evaluated plainly: in double, one weight after the other in the order of the list.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace plain {

using nlohmann::json;

/// [frames][channels]
using Signal = std::vector<std::vector<double>>;

/// Weight number i of every model here.
inline double weight(std::size_t i) {
  std::uint64_t x = (i + 1) * 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 31)) * 0xBF58476D1CE4E5B9u;
  return static_cast<double>(x >> 40) / double(1 << 24) - 0.5;
}

inline Signal noise(std::size_t frames, std::size_t channels) {
  Signal x(frames, std::vector<double>(channels));
  for (std::size_t t = 0; t < frames; ++t)
    for (std::size_t c = 0; c < channels; ++c) x[t][c] = 2 * weight(1000003 + t * channels + c);
  return x;
}

using Function = std::function<double(double, std::size_t channel)>;

inline Function activation(const json& said) {
  const json object = said.is_object() ? said : json{{"type", said}};
  const std::string type = object["type"];
  const auto number = [&](const char* key, double otherwise) { return object.value(key, otherwise); };
  if (type == "Tanh") return [](double x, std::size_t) { return std::tanh(x); };
  if (type == "Sigmoid") return [](double x, std::size_t) { return 1 / (1 + std::exp(-x)); };
  if (type == "ReLU") return [](double x, std::size_t) { return x > 0 ? x : 0; };
  if (type == "SiLU") return [](double x, std::size_t) { return x / (1 + std::exp(-x)); };
  if (type == "Fasttanh")
    return [](double x, std::size_t) {
      const double a = std::abs(x), s = x * x;
      return x * (2.45550750702956 + 2.45550750702956 * a + (0.893229853513558 + 0.821226666969744 * a) * s) /
             (2.44506634652299 + (2.44506634652299 + s) * std::abs(x + 0.814642734961073 * x * a));
    };
  if (type == "Softsign") return [](double x, std::size_t) { return x / (1 + std::abs(x)); };
  if (type == "Hardtanh") return [](double x, std::size_t) { return x < -1 ? -1 : x > 1 ? 1 : x; };
  if (type == "Hardswish") return [](double x, std::size_t) { return x * (x < -3 ? 0 : x > 3 ? 6 : x + 3) / 6; };
  if (type == "LeakyReLU")
    return [slope = number("negative_slope", 0.01)](double x, std::size_t) { return x > 0 ? x : slope * x; };
  if (type == "PReLU") {
    if (!object.contains("negative_slopes"))
      return [slope = number("negative_slope", 0)](double x, std::size_t) { return x > 0 ? x : slope * x; };
    return [slopes = object["negative_slopes"].get<std::vector<double>>()](double x, std::size_t c) {
      return x > 0 ? x : slopes[c] * x;
    };
  }
  EXPECT_EQ(type, "LeakyHardtanh");
  return [low = number("min_val", -1), high = number("max_val", 1), below = number("min_slope", 0.01),
          above = number("max_slope", 0.01)](double x, std::size_t) {
    return x < low ? low + below * (x - low) : x > high ? high + above * (x - high) : x;
  };
}

inline Signal through(Signal x, const Function& f) {
  for (auto& frame : x)
    for (std::size_t c = 0; c < frame.size(); ++c) frame[c] = f(frame[c], c);
  return x;
}

inline Signal plus(Signal x, const Signal& y) {
  for (std::size_t t = 0; t < x.size(); ++t)
    for (std::size_t c = 0; c < x[t].size(); ++c) x[t][c] += y[t][c];
  return x;
}

/// A convolution whose weights begin at number `at`, taken one by one in the file's order.
struct Conv {
  std::size_t in, out, taps, dilation, groups;
  bool bias;
  std::size_t at = 0;

  std::size_t count() const { return taps * in * out / groups + (bias ? out : 0); }
  Signal run(const Signal& x) const {
    Signal y(x.size(), std::vector<double>(out));
    std::size_t next = at;
    for (std::size_t group = 0; group < groups; ++group)
      for (std::size_t o = 0; o < out / groups; ++o)
        for (std::size_t i = 0; i < in / groups; ++i)
          for (std::size_t k = 0; k < taps; ++k, ++next)
            for (std::size_t t = (taps - 1 - k) * dilation; t < x.size(); ++t)
              y[t][group * (out / groups) + o] +=
                  weight(next) * x[t - (taps - 1 - k) * dilation][group * (in / groups) + i];
    for (std::size_t o = 0; bias && o < out; ++o, ++next)
      for (auto& frame : y) frame[o] += weight(next);
    return y;
  }
};

/// A WaveNet's config, evaluated; `used` is then its number of weights.
class WaveNet {
 public:
  explicit WaveNet(json config) : config_(std::move(config)) {}

  Signal run(const Signal& x) {
    used = 0;
    condition_ = config_.contains("condition_dsp") ? WaveNet(config_["condition_dsp"]["config"]).run(x) : x;
    Signal from = x, head;
    for (const json& each : config_["layers"]) array(each, from, head);
    std::vector<std::pair<json, Conv>> behind;
    if (const json stack = config_.value("head", json()); !stack.is_null()) {
      std::size_t width = head[0].size();
      for (std::size_t i = 0; i < stack["kernel_sizes"].size(); ++i) {
        const bool last = i + 1 == stack["kernel_sizes"].size();
        const std::size_t out = stack[last ? "out_channels" : "channels"];
        behind.emplace_back(stack["activation"], take({width, out, stack["kernel_sizes"][i], 1, 1, true}));
        width = out;
      }
    }
    const double scale = weight(used++);
    for (auto& frame : head)
      for (double& y : frame) y *= scale;
    for (const auto& [function, conv] : behind) head = conv.run(through(head, activation(function)));
    return head;
  }

  /// The file: the config, and as many weights as it needs.
  json document(const Signal& x) {
    run(x);
    if (config_.contains("condition_dsp"))
      config_["condition_dsp"] = WaveNet(config_["condition_dsp"]["config"]).document(x);
    json model{{"version", "0.7.0"}, {"architecture", "WaveNet"}, {"config", config_}, {"weights", json::array()}};
    for (std::size_t i = 0; i < used; ++i) model["weights"].push_back(weight(i));
    return model;
  }

  std::size_t used = 0;

 private:
  Conv take(Conv conv) {
    conv.at = std::exchange(used, used + conv.count());
    return conv;
  }

  using Film = std::function<Signal(Signal)>;
  Film film(const json& array, const char* key, std::size_t size) {
    const json said = array.value(key, json(false));
    if (said == false || said["active"] == false) return [](Signal x) { return x; };
    const bool shift = said["shift"];
    const Conv conv = take({condition_[0].size(), shift ? 2 * size : size, 1, 1, said["groups"], true});
    return [this, conv, shift, size](Signal x) {
      const Signal made = conv.run(condition_);
      for (std::size_t t = 0; t < x.size(); ++t)
        for (std::size_t c = 0; c < size; ++c) x[t][c] = x[t][c] * made[t][c] + (shift ? made[t][size + c] : 0);
      return x;
    };
  }

  static json each(const json& said, std::size_t i) { return said.is_array() ? said[i] : said; }

  void array(const json& said, Signal& x, Signal& head) {
    const std::size_t channels = said["channels"], condition = said["condition_size"];
    const std::size_t size = said.value("bottleneck", channels);
    const json next1x1 = said.value("layer1x1", json{{"active", true}, {"groups", 1}});
    const json head1x1 = said.value("head1x1", json{{"active", false}});
    const std::size_t head_size = head1x1["active"] ? head1x1["out_channels"].get<std::size_t>() : size;
    x = take({said["input_size"], channels, 1, 1, 1, false}).run(x);
    if (head.empty()) head = Signal(x.size(), std::vector<double>(head_size));
    for (std::size_t i = 0; i < said["dilations"].size(); ++i) {
      const std::string mode = each(said.value("gating_mode", json(said.value("gated", false) ? "gated" : "none")), i);
      const std::size_t inner = mode == "none" ? size : 2 * size;
      const std::size_t taps = each(said.contains("kernel_sizes") ? said["kernel_sizes"] : said["kernel_size"], i);
      const Conv conv = take({channels, inner, taps, said["dilations"][i], said.value("groups_input", 1u), true});
      const Conv mixin = take({condition, inner, 1, 1, said.value("groups_input_mixin", 1u), false});
      Conv next{}, to_head{};
      if (next1x1["active"]) next = take({size, channels, 1, 1, next1x1["groups"], true});
      if (head1x1["active"]) to_head = take({size, head_size, 1, 1, head1x1["groups"], true});
      const Film conv_pre = film(said, "conv_pre_film", channels), conv_post = film(said, "conv_post_film", inner);
      const Film mixin_pre = film(said, "input_mixin_pre_film", condition);
      const Film mixin_post = film(said, "input_mixin_post_film", inner);
      const Film before = film(said, "activation_pre_film", inner), behind = film(said, "activation_post_film", size);
      const Film next_post = film(said, "layer1x1_post_film", channels);
      const Film head_post = film(said, "head1x1_post_film", head_size);

      const Signal z = before(plus(conv_post(conv.run(conv_pre(x))), mixin_post(mixin.run(mixin_pre(condition_)))));
      const json second = each(said.value("secondary_activation", json()), i);
      const Function f = activation(each(said["activation"], i)), g = activation(second.is_null() ? "Sigmoid" : second);
      Signal a(z.size(), std::vector<double>(size));
      for (std::size_t t = 0; t < z.size(); ++t)
        for (std::size_t c = 0; c < size; ++c) {
          const double top = z[t][c], activated = f(top, c), w = mode == "none" ? 1 : g(z[t][size + c], c);
          a[t][c] = mode == "blended" ? w * activated + (1 - w) * top : w * activated;
        }
      a = behind(a);
      if (next1x1["active"]) x = plus(x, mode == "blended" ? next_post(next.run(a)) : next.run(a));
      head = plus(head, head1x1["active"] ? head_post(to_head.run(a)) : a);
    }
    if (said.contains("head")) {
      const json& to = said["head"];
      head = take({head_size, to["out_channels"], to["kernel_size"], to.value("head_dilation", 1u), 1, to["bias"]})
                 .run(head);
    } else {
      head = take({head_size, said["head_size"], 1, 1, 1, said["head_bias"]}).run(head);
    }
  }

  json config_;
  Signal condition_;
};

}  // namespace plain
