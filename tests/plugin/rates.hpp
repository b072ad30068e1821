/// What tests of models at other sample rates share: models, signals, and measurements of sines.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <inlay/engine.hpp>
#include <numbers>
#include <span>
#include <vector>

#include "support/numbers.hpp"

/// A model that does nothing.
template <class T>
using Through = inlay::ModelT<inlay::Identity<1, inlay::default_backend_for<T>>>;

using Amp = inlay::ModelT<inlay::LSTM<1, 4>, inlay::Dense<4, 1>>;

inline Amp amp() {
  Amp model;
  Numbers numbers{1};
  model.layers().visit(numbers);
  return model;
}

/// y = x + s + k for a signal s and a value k.
using Mix = inlay::ModelT<inlay::AppendCondition<1, 2>, inlay::Dense<3, 1>>;

inline Mix mix() {
  Mix model;
  EXPECT_TRUE(inlay::assign(model.layer<1>(), "kernel", {1.0f, 1.0f, 1.0f}));
  return model;
}

using Signal = std::vector<float>;
constexpr double tau = 2 * std::numbers::pi;

inline Signal noise(std::size_t frames, unsigned seed = 1) {
  Signal x(frames);
  for (float& each : x) {
    seed = seed * 1664525 + 1013904223;
    each = static_cast<float>(double(seed) / 4294967296.0 - 0.5);
  }
  return x;
}

/// A sine of amplitude 1. `frequency`: as a part of the sample rate.
template <class T = float>
std::vector<T> sine(double frequency, std::size_t frames) {
  std::vector<T> x(frames);
  for (std::size_t t = 0; t < frames; ++t) x[t] = static_cast<T>(std::sin(tau * frequency * double(t)));
  return x;
}

/// The largest difference of `y` from that sine `late` frames late.
template <class T>
double difference(const std::vector<T>& y, double frequency, double late, std::size_t from) {
  double most = 0;
  for (std::size_t t = from; t < y.size(); ++t)
    most = std::fmax(most, std::abs(double(y[t]) - std::sin(tau * frequency * (double(t) - late))));
  return most;
}

/// The output of `model` for mono `in`, cut into calls of these numbers of frames in turn.
template <class M, class T>
std::vector<T> processed(M& model, const std::vector<T>& in, const std::vector<std::size_t>& cuts = {512}) {
  std::vector<T> out(in.size(), T(NAN));
  for (std::size_t done = 0, i = 0; done < in.size(); ++i) {
    const std::size_t n = std::min(cuts[i % cuts.size()], in.size() - done);
    EXPECT_EQ(model.process(std::span(in).subspan(done, n), std::span(out).subspan(done, n)), n);
    done += n;
  }
  return out;
}

/// Ways to cut a signal into calls.
inline const std::vector<std::vector<std::size_t>> many_cuts{{1},   {17},   {64},
                                                             {512}, {4096}, {1, 700, 3, 64, 0, 2000, 31}};
