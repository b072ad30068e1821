// A model in Proteus's format, and what PyTorch makes of it, plainly and in double.
#pragma once

#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "plain_nam.hpp"

namespace plain {

/// Numbers in rows.
inline json matrix(std::size_t rows, std::size_t cols, std::size_t at) {
  json made = json::array();
  for (std::size_t r = 0; r < rows; ++r) {
    made.push_back(json::array());
    for (std::size_t c = 0; c < cols; ++c) made[r].push_back(weight(at + r * cols + c));
  }
  return made;
}
inline json row(std::size_t size, std::size_t at) { return matrix(1, size, at)[0]; }

/// A model in the format of Proteus: `gates` rows for each of three units, in two layers.
inline json proteus(const char* type, std::size_t gates, std::size_t knobs) {
  json document = json::parse(R"({"model_data": {"model": "SimpleRNN", "hidden_size": 3, "num_layers": 2,
                                                 "output_size": 1, "skip": 1, "bias_fl": true}})");
  document["model_data"]["unit_type"] = type;
  document["model_data"]["input_size"] = 1 + knobs;
  json& state = document["state_dict"];
  for (std::size_t i : {0u, 1u}) {
    const std::string end = "_l" + std::to_string(i);
    state["rec.weight_ih" + end] = matrix(3 * gates, i == 0 ? 1 + knobs : 3, 100 + 500 * i);
    state["rec.weight_hh" + end] = matrix(3 * gates, 3, 200 + 500 * i);
    state["rec.bias_ih" + end] = row(3 * gates, 300 + 500 * i);
    state["rec.bias_hh" + end] = row(3 * gates, 400 + 500 * i);
  }
  state["lin.weight"] = matrix(1, 3, 2000);
  state["lin.bias"] = row(1, 2100);
  return document;
}

/// What PyTorch makes of it. The signal's channels behind the first are knobs.
inline Signal run_proteus(const json& document, const Signal& x) {
  const json& state = document["state_dict"];
  const std::string type = document["model_data"]["unit_type"];
  const auto sigmoid = [](double z) { return 1 / (1 + std::exp(-z)); };
  Signal y = x;
  for (const char* end : {"_l0", "_l1"}) {
    const auto sum = [&](const char* weights, const char* bias, std::size_t r, const std::vector<double>& from) {
      double z = state[std::string(bias) + end][r];
      for (std::size_t i = 0; i < from.size(); ++i)
        z += state[std::string(weights) + end][r][i].get<double>() * from[i];
      return z;
    };
    std::vector<double> h(3), c(3);
    for (auto& frame : y) {
      const std::vector<double> last = h;
      const auto input = [&](std::size_t r) { return sum("rec.weight_ih", "rec.bias_ih", r, frame); };
      const auto hidden = [&](std::size_t r) { return sum("rec.weight_hh", "rec.bias_hh", r, last); };
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
  for (std::size_t t = 0; t < y.size(); ++t) {
    double out = state["lin.bias"][0].get<double>() + x[t][0];
    for (std::size_t u = 0; u < 3; ++u) out += state["lin.weight"][0][u].get<double>() * y[t][u];
    y[t] = {out};
  }
  return y;
}

}  // namespace plain
