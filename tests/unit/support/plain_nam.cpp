#include "plain_nam.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <utility>

namespace plain {

namespace {

using Function = std::function<double(double, std::size_t channel)>;

Function activation(const Document& config) {
  const std::string type = config.is_text() ? config.text() : config.text("/type");
  const auto number = [&](const char* path, double fallback) {
    return config.has(path) ? config.number(path) : fallback;
  };
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
    return [slope = number("/negative_slope", 0.01)](double x, std::size_t) { return x > 0 ? x : slope * x; };
  if (type == "PReLU") {
    if (!config.has("/negative_slopes"))
      return [slope = number("/negative_slope", 0)](double x, std::size_t) { return x > 0 ? x : slope * x; };
    return [slopes = config.numbers("/negative_slopes")](double x, std::size_t c) { return x > 0 ? x : slopes[c] * x; };
  }
  EXPECT_EQ(type, "LeakyHardtanh");
  return [low = number("/min_val", -1), high = number("/max_val", 1), below = number("/min_slope", 0.01),
          above = number("/max_slope", 0.01)](double x, std::size_t) {
    return x < low ? low + below * (x - low) : x > high ? high + above * (x - high) : x;
  };
}

Signal apply(Signal x, const Function& f) {
  for (auto& frame : x)
    for (std::size_t c = 0; c < frame.size(); ++c) frame[c] = f(frame[c], c);
  return x;
}

Signal plus(Signal x, const Signal& y) {
  for (std::size_t t = 0; t < x.size(); ++t)
    for (std::size_t c = 0; c < x[t].size(); ++c) x[t][c] += y[t][c];
  return x;
}

/// Entry i of an array, or the value itself if it is no array.
Document each(const Document& config, std::size_t i) {
  const std::string path = "/" + std::to_string(i);
  return config.has(path) ? config[path] : config;
}

std::size_t whole_or(const Document& config, const char* path, std::size_t fallback) {
  return config.has(path) ? config.whole(path) : fallback;
}
bool flag_or(const Document& config, const char* path, bool fallback) {
  return config.has(path) ? config.flag(path) : fallback;
}

}  // namespace

double weight(std::size_t i) {
  std::uint64_t x = (i + 1) * 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 31)) * 0xBF58476D1CE4E5B9u;
  return static_cast<double>(x >> 40) / double(1 << 24) - 0.5;
}

std::vector<double> weights(std::size_t count) {
  std::vector<double> all(count);
  for (std::size_t i = 0; i < count; ++i) all[i] = weight(i);
  return all;
}

Signal noise(std::size_t frames, std::size_t channels) {
  Signal x(frames, std::vector<double>(channels));
  for (std::size_t t = 0; t < frames; ++t)
    for (std::size_t c = 0; c < channels; ++c) x[t][c] = 2 * weight(1000003 + t * channels + c);
  return x;
}

Document nam(const char* version, std::string_view architecture, const Document& config, std::size_t weight_count) {
  return Document("{\"version\": \"" + std::string(version) + "\", \"architecture\": \"" + std::string(architecture) +
                  "\"}")
      .with("/config", config)
      .with("/weights", weights(weight_count));
}

Signal Conv::run(const Signal& x) const {
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

WaveNet::WaveNet(Document config) : config_(std::move(config)) {}

Signal WaveNet::run(const Signal& x) {
  used = 0;
  condition_ = config_.has("/condition_dsp") ? WaveNet(config_["/condition_dsp/config"]).run(x) : x;
  Signal from = x, head;
  const Document arrays = config_["/layers"];
  for (std::size_t i = 0; i < arrays.size(); ++i) array(each(arrays, i), from, head);
  std::vector<std::pair<Function, Conv>> head_layers;
  if (config_.has("/head") && !config_["/head"].is_null()) {
    const Document stack = config_["/head"], kernels = stack["/kernel_sizes"];
    std::size_t width = head[0].size();
    for (std::size_t i = 0; i < kernels.size(); ++i) {
      const bool last = i + 1 == kernels.size();
      const std::size_t out = stack.whole(last ? "/out_channels" : "/channels");
      head_layers.emplace_back(activation(stack["/activation"]),
                               take({width, out, each(kernels, i).whole(), 1, 1, true}));
      width = out;
    }
  }
  const double scale = weight(used++);
  for (auto& frame : head)
    for (double& y : frame) y *= scale;
  for (const auto& [function, conv] : head_layers) head = conv.run(plain::apply(head, function));
  return head;
}

Document WaveNet::document(const Signal& x) {
  run(x);
  const char* const member = "/condition_dsp";
  if (config_.has(member)) config_ = config_.with(member, WaveNet(config_["/condition_dsp/config"]).document(x));
  return nam("0.7.0", "WaveNet", config_, used);
}

Conv WaveNet::take(Conv conv) {
  conv.at = std::exchange(used, used + conv.count());
  return conv;
}

WaveNet::Film WaveNet::film(const Document& array, const char* key, std::size_t size) {
  const std::string path = std::string("/") + key;
  if (!array.has(path + "/active") || !array.flag(path + "/active")) return {};
  const bool shift = array.flag(path + "/shift");
  const Conv conv{condition_[0].size(), shift ? 2 * size : size, 1, 1, array.whole(path + "/groups"), true};
  return {take(conv), size, shift};
}

Signal WaveNet::apply(const Film& film, Signal x) const {
  if (film.size == 0) return x;
  const Signal modulation = film.conv.run(condition_);
  for (std::size_t t = 0; t < x.size(); ++t)
    for (std::size_t c = 0; c < film.size; ++c)
      x[t][c] = x[t][c] * modulation[t][c] + (film.shift ? modulation[t][film.size + c] : 0);
  return x;
}

void WaveNet::array(const Document& config, Signal& x, Signal& head) {
  const std::size_t channels = config.whole("/channels"), condition = config.whole("/condition_size");
  const std::size_t size = whole_or(config, "/bottleneck", channels);
  const bool has_next = flag_or(config, "/layer1x1/active", true), has_head = flag_or(config, "/head1x1/active", false);
  const std::size_t head_size = has_head ? config.whole("/head1x1/out_channels") : size;
  x = take({config.whole("/input_size"), channels, 1, 1, 1, false}).run(x);
  if (head.empty()) head = Signal(x.size(), std::vector<double>(head_size));
  const Document dilations = config["/dilations"];
  for (std::size_t i = 0; i < dilations.size(); ++i) {
    std::string mode = flag_or(config, "/gated", false) ? "gated" : "none";
    if (config.has("/gating_mode")) mode = each(config["/gating_mode"], i).text();
    const std::size_t inner = mode == "none" ? size : 2 * size;
    const std::size_t taps = each(config[config.has("/kernel_sizes") ? "/kernel_sizes" : "/kernel_size"], i).whole();
    const Conv conv =
        take({channels, inner, taps, each(dilations, i).whole(), whole_or(config, "/groups_input", 1), true});
    const Conv mixin = take({condition, inner, 1, 1, whole_or(config, "/groups_input_mixin", 1), false});
    Conv next{}, to_head{};
    if (has_next) next = take({size, channels, 1, 1, whole_or(config, "/layer1x1/groups", 1), true});
    if (has_head) to_head = take({size, head_size, 1, 1, config.whole("/head1x1/groups"), true});
    const Film conv_pre = film(config, "conv_pre_film", channels), conv_post = film(config, "conv_post_film", inner);
    const Film mixin_pre = film(config, "input_mixin_pre_film", condition);
    const Film mixin_post = film(config, "input_mixin_post_film", inner);
    const Film activation_pre = film(config, "activation_pre_film", inner);
    const Film activation_post = film(config, "activation_post_film", size);
    const Film next_post = film(config, "layer1x1_post_film", channels);
    const Film head_post = film(config, "head1x1_post_film", head_size);

    const Signal z = apply(activation_pre, plus(apply(conv_post, conv.run(apply(conv_pre, x))),
                                                apply(mixin_post, mixin.run(apply(mixin_pre, condition_)))));
    const Function f = activation(each(config["/activation"], i));
    Document second("\"Sigmoid\"");
    if (config.has("/secondary_activation"))
      if (const Document other = each(config["/secondary_activation"], i); !other.is_null()) second = other;
    const Function g = activation(second);
    Signal a(z.size(), std::vector<double>(size));
    for (std::size_t t = 0; t < z.size(); ++t)
      for (std::size_t c = 0; c < size; ++c) {
        const double top = z[t][c], activated = f(top, c), w = mode == "none" ? 1 : g(z[t][size + c], c);
        a[t][c] = mode == "blended" ? w * activated + (1 - w) * top : w * activated;
      }
    a = apply(activation_post, a);
    if (has_next) x = plus(x, apply(next_post, next.run(a)));
    head = plus(head, has_head ? apply(head_post, to_head.run(a)) : a);
  }
  if (config.has("/head")) {
    const Document to = config["/head"];
    const std::size_t out = to.whole("/out_channels"), dilation = whole_or(to, "/head_dilation", 1);
    head = take({head_size, out, to.whole("/kernel_size"), dilation, 1, to.flag("/bias")}).run(head);
  } else {
    head = take({head_size, config.whole("/head_size"), 1, 1, 1, config.flag("/head_bias")}).run(head);
  }
}

}  // namespace plain
