// A mutator that knows JSON: it changes the tree, so that most mutations get past the parser. Numbers of channels are
// changed together with the weights that they need, so that new networks appear, not only damaged ones. Bytes of .namb
// files are changed together with the checksum, and .nam documents become .namb files.
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <inlay/io/read_model.hpp>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/repair.hpp"
#include "support/namb_writer.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

using nlohmann::json;

namespace {

using Random = std::minstd_rand;

std::size_t below(Random& random, std::size_t count) { return count == 0 ? 0 : random() % count; }

/// Names that readers and models know.
constexpr std::array names{"dense",
                           "conv1d",
                           "conv2d",
                           "depthwise_conv2d",
                           "conv_transpose1d",
                           "max_pool1d",
                           "avg_pool1d",
                           "lstm",
                           "gru",
                           "projected_lstm",
                           "min_gru",
                           "upsample_nearest",
                           "upsample_linear",
                           "rnn",
                           "s4d",
                           "lru",
                           "s6",
                           "delay",
                           "silent_until",
                           "periodic_gain",
                           "batchnorm1d",
                           "batchnorm2d",
                           "softmax",
                           "layer_norm",
                           "rms_norm",
                           "group_norm",
                           "cumulative_norm",
                           "prelu",
                           "snake",
                           "rational",
                           "affine",
                           "sine",
                           "mish",
                           "selu",
                           "abs",
                           "exp",
                           "sqrt",
                           "square",
                           "biquad",
                           "one_pole",
                           "amplitude_to_db",
                           "db_to_amplitude",
                           "gain_computer",
                           "table_shaper",
                           "parametric_equalizer",
                           "linear",
                           "cubic",
                           "tanh",
                           "sigmoid",
                           "hard_sigmoid",
                           "relu",
                           "leaky_relu",
                           "elu",
                           "softplus",
                           "silu",
                           "gelu",
                           "hardtanh",
                           "leaky_hardtanh",
                           "hardswish",
                           "softsign",
                           "fast_tanh",
                           "scale",
                           "residual",
                           "parallel",
                           "concat",
                           "split",
                           "gate",
                           "blend",
                           "mixin",
                           "film",
                           "append_condition",
                           "conditioned_by",
                           "residual_skip",
                           "identity",
                           "slice",
                           "pad",
                           "gather",
                           "rfft",
                           "irfft",
                           "complex_product",
                           "magnitude",
                           "along_features",
                           "per_feature",
                           "overlap_add",
                           "block_control",
                           "tfilm",
                           "windowed",
                           "time_pad",
                           "sequential",
                           "time-distributed-dense",
                           "batchnorm",
                           "activation",
                           "WaveNet",
                           "LSTM",
                           "GRU",
                           "RNN",
                           "ConvNet",
                           "Linear",
                           "SlimmableContainer",
                           "Sequential",
                           "Tanh",
                           "ReLU",
                           "Sigmoid",
                           "PReLU",
                           "Softsign",
                           "gated",
                           "blended",
                           "none",
                           "same",
                           "valid",
                           "0.7.0",
                           "float64"};

/// Keys that readers and models know.
constexpr std::array keys{"layers",
                          "branches",
                          "first",
                          "second",
                          "type",
                          "in",
                          "out",
                          "size",
                          "channels",
                          "features",
                          "kernel",
                          "bias",
                          "recurrent_kernel",
                          "alpha",
                          "numerator",
                          "denominator",
                          "numerator_degree",
                          "denominator_degree",
                          "version",
                          "shift",
                          "coefficients",
                          "sections",
                          "rise",
                          "fall",
                          "floor",
                          "ratio",
                          "knee",
                          "points",
                          "interpolation",
                          "low",
                          "high",
                          "values",
                          "bands",
                          "hop",
                          "sample_rate",
                          "mean",
                          "variance",
                          "gamma",
                          "beta",
                          "epsilon",
                          "dilation",
                          "groups",
                          "stride",
                          "kernel_size",
                          "frames",
                          "window",
                          "hop",
                          "before",
                          "after",
                          "begin",
                          "condition_size",
                          "prewarm",
                          "check",
                          "skip",
                          "tolerance",
                          "sample_rate",
                          "metadata",
                          "in_skip",
                          "in_gain",
                          "out_gain",
                          "samplerate",
                          "input_batch",
                          "output_batch",
                          "initial_hidden",
                          "initial_cell",
                          "activation",
                          "weights",
                          "shape",
                          "head",
                          "condition_dsp",
                          "layer1x1",
                          "head1x1",
                          "groups_input",
                          "slimmable",
                          "models",
                          "submodels",
                          "in_channels",
                          "out_channels",
                          "receptive_field",
                          "conv_post_film",
                          "layer1x1_post_film",
                          "gating_mode",
                          "bottleneck"};

constexpr std::array<std::uint64_t, 20> sizes{0,  1,  2,  3,  4,   5,   7,     8,     15,       16,
                                              17, 63, 64, 65, 127, 256, 65535, 65536, 1u << 24, 1u << 26};
constexpr std::array<double, 10> reals{0.0, -0.0, 1.0, -1.0, 0.5, 1e-45, 1e-310, 3.4e38, 1e39, -1e300};

/// All values of a document that `wanted` accepts.
template <class F>
void collect(json& value, const F& wanted, std::vector<json*>& found) {
  if (wanted(value)) found.push_back(&value);
  if (value.is_structured())
    for (json& inner : value) collect(inner, wanted, found);
}
template <class F>
json* any(json& document, Random& random, const F& wanted) {
  std::vector<json*> found;
  collect(document, wanted, found);
  return found.empty() ? nullptr : found[below(random, found.size())];
}
json& any_value(json& document, Random& random) {
  json* at = &document;
  while (at->is_structured() && !at->empty() && below(random, 6) > 0) {
    auto member = at->begin();
    std::advance(member, below(random, at->size()));
    at = &*member;
  }
  return *at;
}

/// Makes the data of each {"shape", "data"} as long as its shape says.
void fit_data(json& value) {
  if (!value.is_structured()) return;
  if (value.is_object() && value.contains("shape") && value.contains("data") && value["shape"].is_array() &&
      value["data"].is_array()) {
    std::size_t count = 1;
    for (const json& extent : value["shape"]) {
      if (!extent.is_number_unsigned() || extent.get<std::uint64_t>() > fuzz::most_repaired) return;
      count *= extent.get<std::size_t>();
      if (count > fuzz::most_repaired) return;
    }
    fuzz::resize(value["data"], count);
    return;
  }
  for (json& inner : value) fit_data(inner);
}

bool is_size(const json& value) { return value.is_number_unsigned() && value.get<std::uint64_t>() <= 4096; }

/// Gives every number of one value another one, and fits the weights.
void change_width(json& document, Random& random) {
  json* one = any(document, random, is_size);
  if (!one) return;
  const auto from = one->get<std::uint64_t>();
  const std::uint64_t to = below(random, 3) > 0 ? 1 + below(random, 20) : sizes[below(random, sizes.size())];
  if (below(random, 4) == 0) {
    *one = to;
  } else {
    std::vector<json*> all;
    collect(document, [&](const json& v) { return is_size(v) && v.get<std::uint64_t>() == from; }, all);
    for (json* each : all) *each = to;
  }
  fit_data(document);
}

void change_scalar(json& value, Random& random) {
  switch (below(random, 8)) {
    case 0:
      value = sizes[below(random, sizes.size())];
      break;
    case 1:
      value = reals[below(random, reals.size())];
      break;
    case 2:
      value = names[below(random, names.size())];
      break;
    case 3:
      value = below(random, 2) == 0;
      break;
    case 4:
      value = nullptr;
      break;
    case 5:
      if (value.is_number()) value = value.get<double>() * (below(random, 2) ? -1.5 : 0.25);
      break;
    case 6:
      if (value.is_number_unsigned()) value = value.get<std::uint64_t>() + below(random, 3) - 1;
      break;
    default:
      if (value.is_number_unsigned()) value = 1 + below(random, 12);
  }
}

/// Deletes, copies, swaps, empties, extends or wraps.
void change_structure(json& document, Random& random) {
  json& value = any_value(document, random);
  switch (below(random, 9)) {
    case 0:
      if (value.is_structured() && !value.empty()) {
        auto member = value.begin();
        std::advance(member, below(random, value.size()));
        value.erase(member);
      }
      break;
    case 1:
      if (value.is_array() && !value.empty()) value.push_back(json(value[below(random, value.size())]));
      break;
    case 2:
      if (value.is_array() && value.size() > 1)
        std::swap(value[below(random, value.size())], value[below(random, value.size())]);
      break;
    case 3:
      value = json(any_value(document, random));
      break;
    case 4:
      if (value.is_array()) fuzz::resize(value, below(random, 2 * value.size() + 2));
      break;
    case 5: {  // a layer inside of another one
      json* layer = any(document, random, [](const json& v) { return v.is_object() && v.contains("type"); });
      if (!layer) break;
      json inner = *layer;
      static constexpr const char* around[] = {"residual",    "parallel",    "concat",       "sequential",
                                               "windowed",    "overlap_add", "split",        "along_features",
                                               "per_feature", "tfilm",       "block_control"};
      const char* type = around[below(random, std::size(around))];
      *layer = {{"type", type}};
      if (std::strcmp(type, "residual") == 0 || std::strcmp(type, "sequential") == 0) (*layer)["layers"] = {inner};
      else if (std::strcmp(type, "along_features") == 0 || std::strcmp(type, "per_feature") == 0)
        *layer = {{"type", type}, {"features", 1 + below(random, 5)}, {"layers", {inner}}};
      else if (std::strcmp(type, "tfilm") == 0)
        *layer = {{"type", type},
                  {"size", 1 + below(random, 5)},
                  {"block_size", 1 + below(random, 9)},
                  {"offset", below(random, 4)},
                  {"layers", {inner}}};
      else if (std::strcmp(type, "block_control") == 0)
        *layer = {
            {"type", type}, {"block_size", 1 + below(random, 9)}, {"offset", below(random, 4)}, {"layers", {inner}}};
      else if (std::strcmp(type, "windowed") == 0 || std::strcmp(type, "overlap_add") == 0)
        *layer = {{"type", type}, {"window", 1 + below(random, 9)}, {"hop", 1 + below(random, 4)}, {"layers", {inner}}};
      else (*layer)["branches"] = {json::array({inner}), json::array({inner})};
      if (std::strcmp(type, "overlap_add") == 0 && below(random, 2) == 0) (*layer)["spread"] = true;
      break;
    }
    case 6:
      if (value.is_object()) value[keys[below(random, keys.size())]] = json(any_value(document, random));
      break;
    case 7:
      if (value.is_object() && !value.empty()) {
        auto member = value.begin();
        std::advance(member, below(random, value.size()));
        json moved = std::move(*member);
        value.erase(member);
        value[keys[below(random, keys.size())]] = std::move(moved);
      }
      break;
    default:
      value = json::array({json(value)});
  }
}

void change_name(json& document, Random& random) {
  if (json* text = any(document, random, [](const json& v) { return v.is_string(); }))
    *text = names[below(random, names.size())];
}

void mutate(json& document, Random& random) {
  for (std::size_t changes = 1 + below(random, 3); changes > 0; --changes) {
    switch (below(random, 8)) {
      case 0:
      case 1:
        change_width(document, random);
        break;
      case 2:
      case 3:
        change_structure(document, random);
        break;
      case 4:
        change_name(document, random);
        break;
      default:
        if (json* scalar = any(document, random, [](const json& v) { return v.is_primitive(); }))
          change_scalar(*scalar, random);
    }
  }
  if (below(random, 2) == 0) fit_data(document);
  if (below(random, 2) == 0) fuzz::repair(document);
}

std::size_t write(const std::string& file, std::uint8_t* data, std::size_t most) {
  if (file.empty() || file.size() > most) return 0;
  std::memcpy(data, file.data(), file.size());
  return file.size();
}
/// Writes the text of a document, if it fits.
std::size_t write(const json& document, std::uint8_t* data, std::size_t most) {
  return write(document.dump(-1, ' ', false, json::error_handler_t::replace), data, most);
}

/// Writes a .nam document as a .namb file, if it is one that the format has.
std::size_t write_namb(const json& document, Random& random, std::uint8_t* data, std::size_t most) try {
  constexpr std::array forms{inlay_test::NambForm::current, inlay_test::NambForm::april_2026,
                             inlay_test::NambForm::march_2026};
  return write(inlay_test::write_namb(document, forms[below(random, forms.size())]), data, most);
} catch (const std::exception&) {
  return 0;
}

bool is_namb(const std::uint8_t* data, std::size_t size) { return size >= 80 && std::memcmp(data, "BMAN", 4) == 0; }

/// Changes bytes of a .namb file, mostly of its model, and mostly with a checksum that fits.
std::size_t mutate_namb(std::uint8_t* data, std::size_t size, std::size_t most, Random& random) {
  if (below(random, 4) == 0) size = LLVMFuzzerMutate(data, size, most);
  else
    for (std::size_t changes = 1 + below(random, 3); changes > 0; --changes) {
      std::uint8_t& byte =
          data[below(random, 2) == 0 ? below(random, size) : 79 + below(random, std::min<std::size_t>(size - 79, 300))];
      byte = static_cast<std::uint8_t>(below(random, 2) == 0 ? byte + 1 - 2 * below(random, 2) : random());
    }
  if (size < 80 || below(random, 16) == 0) return size;
  std::string file(reinterpret_cast<const char*>(data), size);
  inlay_test::seal_namb(file);
  return write(file, data, most);
}

json parsed(const std::uint8_t* data, std::size_t size) {
  return json::parse(data, data + size, nullptr, /*allow_exceptions=*/false);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned int seed) {
  Random random(seed);
  if (is_namb(data, size)) return mutate_namb(data, size, most, random);
  json document = parsed(data, size);
  if (!document.is_structured() || below(random, 16) == 0) return LLVMFuzzerMutate(data, size, most);
  mutate(document, random);
  const bool as_namb = document.contains("architecture") && below(random, 8) == 0;
  const std::size_t written = as_namb ? write_namb(document, random, data, most) : write(document, data, most);
  return written > 0 ? written : LLVMFuzzerMutate(data, size, most);
}

/// Puts a part of one document into another.
extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* a, std::size_t a_size, const std::uint8_t* b,
                                                 std::size_t b_size, std::uint8_t* out, std::size_t most,
                                                 unsigned int seed) {
  Random random(seed);
  json to = parsed(a, a_size), from = parsed(b, b_size);
  if (!to.is_structured() || !from.is_structured()) return 0;
  const auto is_layer = [](const json& v) { return v.is_object() && v.contains("type"); };
  json* place = any(to, random, is_layer);
  json* part = any(from, random, is_layer);
  if (place && part && below(random, 3) > 0) *place = *part;
  else any_value(to, random) = json(any_value(from, random));
  if (below(random, 2) == 0) fuzz::repair(to);
  return write(to, out, most);
}
