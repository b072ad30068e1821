/// Checks of a file's numbers that are common to all formats.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "inlay/io/error.hpp"
#include "inlay/io/json_cursor.hpp"
#include "inlay/io/limits.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/io/number_text.hpp"

namespace inlay::io {

namespace detail {

/// Returns the place of value i of a vector. In a .nam file all vectors are in one list, and the place of a vector is
/// that of its first number: value 3 of `weights[57]` is `weights[60]`.
INLAY_ONCE SourceLocation place_in_vector(const TensorRecord& vector, std::size_t i) {
  if (!vector.row_places.empty() || !vector.place.ends_with(']')) return vector.place_of(i);
  const std::size_t digits = vector.place.rfind('[') + 1;
  std::size_t first = 0;
  std::from_chars(vector.place.data() + digits, vector.place.data() + vector.place.size() - 1, first);
  return concat({std::string_view(vector.place).substr(0, digits), first + i, "]"});
}

/// Returns a numeric option, or nothing if the record has none of that name.
INLAY_ONCE std::optional<double> number_if_any(const LayerRecord& layer, std::string_view name) {
  const auto found = layer.values.find(name);
  if (found == layer.values.end()) return std::nullopt;
  if (const auto* real = std::get_if<double>(&found->second.value)) return *real;
  if (const auto* whole = std::get_if<std::size_t>(&found->second.value)) return static_cast<double>(*whole);
  return std::nullopt;
}

/// Throws load_error unless variance + epsilon > 0 in float precision: a batch normalisation divides by its square
/// root.
INLAY_ONCE void expect_variances(const LayerRecord& layer) {
  const auto variance = layer.tensors.find("variance");
  const auto epsilon = number_if_any(layer, "epsilon");
  if (variance == layer.tensors.end() || !epsilon) return;  // reported when the layer is loaded
  static constexpr double most = std::numeric_limits<float>::max();
  const auto as_float = [](double x) { return static_cast<double>(static_cast<float>(std::clamp(x, -most, most))); };
  const std::vector<double>& values = variance->second.values;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!(as_float(values[i]) + as_float(*epsilon) > 0))
      throw load_error(place_in_vector(variance->second, i),
                       concat({"a variance that with epsilon ", number_text(*epsilon), " is above 0"}),
                       number_text(values[i]));
}

/// Throws load_error unless the poles of all second-order sections are inside of the unit circle. The coefficients of a
/// section are b0, b1, b2, a1, a2.
INLAY_ONCE void expect_stable(const LayerRecord& layer) {
  const auto found = layer.tensors.find("coefficients");
  if (found == layer.tensors.end()) return;  // reported when the layer is loaded
  const std::vector<double>& values = found->second.values;
  for (std::size_t i = 4; i < values.size(); i += 5) {
    const double a1 = values[i - 1], a2 = values[i];
    if (!(std::abs(a2) < 1 && std::abs(a1) < 1 + a2))
      throw load_error(found->second.place_of(i - 1), "a stable filter, whose poles are inside of the unit circle",
                       concat({"a1 = ", number_text(a1), ", a2 = ", number_text(a2)}));
  }
}

/// Throws load_error unless all values of a tensor are at least 0 and below 1.
INLAY_ONCE void expect_smoothing(const LayerRecord& layer, std::string_view name) {
  const auto found = layer.tensors.find(name);
  if (found == layer.tensors.end()) return;
  const std::vector<double>& values = found->second.values;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!(values[i] >= 0 && values[i] < 1))
      throw load_error(found->second.place_of(i), "a smoothing coefficient of at least 0 and below 1",
                       number_text(values[i]));
}

/// Throws load_error unless the option `name` is a number above `least`, also in float precision.
INLAY_ONCE void expect_above(const LayerRecord& layer, std::string_view name, double least) {
  static constexpr double most = std::numeric_limits<float>::max();
  const auto as_float = [](double x) { return static_cast<float>(std::clamp(x, -most, most)); };
  const auto value = number_if_any(layer, name);
  if (!value || as_float(*value) > as_float(least)) return;
  throw load_error(layer.values.find(name)->second.place, concat({"a number above ", number_text(least)}),
                   number_text(*value));
}

/// Throws load_error unless epsilon is a normal number in float precision: normalisations of a signal divide by the
/// square root of its variance plus epsilon, and the variance of silence is 0.
INLAY_ONCE void expect_epsilon(const LayerRecord& layer) {
  static constexpr double least = std::numeric_limits<float>::min();
  const auto epsilon = number_if_any(layer, "epsilon");
  if (epsilon && !(*epsilon >= least))
    throw load_error(layer.values.find("epsilon")->second.place,
                     concat({"at least ", number_text(least), ", as silence has no variance"}), number_text(*epsilon));
}

/// Throws load_error unless each channel number of a "gather" is one of its input or -1.
INLAY_ONCE void expect_channel_numbers(const LayerRecord& layer) {
  const auto index = layer.tensors.find("index");
  const auto channels = number_if_any(layer, "in");
  if (index == layer.tensors.end() || !channels) return;  // reported when the layer is loaded
  const std::vector<double>& values = index->second.values;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!(values[i] >= -1 && values[i] < *channels) || values[i] != std::floor(values[i]))
      throw load_error(index->second.place_of(i),
                       concat({"a whole number from -1 to ", number_text(*channels - 1), ", a channel of the input"}),
                       number_text(values[i]));
}

/// Throws load_error if a value is not in the range of a float.
INLAY_ONCE void expect_floats(const TensorRecord& tensor) {
  for (std::size_t i = 0; i < tensor.values.size(); ++i)
    if (!is_float(tensor.values[i]))
      throw load_error(tensor.place_of(i), "a number in the range of a float", number_text(tensor.values[i]));
}

/// Calls `f(layer)` for the layers of a chain and, recursively, of their inner chains.
void for_each_record(const ChainRecord& chain, const auto& f) {
  for (const LayerRecord& layer : chain.layers) {
    f(layer);
    for (const auto& [name, chains] : layer.chains)
      for (const ChainRecord& inner : chains) for_each_record(inner, f);
  }
}

}  // namespace detail

/// Throws load_error if a layer's numbers are invalid for its type.
INLAY_ONCE void validate(const LayerRecord& layer) {
  const auto* type = std::get_if<std::string>(&layer.type.value);
  if (!type) return;
  if (*type == "batchnorm1d" || *type == "batchnorm2d") detail::expect_variances(layer);
  if (*type == "biquad") detail::expect_stable(layer);
  if (*type == "one_pole")
    for (const char* name : {"rise", "fall"}) detail::expect_smoothing(layer, name);
  if (*type == "gain_computer") {
    detail::expect_above(layer, "ratio", 0);
    const auto knee = detail::number_if_any(layer, "knee");
    if (knee && !(*knee >= 0))
      throw load_error(layer.values.find("knee")->second.place, "a width in dB, not negative",
                       detail::number_text(*knee));
  }
  if (*type == "parametric_equalizer") detail::expect_above(layer, "sample_rate", 0);
  if (*type == "table_shaper")
    if (const auto low = detail::number_if_any(layer, "low")) detail::expect_above(layer, "high", *low);
  for (const std::string_view norm : {"layer_norm", "rms_norm", "group_norm", "cumulative_norm"})
    if (*type == norm) detail::expect_epsilon(layer);
  if (*type == "gather") detail::expect_channel_numbers(layer);
}

/// Throws load_error if a number of a file is invalid. Tensors must be in the range of a float, unless the check's
/// dtype is "float64".
INLAY_ONCE void validate(const ModelFile& file) {
  const bool single = !file.check || file.check->dtype == "float32";
  std::size_t layers = 0;
  detail::for_each_record(file.chain, [&](const LayerRecord& layer) {
    if (++layers > limits::layers)
      throw load_error(layer.place, concat({"at most ", limits::layers, " layers"}), "more");
    validate(layer);
    if (!single) return;
    for (const auto& [name, tensor] : layer.tensors) detail::expect_floats(tensor);
  });
  if (file.check && single)
    for (const TensorRecord* signal : {&file.check->input, &file.check->condition, &file.check->output})
      detail::expect_floats(*signal);
}

}  // namespace inlay::io
