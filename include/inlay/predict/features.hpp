/// Features: the work of a network in numbers, which a machine's table turns into time. feature_sum.hpp adds them up.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "inlay/core/compiler.hpp"

namespace inlay {

/// Layers that cost alike.
enum class CostKind : std::size_t {
  dense,
  narrow,  ///< dense layers of at most four outputs, frame by frame, where a register has more
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
  sine,
  mish,
  exp,
  log,
  quotient,  ///< activations with one division
  norm,      ///< normalisation over channels
  line,      ///< activations of straight lines
  copy,      ///< layers that move values
  join,      ///< combinators, without the layers that they hold
  fir,       ///< long filters, without their FFTs
  fft,
  min_gru,  ///< without its products and sigmoids
  s4d,
  lru,
  s6,      ///< without its products and its softplus
  biquad,  ///< recursive filters, with constant or changing coefficients
  one_pole,
  table_shaper,
  count
};

/// The work of all layers of a kind, per frame of the model's input.
struct KindFeatures {
  double layers = 0;
  double registers = 0;  ///< registers of output values
  double products = 0;   ///< registers of weights that are multiplied
  double columns = 0;    ///< values that are multiplied by weights
  double taps = 0;       ///< past frames that a convolution reads
  double chain = 0;      ///< multiply-adds that wait for one another
  double further = 0;    ///< registers of a recurrent layer's outputs beyond two, which may take no longer than one
  double straddles = 0;  ///< registers that are read of values that were not stored as one, and so wait for the stores
  double excess = 0;     ///< products beyond those that are done while a chain waits, by their number

  constexpr void add(double often, const KindFeatures& b) {
    layers += often * b.layers, registers += often * b.registers, products += often * b.products;
    columns += often * b.columns, taps += often * b.taps, chain += often * b.chain;
    further += often * b.further, straddles += often * b.straddles, excess += often * b.excess;
  }
  /// The sum of the products of all values.
  constexpr double times(const KindFeatures& b) const {
    return layers * b.layers + registers * b.registers + products * b.products + columns * b.columns + taps * b.taps +
           chain * b.chain + further * b.further + straddles * b.straddles + excess * b.excess;
  }
};

namespace internal {

constexpr bool is_recurrent(CostKind kind) {
  return kind == CostKind::lstm || kind == CostKind::gru || kind == CostKind::rnn;
}
/// Whether a frame of a layer waits for the last frame of it.
constexpr bool waits(CostKind kind) {
  return is_recurrent(kind) || kind == CostKind::biquad || kind == CostKind::fir || kind == CostKind::fft;
}

}  // namespace internal

/// The work of a network. A machine's table has nanoseconds in the same places.
struct Features {
  double call = 0;         ///< calls of `forward`, or of `process` with 64 frames
  double cache_lines = 0;  ///< cache lines that are read and do not fit the first cache
  double past_lines = 0;   ///< the same of values that are stored by channel, frames apart
  double code_lines = 0;   ///< the same of instructions, each of which a frame runs once
  std::array<KindFeatures, std::size_t(CostKind::count)> kinds{};

  constexpr void add(double often, const Features& b) {
    call += often * b.call, cache_lines += often * b.cache_lines;
    past_lines += often * b.past_lines, code_lines += often * b.code_lines;
    for (std::size_t i = 0; i < kinds.size(); ++i) kinds[i].add(often, b.kinds[i]);
  }
  /// The sum of the prices of all work, from a machine's table.
  constexpr double time(const Features& prices) const {
    double sum = call * prices.call + cache_lines * prices.cache_lines + past_lines * prices.past_lines +
                 code_lines * prices.code_lines;
    for (std::size_t i = 0; i < kinds.size(); ++i) sum += kinds[i].times(prices.kinds[i]);
    return sum;
  }
};

/// The work of a network, by how its layers are called.
struct NetworkWork {
  Features called;   ///< of layers that are called as the network is
  Features longest;  ///< of these, one layer whose frames wait for its last one: that of the most multiply-adds
  Features stalled;  ///< of these, the first layer that waits for stores, and all behind it
  Features frames;   ///< of layers within combinators that call them frame by frame, even in buffers
  Features tiles;    ///< of layers within combinators that call them in tiles, even frame by frame
  Features streams;  ///< of values that are transformed or moved frame by frame, none of which waits for another
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
      {conv, " conv1d conv2d depthwise_conv2d conv_transpose1d "},
      {lstm, " lstm projected_lstm "},
      {gru, " gru "},
      {rnn, " rnn "},
      {tanh, " tanh "},
      {sigmoid, " sigmoid "},
      {silu, " silu "},
      {elu, " elu selu "},
      {softplus, " softplus "},
      {gelu, " gelu "},
      {gelu_tanh, " gelu_tanh "},
      {softmax, " softmax "},
      {snake, " snake "},
      {sine, " sine "},
      {mish, " mish "},
      {exp, " exp db_to_amplitude "},
      {log, " amplitude_to_db "},
      {quotient, " softsign fast_tanh rational sqrt "},
      {norm, " layer_norm rms_norm group_norm cumulative_norm "},
      {min_gru, " min_gru "},
      {s4d, " s4d "},
      {lru, " lru "},
      {s6, " s6 "},
      {biquad, " biquad parametric_equalizer "},
      {one_pole, " one_pole "},
      {table_shaper, " table_shaper "},
      {line,
       " relu leaky_relu prelu hardtanh leaky_hardtanh scale hard_sigmoid hard_sigmoid_keras2 hardswish batchnorm1d "
       "batchnorm2d affine periodic_gain abs square gain_computer complex_product magnitude "},
      {copy,
       " identity gather slice pad delay silent_until time_pad append_condition max_pool1d avg_pool1d upsample_nearest "
       "upsample_linear "},
      {join, " residual parallel concat split gate blend mixin film conditioned_by residual_skip sequential "},
  };
  for (const Named& named : all)
    for (std::size_t at = named.names.find(type); at != std::string_view::npos; at = named.names.find(type, at + 1))
      if (named.names[at - 1] == ' ' && named.names[at + type.size()] == ' ') return named.kind;
  return dense;
}

}  // namespace internal
}  // namespace inlay
