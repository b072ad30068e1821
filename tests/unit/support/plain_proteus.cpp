#include "plain_proteus.hpp"

#include <cctype>
#include <cmath>
#include <cstdio>
#include <vector>

namespace plain {

namespace {

std::string row(std::size_t size, std::size_t at) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    char number[32];
    std::snprintf(number, sizeof number, "%s%.17g", i == 0 ? "[" : ", ", weight(at + i));
    text += number;
  }
  return text + "]";
}

std::string matrix(std::size_t rows, std::size_t cols, std::size_t at) {
  std::string text;
  for (std::size_t r = 0; r < rows; ++r) text += (r == 0 ? "[" : ", ") + row(cols, at + r * cols);
  return text + "]";
}

/// Reads a number at the start of a text and removes it.
std::size_t whole(std::string_view& text) {
  std::size_t n = 0;
  for (; !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])); text.remove_prefix(1))
    n = 10 * n + static_cast<std::size_t>(text[0] - '0');
  return n;
}

}  // namespace

Document with_weights(std::string_view text) {
  std::string json;
  while (!text.empty()) {
    const std::size_t mark = std::min(text.find('#'), text.size());
    json += text.substr(0, mark);
    text.remove_prefix(mark);
    if (text.empty()) break;
    text.remove_prefix(1);
    const std::size_t size = whole(text);
    if (text[0] == 'x') {
      text.remove_prefix(1);
      json += matrix(size, whole(text), 0);
    } else {
      json += row(size, 0);
    }
  }
  return Document(json);
}

Document proteus(const char* type, std::size_t gates, std::size_t knobs) {
  std::string text =
      R"({"model_data": {"model": "SimpleRNN", "hidden_size": 3, "num_layers": 2, "output_size": 1, "skip": 1,
                         "bias_fl": true, "unit_type": ")" +
      std::string(type) + R"(", "input_size": )" + std::to_string(1 + knobs) + R"(}, "state_dict": {)";
  for (std::size_t i : {0u, 1u}) {
    const std::string end = "_l" + std::to_string(i) + "\": ";
    text += "\"rec.weight_ih" + end + matrix(3 * gates, i == 0 ? 1 + knobs : 3, 100 + 500 * i);
    text += ", \"rec.weight_hh" + end + matrix(3 * gates, 3, 200 + 500 * i);
    text += ", \"rec.bias_ih" + end + row(3 * gates, 300 + 500 * i);
    text += ", \"rec.bias_hh" + end + row(3 * gates, 400 + 500 * i) + ", ";
  }
  return Document(text + "\"lin.weight\": " + matrix(1, 3, 2000) + ", \"lin.bias\": " + row(1, 2100) + "}}");
}

Signal run_proteus(const Document& document, const Signal& x) {
  const std::string type = document.text("/model_data/unit_type");
  const auto sigmoid = [](double z) { return 1 / (1 + std::exp(-z)); };
  Signal y = x;
  for (const char* end : {"_l0", "_l1"}) {
    const auto numbers = [&](const char* name) { return document.numbers(name + std::string(end)); };
    const std::vector<double> weight_ih = numbers("/state_dict/rec.weight_ih");
    const std::vector<double> weight_hh = numbers("/state_dict/rec.weight_hh");
    const std::vector<double> bias_ih = numbers("/state_dict/rec.bias_ih");
    const std::vector<double> bias_hh = numbers("/state_dict/rec.bias_hh");
    const auto sum = [](const std::vector<double>& weights, double bias, std::size_t r,
                        const std::vector<double>& from) {
      double z = bias;
      for (std::size_t i = 0; i < from.size(); ++i) z += weights[r * from.size() + i] * from[i];
      return z;
    };
    std::vector<double> h(3), c(3);
    for (auto& frame : y) {
      const std::vector<double> last = h;
      const auto input = [&](std::size_t r) { return sum(weight_ih, bias_ih[r], r, frame); };
      const auto hidden = [&](std::size_t r) { return sum(weight_hh, bias_hh[r], r, last); };
      const auto both = [&](std::size_t r) { return input(r) + hidden(r); };
      for (std::size_t u = 0; u < 3; ++u) {
        if (type == "LSTM") {
          c[u] = sigmoid(both(3 + u)) * c[u] + sigmoid(both(u)) * std::tanh(both(6 + u));
          h[u] = sigmoid(both(9 + u)) * std::tanh(c[u]);
        } else if (type == "GRU") {
          const double n = std::tanh(input(6 + u) + sigmoid(both(u)) * hidden(6 + u)), z = sigmoid(both(3 + u));
          h[u] = (1 - z) * n + z * last[u];
        } else {
          h[u] = std::tanh(both(u));
        }
      }
      frame = h;
    }
  }
  const std::vector<double> weights = document.numbers("/state_dict/lin.weight");
  const double bias = document.number("/state_dict/lin.bias/0");
  for (std::size_t t = 0; t < y.size(); ++t) {
    double out = bias + x[t][0];
    for (std::size_t u = 0; u < 3; ++u) out += weights[u] * y[t][u];
    y[t] = {out};
  }
  return y;
}

}  // namespace plain
