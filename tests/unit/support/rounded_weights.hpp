// Models whose weights are rounded as a backend stores them, computed apart from the library.
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <inlay/inlay.hpp>
#include <inlay/io/player.hpp>

#include "golden.hpp"

/// Rounds the weights of products in a chain to those that type W stores.
template <class W>
void round_weights(inlay::io::ChainRecord& chain) {
  for (inlay::io::LayerRecord& layer : chain.layers) {
    for (auto& [name, chains] : layer.chains)
      for (inlay::io::ChainRecord& inner : chains) round_weights<W>(inner);
    for (auto& [name, tensor] : layer.tensors) {
      const bool of_lru = std::get<std::string>(layer.type.value) == "lru" && name.size() == 1;
      if (!name.ends_with("kernel") && name != "projection" && !of_lru) continue;
      if constexpr (std::same_as<W, inlay::bfloat16>) {
        for (double& value : tensor.values) value = static_cast<float>(inlay::bfloat16(static_cast<float>(value)));
      } else {
        const std::size_t outputs = tensor.shape.back();
        // Each phase of a transposed convolution has outputs of its own.
        const bool has_phases = std::get<std::string>(layer.type.value) == "conv_transpose1d";
        const std::size_t phases = has_phases ? std::get<std::size_t>(layer.values.at("stride").value) : 1;
        const std::size_t tap = tensor.values.size() / tensor.shape[0];
        std::vector<double> largest(outputs * phases);
        const auto row_of = [&](std::size_t i) { return i % outputs + i / tap % phases * outputs; };
        for (std::size_t i = 0; i < tensor.values.size(); ++i)
          largest[row_of(i)] = std::max(largest[row_of(i)], std::abs(tensor.values[i]));
        for (std::size_t i = 0; i < tensor.values.size(); ++i) {
          const float scale = static_cast<float>(largest[row_of(i)]) / float(std::numeric_limits<W>::max());
          double& value = tensor.values[i];
          if (scale > 0) value = double(std::nearbyint(static_cast<float>(value) / scale)) * double(scale);
        }
      }
    }
  }
}

/// Replaces the output of a check by that of a model.
template <class T>
void replace_output(inlay::io::Check& check, const Runner<T>& run) {
  const auto output = inlay::io::Player<T>(run, check).by_frames();
  const inlay::io::Checked at = inlay::io::checked_frames(run, check, output);
  for (std::size_t i = 0; i < check.output.values.size(); ++i)
    check.output.values[i] =
        double(output.values[i % run.out_size * output.room + at.first + i / run.out_size * at.stride]);
}

/// Expects that a model that stores smaller weights computes what a model of floats computes with rounded weights.
template <class Model, class Compact>
void expect_rounded(const std::string& name, double tolerance = single_layer) {
  SCOPED_TRACE(name);
  using W = inlay::weight_of<
      typename std::remove_cvref_t<decltype(std::declval<Compact>().layers().template layer<0>())>::backend>;
  inlay::io::ModelFile file =
      inlay::io::read_model(std::filesystem::path(test_file("golden/torch/" + name + ".f32.json")));
  inlay::io::Check check = *std::exchange(file.check, {});
  inlay::io::ModelFile rounded = file;
  round_weights<W>(rounded.chain);

  const auto model = std::make_unique<Model>();
  const auto state = std::make_unique<typename Model::State>();
  inlay::io::fill_model(*model, rounded);
  replace_output(check, inlay::io::runnable(*model, *state));

  const auto compact = std::make_unique<Compact>();
  const auto compact_state = std::make_unique<typename Compact::State>();
  inlay::io::fill_model(*compact, file);
  expect_golden(inlay::io::runnable(*compact, *compact_state), file.chain.layers.size(), check, tolerance);
}
