#include "plain_nam.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <utility>

namespace plain {

namespace {

using Function = std::function<double(double, std::size_t channel)>;

Function activation(const Document& said) {
  const std::string type = said.is_text() ? said.text() : said.text("/type");
  const auto number = [&](const char* at, double otherwise) { return said.has(at) ? said.number(at) : otherwise; };
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
    if (!said.has("/negative_slopes"))
      return [slope = number("/negative_slope", 0)](double x, std::size_t) { return x > 0 ? x : slope * x; };
    return [slopes = said.numbers("/negative_slopes")](double x, std::size_t c) { return x > 0 ? x : slopes[c] * x; };
  }
  EXPECT_EQ(type, "LeakyHardtanh");
  return [low = number("/min_val", -1), high = number("/max_val", 1), below = number("/min_slope", 0.01),
          above = number("/max_slope", 0.01)](double x, std::size_t) {
    return x < low ? low + below * (x - low) : x > high ? high + above * (x - high) : x;
  };
}

Signal through(Signal x, const Function& f) {
  for (auto& frame : x)
    for (std::size_t c = 0; c < frame.size(); ++c) frame[c] = f(frame[c], c);
  return x;
}

Signal plus(Signal x, const Signal& y) {
  for (std::size_t t = 0; t < x.size(); ++t)
    for (std::size_t c = 0; c < x[t].size(); ++c) x[t][c] += y[t][c];
  return x;
}

/// Value number i of an array, or the one for all.
Document each(const Document& said, std::size_t i) {
  const std::string at = "/" + std::to_string(i);
  return said.has(at) ? said[at] : said;
}

std::size_t whole_or(const Document& said, const char* at, std::size_t otherwise) {
  return said.has(at) ? said.whole(at) : otherwise;
}
bool flag_or(const Document& said, const char* at, bool otherwise) { return said.has(at) ? said.flag(at) : otherwise; }

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
  std::vector<std::pair<Function, Conv>> behind;
  if (config_.has("/head") && !config_["/head"].is_null()) {
    const Document stack = config_["/head"], kernels = stack["/kernel_sizes"];
    std::size_t width = head[0].size();
    for (std::size_t i = 0; i < kernels.size(); ++i) {
      const bool last = i + 1 == kernels.size();
      const std::size_t out = stack.whole(last ? "/out_channels" : "/channels");
      behind.emplace_back(activation(stack["/activation"]), take({width, out, each(kernels, i).whole(), 1, 1, true}));
      width = out;
    }
  }
  const double scale = weight(used++);
  for (auto& frame : head)
    for (double& y : frame) y *= scale;
  for (const auto& [function, conv] : behind) head = conv.run(plain::through(head, function));
  return head;
}

Document WaveNet::document(const Signal& x) {
  run(x);
  const char* const inside = "/condition_dsp";
  if (config_.has(inside)) config_ = config_.with(inside, WaveNet(config_["/condition_dsp/config"]).document(x));
  return nam("0.7.0", "WaveNet", config_, used);
}

Conv WaveNet::take(Conv conv) {
  conv.at = std::exchange(used, used + conv.count());
  return conv;
}

WaveNet::Film WaveNet::film(const Document& array, const char* key, std::size_t size) {
  const std::string at = std::string("/") + key;
  if (!array.has(at + "/active") || !array.flag(at + "/active")) return {};
  const bool shift = array.flag(at + "/shift");
  const Conv conv{condition_[0].size(), shift ? 2 * size : size, 1, 1, array.whole(at + "/groups"), true};
  return {take(conv), size, shift};
}

Signal WaveNet::through(const Film& film, Signal x) const {
  if (film.size == 0) return x;
  const Signal made = film.conv.run(condition_);
  for (std::size_t t = 0; t < x.size(); ++t)
    for (std::size_t c = 0; c < film.size; ++c)
      x[t][c] = x[t][c] * made[t][c] + (film.shift ? made[t][film.size + c] : 0);
  return x;
}

void WaveNet::array(const Document& said, Signal& x, Signal& head) {
  const std::size_t channels = said.whole("/channels"), condition = said.whole("/condition_size");
  const std::size_t size = whole_or(said, "/bottleneck", channels);
  const bool has_next = flag_or(said, "/layer1x1/active", true), has_head = flag_or(said, "/head1x1/active", false);
  const std::size_t head_size = has_head ? said.whole("/head1x1/out_channels") : size;
  x = take({said.whole("/input_size"), channels, 1, 1, 1, false}).run(x);
  if (head.empty()) head = Signal(x.size(), std::vector<double>(head_size));
  const Document dilations = said["/dilations"];
  for (std::size_t i = 0; i < dilations.size(); ++i) {
    std::string mode = flag_or(said, "/gated", false) ? "gated" : "none";
    if (said.has("/gating_mode")) mode = each(said["/gating_mode"], i).text();
    const std::size_t inner = mode == "none" ? size : 2 * size;
    const std::size_t taps = each(said[said.has("/kernel_sizes") ? "/kernel_sizes" : "/kernel_size"], i).whole();
    const Conv conv =
        take({channels, inner, taps, each(dilations, i).whole(), whole_or(said, "/groups_input", 1), true});
    const Conv mixin = take({condition, inner, 1, 1, whole_or(said, "/groups_input_mixin", 1), false});
    Conv next{}, to_head{};
    if (has_next) next = take({size, channels, 1, 1, whole_or(said, "/layer1x1/groups", 1), true});
    if (has_head) to_head = take({size, head_size, 1, 1, said.whole("/head1x1/groups"), true});
    const Film conv_pre = film(said, "conv_pre_film", channels), conv_post = film(said, "conv_post_film", inner);
    const Film mixin_pre = film(said, "input_mixin_pre_film", condition);
    const Film mixin_post = film(said, "input_mixin_post_film", inner);
    const Film before = film(said, "activation_pre_film", inner), behind = film(said, "activation_post_film", size);
    const Film next_post = film(said, "layer1x1_post_film", channels);
    const Film head_post = film(said, "head1x1_post_film", head_size);

    const Signal z = through(before, plus(through(conv_post, conv.run(through(conv_pre, x))),
                                          through(mixin_post, mixin.run(through(mixin_pre, condition_)))));
    const Function f = activation(each(said["/activation"], i));
    Document second("\"Sigmoid\"");
    if (said.has("/secondary_activation"))
      if (const Document other = each(said["/secondary_activation"], i); !other.is_null()) second = other;
    const Function g = activation(second);
    Signal a(z.size(), std::vector<double>(size));
    for (std::size_t t = 0; t < z.size(); ++t)
      for (std::size_t c = 0; c < size; ++c) {
        const double top = z[t][c], activated = f(top, c), w = mode == "none" ? 1 : g(z[t][size + c], c);
        a[t][c] = mode == "blended" ? w * activated + (1 - w) * top : w * activated;
      }
    a = through(behind, a);
    if (has_next) x = plus(x, mode == "blended" ? through(next_post, next.run(a)) : next.run(a));
    head = plus(head, has_head ? through(head_post, to_head.run(a)) : a);
  }
  if (said.has("/head")) {
    const Document to = said["/head"];
    const std::size_t out = to.whole("/out_channels"), dilation = whole_or(to, "/head_dilation", 1);
    head = take({head_size, out, to.whole("/kernel_size"), dilation, 1, to.flag("/bias")}).run(head);
  } else {
    head = take({head_size, said.whole("/head_size"), 1, 1, 1, said.flag("/head_bias")}).run(head);
  }
}

}  // namespace plain
