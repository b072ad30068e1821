/// Features: the work of a network in numbers, which a machine's table turns into time.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <string_view>

#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_traits.hpp"

namespace inlay {

/// Layers that cost alike.
enum class CostKind : std::size_t {
  dense,
  conv,
  lstm,
  gru,
  rnn,
  tanh,
  sigmoid,
  silu,
  elu,
  softplus,
  gelu,
  gelu_tanh,
  softmax,
  snake,
  quotient,  ///< activations with one division
  line,      ///< activations of straight lines
  copy,      ///< layers that move values
  join,      ///< combinators, without the layers that they hold
  count
};

/// The work of all layers of a kind, per frame of the model's input.
struct KindFeatures {
  double layers = 0;
  double registers = 0;  ///< registers of output values
  double products = 0;   ///< registers of weights that are multiplied
  double columns = 0;    ///< values that are multiplied by weights
  double taps = 0;       ///< past frames that a convolution reads
};

/// The work of a network. A machine's table has nanoseconds in the same places.
struct Features {
  double call = 0;         ///< calls of `forward`, or of `process` with 64 frames
  double cache_lines = 0;  ///< cache lines of weights that do not fit the first cache
  std::array<KindFeatures, std::size_t(CostKind::count)> kinds{};

  /// The sum of the products of all values.
  constexpr double times(const Features& other) const {
    double sum = call * other.call + cache_lines * other.cache_lines;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      const KindFeatures &a = kinds[i], &b = other.kinds[i];
      sum += a.layers * b.layers + a.registers * b.registers + a.products * b.products + a.columns * b.columns +
             a.taps * b.taps;
    }
    return sum;
  }
};

namespace internal {

/// The kind of a layer by its type's name in files. Types that are not listed count as dense layers.
constexpr CostKind cost_kind(std::string_view type) {
  using enum CostKind;
  struct Named {
    CostKind kind;
    std::string_view names;  ///< each with a space before and after
  };
  constexpr Named all[] = {
      {conv, " conv1d conv2d conv_transpose1d "},
      {lstm, " lstm "},
      {gru, " gru "},
      {rnn, " rnn "},
      {tanh, " tanh "},
      {sigmoid, " sigmoid "},
      {silu, " silu "},
      {elu, " elu "},
      {softplus, " softplus "},
      {gelu, " gelu "},
      {gelu_tanh, " gelu_tanh "},
      {softmax, " softmax "},
      {snake, " snake "},
      {quotient, " softsign fast_tanh "},
      {line,
       " relu leaky_relu prelu hardtanh leaky_hardtanh scale hard_sigmoid hard_sigmoid_keras2 hardswish batchnorm1d "
       "batchnorm2d "},
      {copy, " identity slice pad delay time_pad append_condition max_pool1d avg_pool1d "},
      {join, " residual parallel concat split gate blend mixin film conditioned_by residual_skip windowed sequential "},
  };
  for (const Named& named : all)
    for (std::size_t at = named.names.find(type); at != std::string_view::npos; at = named.names.find(type, at + 1))
      if (named.names[at - 1] == ' ' && named.names[at + type.size()] == ' ') return named.kind;
  return dense;
}

/// Adds up the features of layers.
struct FeatureSum {
  std::size_t lanes;
  bool buffers;
  Features sum{};
  double weight_bytes = 0;

  /// The cache lines of weights that a frame does not find in the first cache, from their size. Weights of fewer bytes
  /// than `cache` stay in it; of `beyond` more, none of them does.
  static constexpr double missed(double bytes) {
    constexpr double cache = 28 * 1024, beyond = 8 * 1024;
    return bytes / 64 * std::clamp((bytes - cache) / beyond, 0.0, 1.0);
  }

  /// Adds layer L, which runs `often` times per frame of the model's input, and the layers that it holds.
  template <class L>
  constexpr void add(double often) {
    static_assert(
        L::type != "windowed",
        "inlay::predict: a Windowed network has no prediction from its type; the command inlay predict has one");
    if constexpr (requires { L::parts::for_each; }) {
      add_layer<L>(often);
      L::parts::for_each([&](auto i) { add_chain<decltype(L().template chain<i>())>(often); });
    } else if constexpr (requires { L::layer_count; }) {
      add_chain<L&>(often);
    } else {
      add_layer<L>(often);
    }
  }

 private:
  template <class ChainReference>
  constexpr void add_chain(double often) {
    using Chain = std::remove_cvref_t<ChainReference>;
    Chain::for_each([&](auto i) {
      using L = std::remove_cvref_t<decltype(std::declval<const Chain&>().template layer<i>())>;
      add<L>(often);
      often *= double(LayerTraits<L>::rate.out) / double(LayerTraits<L>::rate.in);
    });
  }

  /// Rows of a matrix, padded to whole registers of the size that its kernel chooses.
  constexpr std::size_t padded(std::size_t rows) const {
    const std::size_t unit = lanes == 1 ? 1 : std::min(lanes, std::max(std::size_t{4}, std::bit_ceil(rows)));
    return (rows + unit - 1) / unit * unit;
  }

  template <class L>
  constexpr void add_layer(double often) {
    constexpr CostKind kind = cost_kind(L::type);
    constexpr bool recurrent = kind == CostKind::lstm || kind == CostKind::gru || kind == CostKind::rnn;
    constexpr bool multiplies = recurrent || kind == CostKind::dense || kind == CostKind::conv;
    constexpr std::size_t gates = kind == CostKind::lstm ? 4 : kind == CostKind::gru ? 3 : 1;
    constexpr std::size_t out = L::out_size;
    const bool tiles = buffers && !recurrent;  // lanes are frames, and four channels are computed together
    const std::size_t registers = (out + lanes - 1) / lanes;
    KindFeatures& of = sum.kinds[std::size_t(kind)];
    of.layers += often;
    of.registers += often * (tiles ? double(out) / 4 : double(registers));
    if constexpr (multiplies) {
      constexpr double columns = double(L::macs) / double(gates * out);
      const double whole = tiles ? double((out + 3) / 4 * 4) / double(lanes) : double(gates * registers);
      of.products += often * columns * whole;
      of.columns += often * columns;
      if (kind == CostKind::conv) of.taps += often * columns / double(L::in_size);
      const double bytes = 4 * often * columns * double(gates * padded(out));
      if (!buffers) weight_bytes += bytes;
      else if (recurrent) sum.cache_lines += missed(bytes);  // a layer computes a whole buffer before the next one does
    }
  }
};

/// The features of a network type for registers of `lanes` floats.
template <class Layers>
constexpr Features features_of(std::size_t lanes, bool buffers) {
  FeatureSum all{lanes, buffers};
  all.template add<Layers>(1);
  all.sum.call = 1;
  all.sum.cache_lines += all.missed(all.weight_bytes);
  return all.sum;
}

}  // namespace internal
}  // namespace inlay
