// Compares a model with the output of a framework, in every way of running the model.
#pragma once

#include <gtest/gtest.h>

#include <concepts>
#include <cstddef>
#include <filesystem>
#include <inlay/inlay.hpp>
#include <memory>
#include <string>
#include <string_view>

template <class T>
using Runner = inlay::io::Runnable<T>;

/// Runs `check.input` frame by frame, in one buffer, in buffers of many sizes and alignments, in place, and
/// half frame by frame and half in buffers. Expects the framework's output within `tolerance` times
/// max(1, peak), the same bits for every division into buffers, and 2e-6 per layer between frames and buffers.
template <class T>
void expect_golden(const Runner<T>& run, std::size_t layers, const inlay::io::Check& check, double tolerance);

/// Path of a file below tests/.
std::string test_file(const std::string& name);

/// The check of a model file.
inlay::io::Check read_check(const std::string& path);

/// Visitor that counts the layers of a chain, inner layers included.
struct CountLayers {
  std::size_t layers = 0;
  void option(auto&&...) {}
  void number(auto&&...) {}
  void tensor(auto&&...) {}
  void optional_tensor(auto&&...) {}
  void chain(std::string_view, auto& layers_within, std::size_t = 0) {
    layers_within.for_each([&](auto i) {
      ++layers;
      layers_within.template layer<i>().visit(*this);
    });
  }
};

template <class Model>
void load_and_compare(const std::string& path, double tolerance) {
  const auto model = std::make_unique<Model>();
  const auto state = std::make_unique<typename Model::State>();
  ASSERT_NO_THROW(model->load(std::filesystem::path(path))) << path;
  CountLayers count;
  model->layers().visit(count);
  expect_golden(inlay::io::runnable(*model, *state), count.layers, read_check(path), tolerance);
}

/// Loads `NAME.f32.json` or `NAME.f64.json`, according to the model's scalar type, and compares.
/// `tolerance` is for float; double is compared at 1e-12.
template <class Model>
void golden(const std::string& name, double tolerance) {
  constexpr bool single = std::same_as<typename Model::scalar, float>;
  load_and_compare<Model>(test_file("golden/torch/" + name + (single ? ".f32.json" : ".f64.json")),
                          single ? tolerance : 1e-12);
}

/// Only loads the file, which runs its check. For models whose other comparisons would take minutes. The model is in
/// static storage, where the compiler computes what its constructor sets.
template <class Model>
void loads(const std::string& name) {
  constexpr bool single = std::same_as<typename Model::scalar, float>;
  const std::string path = test_file("golden/torch/" + name + (single ? ".f32.json" : ".f64.json"));
  static Model model;
  EXPECT_NO_THROW(model.load(std::filesystem::path(path))) << path;
}

inline constexpr double single_layer = 2e-6, stack = 1e-5;

/// Compares with a file that Keras computed in float32. The tolerance of double models is that of float.
template <class Model>
void keras_golden(const std::string& name) {
  load_and_compare<Model>(test_file("golden/keras/" + name + ".json"), stack);
}
