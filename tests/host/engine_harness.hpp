// Runs engines of other libraries on models and references that export_models.py writes, INLAY_ENGINE_MODELS.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <inlay/host/bound_engine.hpp>
#include <inlay/host/engine.hpp>
#include <inlay/host/graph.hpp>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace harness {

namespace host = inlay::host;
using Signal = std::vector<std::vector<float>>;  // [channels][frames]

inline std::filesystem::path models() { return INLAY_ENGINE_MODELS; }

inline std::string bytes(const std::string& name) {
  std::ifstream file(models() / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Input and output of a reference.
inline std::pair<Signal, Signal> reference(const std::string& name, std::size_t in, std::size_t out) {
  const std::string content = bytes(name + ".bin");
  const std::size_t frames = content.size() / sizeof(float) / (in + out);
  std::pair<Signal, Signal> signals;
  for (std::size_t c = 0; c < in + out; ++c) {
    std::vector<float>& channel = (c < in ? signals.first : signals.second).emplace_back(frames);
    std::copy_n(content.data() + c * frames * sizeof(float), frames * sizeof(float),
                reinterpret_cast<char*>(channel.data()));
  }
  return signals;
}

/// An engine and its job.
template <host::Engine E>
struct Bound {
  explicit Bound(E e) : engine(std::move(e)), ports(engine.ports()) { engine.bind(job); }

  E engine;
  host::Ports ports;
  host::detail::Tensors<const float> in{ports.in};
  host::detail::Tensors<float> out{ports.out};
  host::Job job{in.views(), out.views()};

  /// Streams through the first input and output.
  Signal play(const Signal& x) {
    const host::Port &from = ports.in[0], &to = ports.out[0];
    const std::size_t frames = from.frames(), past = frames - from.hop;
    Signal y(to.channels);
    for (std::size_t begin = 0; begin + from.hop <= x[0].size(); begin += from.hop) {
      for (std::size_t c = 0; c < from.channels; ++c)
        for (std::size_t f = 0; f < frames; ++f)
          in[0][c * frames + f] = begin + f < past ? 0.0f : x[c][begin + f - past];
      EXPECT_TRUE(engine.run(job));
      for (std::size_t c = 0; c < to.channels; ++c)
        y[c].insert(y[c].end(), out[0] + c * to.hop, out[0] + (c + 1) * to.hop);
    }
    return y;
  }
};

inline void expect_near(const Signal& y, const Signal& expected, float tolerance = 1e-5f) {
  ASSERT_EQ(y.size(), expected.size());
  float worst = 0;
  for (std::size_t c = 0; c < y.size(); ++c) {
    ASSERT_EQ(y[c].size(), expected[c].size());
    for (std::size_t f = 0; f < y[c].size(); ++f) {
      ASSERT_TRUE(std::isfinite(y[c][f])) << "channel " << c << ", frame " << f;
      worst = std::max(worst, std::abs(y[c][f] - expected[c][f]));
    }
  }
  EXPECT_LE(worst, tolerance);
}

/// The engine of a graph gives the output of a reference.
template <host::Engine E>
void expect_reference(const host::Graph& graph, const std::string& name, std::size_t in = 1, std::size_t out = 1) {
  const auto [x, y] = reference(name, in, out);
  Bound<E> bound{E(graph)};
  expect_near(bound.play(x), y);
}

/// Constructs, and returns the message of the exception.
template <host::Engine E, class Error>
std::string message(const host::Graph& graph) {
  try {
    const E engine(graph);
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no exception";
  return "";
}

}  // namespace harness
