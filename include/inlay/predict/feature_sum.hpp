/// FeatureSum: adds up the work of a network type.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/predict/features.hpp"
#include "inlay/predict/frame_memory.hpp"
#include "inlay/predict/inner_calls.hpp"

namespace inlay::internal {

/// The sizes of a layer type whose template has two or three of them and a backend.
template <class L>
inline constexpr std::array<std::size_t, 0> sizes_of{};
template <template <std::size_t, std::size_t, Backend> class L, std::size_t A, std::size_t B, Backend C>
inline constexpr std::array sizes_of<L<A, B, C>>{A, B};
template <template <std::size_t, std::size_t, std::size_t, Backend> class L, std::size_t A, std::size_t B,
          std::size_t C, Backend D>
inline constexpr std::array sizes_of<L<A, B, C, D>>{A, B, C};

/// Adds up the features of layers.
struct FeatureSum {
  std::size_t lanes;
  bool buffers;
  NetworkWork work{};
  FrameMemory memory{}, code{};
  CostKind before = CostKind::copy;  ///< the kind of the last layer that computes
  double most_macs = 0;              ///< of the layers whose frames wait for their last one
  bool stalled = false;              ///< whether a layer waited for stores
  bool waiting = false;              ///< whether the layer that is added is `work.longest`

  /// Completes the sum, when all layers were added, by `calls` of them and what the caches do not hold.
  constexpr void finish(double calls) {
    work.called.call = calls;
    if (!buffers) {
      work.called.cache_lines += memory.missed_lines(memory.read);
      work.called.past_lines += memory.missed_lines(memory.past);
      work.called.code_lines += code.missed_lines(code.read);
    }
    if (lanes == 1)  // a microcontroller, whose memory is as fast as a cache
      work.called.cache_lines = work.called.past_lines = work.called.code_lines = 0;
  }

  /// Adds layer L, which runs `often` times per frame of the model's input, and the layers that it holds.
  template <class L>
  constexpr void add(double often) {
    if constexpr (has_inner_calls<L>) {
      add_calls<L>(often);
    } else if constexpr (requires { L::parts::for_each; }) {
      add_layer<L>(often);
      L::parts::for_each([&](auto i) { add_chain<decltype(L().template chain<i>())>(often); });
    } else if constexpr (requires { L::layer_count; }) {
      add_chain<L&>(often);
    } else if constexpr (requires { L::fft_macs; }) {
      add_filter<L>(often);
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

  /// Adds a combinator with `inner_calls` and the layers within it.
  template <class L>
  constexpr void add_calls(double often) {
    using By = InnerCalls::By;
    constexpr std::size_t tile = 64;
    InnerCalls calls = inner_calls<L>();
    waiting = false;
    FeatureSum run{lanes, calls.by == By::caller ? buffers : calls.by == By::tiles};
    run.before = CostKind::join;
    if constexpr (requires { L::layer_frames; }) {
      InnerChain<L>::for_each([&](auto i) {
        using Inner = std::remove_cvref_t<decltype(std::declval<const InnerChain<L>&>().template layer<i>())>;
        const double frames = double(L::layer_frames[i]);
        run.template add<Inner>(frames);
        calls.copied += double(Inner::out_size) * frames * double(LayerTraits<Inner>::rate.out) /
                        double(LayerTraits<Inner>::rate.in);
      });
    } else {
      run.template add_chain<InnerChain<L>>(double(calls.frames));
    }
    const double times = often * calls.runs;
    if (calls.by == By::caller) {
      memory.add(run.memory.size, times * run.memory.read, times * run.memory.past);
      code.add(run.code.size, times * run.code.read);
      work.called.add(times, run.work.called);
      if (times * run.most_macs > most_macs) {
        most_macs = times * run.most_macs, work.longest = {};
        work.longest.add(times, run.work.longest);
      }
    } else {
      run.finish(calls.by == By::tiles ? double(up(calls.frames, tile) * tile) : 1);
      (calls.by == By::tiles ? work.tiles : work.frames).add(times, run.work.called);
    }
    work.frames.add(times, run.work.frames);
    work.tiles.add(times, run.work.tiles);
    work.streams.add(times, run.work.streams);
    add(CostKind::join, often, {.layers = 1});
    if (tiles(CostKind::join)) add(CostKind::join, often, {.registers = calls.moved / 4});
    else add_moved(often * calls.moved);
    add_moved(times * (calls.copied + calls.shifted / double(lanes)));
  }

  template <class L>
  constexpr void add_filter(double often) {
    add_code(often, code_of_layer);
    before = CostKind::fir;
    start(CostKind::fir, often * double(L::macs));
    const double products = double(L::computed_macs - L::fft_macs) / double(lanes);
    add(CostKind::fir, often, {.layers = 1, .products = products});
    add(CostKind::fft, often, {.products = double(L::fft_macs) / double(lanes)});
  }

  static constexpr std::size_t up(std::size_t count, std::size_t unit) { return (count + unit - 1) / unit; }
  constexpr std::size_t unit(std::size_t rows) const {
    return lanes == 1 ? 1 : std::min(lanes, std::max(std::size_t{4}, std::bit_ceil(rows)));
  }
  /// Rows of a matrix, padded to whole registers of the size that its kernel chooses.
  constexpr std::size_t padded(std::size_t rows) const { return up(rows, unit(rows)) * unit(rows); }

  /// Groups of rows, each of which reads all columns.
  constexpr std::size_t panels(std::size_t out, std::size_t gates) const {
    return up(up(out, unit(out)), 12 / (gates == 1 ? 2 : gates));
  }
  /// Sums of an output that grow side by side, see core/panel_accumulator.hpp.
  constexpr double sums(double columns, std::size_t out, std::size_t gates) const {
    if (lanes == 1 || columns < 8) return 1;
    const std::size_t of_panel = gates * up(up(out, unit(out)), panels(out, gates));
    return double(std::clamp<std::size_t>((8 + (gates == 1 ? of_panel - 1 : 0)) / of_panel, 1, 4));
  }

  /// Adds what a convolution reads of its past.
  constexpr void add_past(std::size_t channels, std::size_t past, double taps) {
    constexpr std::size_t line = 64, tile = 64;
    const double frames = double(up(4 * channels, line) * line) * taps, lines = double(line * channels) * taps;
    if (past > tile) memory.add(lines, 0, lines);  // each channel has cache lines of its own
    else if (past > 0) memory.add(frames, frames);
  }

  /// Starts to add a layer. The one that waits longest for its last frame is added to `work.longest`, too.
  constexpr void start(CostKind kind, double macs) {
    waiting = waits(kind) && macs > most_macs;
    if (waiting) most_macs = macs, work.longest = {};
  }

  template <class L>
  constexpr void add_layer(double often) {
    constexpr std::size_t out = L::out_size;
    constexpr CostKind of_type = cost_kind(L::type);
    const bool narrow = of_type == CostKind::dense && out <= 4 && lanes > 4 && !buffers;
    const CostKind kind = narrow ? CostKind::narrow : of_type;
    start(kind, often * double(L::macs));
    if (L::type != "identity") add_code(often, code_of_layer);
    if (!buffers && out > 1 && out % 4 != 0 && stores_apart(before) && reads_registers(kind)) {
      stalled = true;
      add(before, often, {.straddles = 1});
    }
    if (kind != CostKind::join && kind != CostKind::copy) before = kind;
    if constexpr (L::type == "rfft" || L::type == "irfft") {
      // A transform takes as long as five times its multiply-adds in a dense layer, beside its moved samples.
      const double products = often * 5 * double(L::macs) / double(lanes);
      work.streams.kinds[std::size_t(CostKind::dense)].add(
          1, {.products = products, .excess = products / while_one_waits});
      add_moved(often * double(std::min(L::in_size, L::out_size)));
    } else if constexpr (of_type == CostKind::s4d) {
      add_s4d(sizes_of<L>[0], sizes_of<L>[1], often);
    } else if constexpr (of_type == CostKind::lru) {
      add_lru(sizes_of<L>[0], sizes_of<L>[1], sizes_of<L>[2], often);
    } else if constexpr (of_type == CostKind::s6) {
      add_s6(sizes_of<L>[0], sizes_of<L>[1], sizes_of<L>[2], often);
    } else if constexpr (of_type == CostKind::biquad) {
      constexpr bool designed = L::type == "parametric_equalizer";
      const double designs = designed ? double(sizes_of<L>[1]) / double(sizes_of<L>.back()) : 0;
      constexpr double sections = double(L::macs) / 5;
      add(kind, often,
          {.layers = 1, .registers = out, .products = sections, .columns = designs, .chain = sections / double(out)});
    } else if constexpr (of_type == CostKind::one_pole || of_type == CostKind::table_shaper) {
      add(kind, often, {.layers = 1, .registers = out});
    } else if constexpr (of_type == CostKind::min_gru) {
      add_product(CostKind::dense, 2 * out, double(L::macs) / double(2 * out), often);
      add_values(CostKind::sigmoid, out, often);
      add_values(kind, out, often);
    } else if constexpr (of_type == CostKind::dense || of_type == CostKind::conv || is_recurrent(of_type)) {
      constexpr double columns = double(L::macs) / double(gates_of(of_type) * out);
      constexpr std::size_t positions = [] {
        if constexpr (requires { L::out_features; }) return L::out_features;
        else return std::size_t{1};
      }();
      add_products(kind, out, columns, positions, often);
      if constexpr (of_type == CostKind::conv) {
        constexpr double taps = columns / double(L::in_size);
        add(kind, often, {.taps = taps});
        if (!buffers) add_past(L::in_size, L::receptive_field - 1, taps);
      }
    } else if (L::type == "delay" && !buffers) {
      add(kind, often, {.layers = 1, .registers = out});
    } else {
      add_values(kind, out, often);
      if constexpr (requires { L::quotients; }) {  // those of different groups do not wait for one another
        constexpr std::size_t groups = sizes_of<L>.size() == 2 ? sizes_of<L>.back() : 1;
        if (!buffers) add(kind, often, {.columns = groups, .chain = L::quotients / groups});
      }
      if (L::type == "residual_skip" && out / 2 % 4 != 0) add(kind, often, {.straddles = 1});
    }
  }

  /// Whether a layer stores its values one by one, and whether it reads registers of values. "copy" stands for the
  /// network's input, the values of which are stored one by one.
  static constexpr bool stores_apart(CostKind kind) {
    return kind == CostKind::copy || kind == CostKind::biquad || kind == CostKind::one_pole ||
           kind == CostKind::table_shaper;
  }
  static constexpr bool reads_registers(CostKind kind) { return kind >= CostKind::tanh && kind <= CostKind::line; }
  /// Multiply-adds that a processor does while one of them waits for another.
  static constexpr double while_one_waits = 8;
  /// Bytes of instructions of each layer of a type, and of each product of a register. Loops limit those of a product.
  static constexpr double code_of_layer = 150, code_of_product = 14, most_of_product = 1000;
  /// Adds instructions of a type's layer, estimated in bytes.
  constexpr void add_code(double often, double bytes) { code.add(bytes, often * bytes); }
  constexpr void add_moved(double values) { work.streams.kinds[std::size_t(CostKind::copy)].registers += values; }
  constexpr void add(CostKind kind, double often, const KindFeatures& numbers) {
    work.called.kinds[std::size_t(kind)].add(often, numbers);
    if (waiting) work.longest.kinds[std::size_t(kind)].add(often, numbers);
    if (stalled) work.stalled.kinds[std::size_t(kind)].add(often, numbers);
  }
  static constexpr std::size_t gates_of(CostKind kind) {
    return kind == CostKind::lstm ? 4 : kind == CostKind::gru ? 3 : 1;
  }
  /// Lanes are frames, of four outputs, in the buffers of layers that do not wait for their last output.
  constexpr bool tiles(CostKind kind) const { return buffers && !is_recurrent(kind) && lanes > 1; }
  constexpr double registers(CostKind kind, std::size_t out) const {
    return tiles(kind) ? double(out) / 4 : double(up(out, lanes));
  }

  /// Adds a layer that computes each of its values for itself.
  constexpr void add_values(CostKind kind, std::size_t out, double often) {
    add(kind, often, {.layers = 1, .registers = registers(kind, out)});
  }
  /// Adds a product of `columns` values with the matrices of all gates.
  constexpr void add_product(CostKind kind, std::size_t out, double columns, double often) {
    const std::size_t gates = gates_of(kind);
    const double of_outputs = registers(kind, out);
    const bool recurrent = is_recurrent(kind);
    add_values(kind, out, often);
    if (tiles(kind)) {
      add(kind, often, {.products = columns * double(up(out, 4) * 4) / double(lanes), .columns = columns});
    } else {
      const double products = columns * double(gates) * of_outputs;
      add_code(often, std::min(most_of_product, code_of_product * products));
      const double chained = recurrent ? double(out) : columns;
      const double beside = sums(chained, out, gates), times = recurrent ? double(panels(out, gates)) : 1;
      add(kind, often,
          {.products = products,
           .columns = columns * times,
           .chain = chained / beside,
           .further = recurrent ? std::max(0.0, of_outputs - 2) : 0,
           .excess = std::max(0.0, products / while_one_waits - columns / beside)});
    }
    const double bytes = 4 * columns * double(gates * padded(out));
    if (!buffers) memory.add(bytes, often * bytes);
    // A recurrent layer computes a whole buffer before the next one does.
    else if (recurrent) work.called.cache_lines += FrameMemory{bytes}.missed_lines(often * bytes);
  }

  /// Adds a product for each position of a layer's outputs. None waits for another.
  constexpr void add_products(CostKind kind, std::size_t out, double columns, std::size_t positions, double often) {
    KindFeatures& sum = work.called.kinds[std::size_t(kind)];
    KindFeatures others{};
    others.add(-1, sum);
    add_product(kind, out / positions, columns, double(positions) * often);
    if (tiles(kind) || positions == 1) return;
    others.add(1, sum);
    const double part = double(positions - 1) / double(positions);
    sum.add(-part, others);
    work.streams.kinds[std::size_t(kind)].add(part, others);
  }
  /// Adds what a layer reads of its weights and states for each product, in bytes of a lane.
  constexpr void add_own_memory(double bytes, double products, double often) {
    const double of_layer = bytes * double(lanes) * products;
    if (!buffers) memory.add(of_layer, often * of_layer);
  }
  /// Lanes are channels, or states of one channel, see layers/s4d.hpp.
  constexpr void add_s4d(std::size_t channels, std::size_t states, double often) {
    const auto registers_for = [&](std::size_t count) { return up(count, unit(count)); };
    const bool across_states = registers_for(channels) * states > channels * (registers_for(states) + 2);
    const std::size_t groups = across_states ? channels : registers_for(channels);
    const std::size_t of_group = across_states ? registers_for(states) : states;
    const std::size_t runs = of_group / 4 + of_group % 4 / 2 + of_group % 2;  // of four, two or one register
    add(CostKind::s4d, often,
        {.layers = 1,
         .registers = double(groups),
         .products = double(groups * of_group),
         .columns = across_states ? double(groups) : 0,  // sums of lanes
         .chain = double(groups * runs)});
    add_own_memory(28, double(groups * of_group), often);
  }
  constexpr void add_lru(std::size_t in, std::size_t states, std::size_t out, double often) {
    const std::size_t of_states = up(states, lanes), products = 2 * in * of_states + (2 * states + in) * up(out, lanes);
    add_own_memory(4, double(products), often);
    add(CostKind::lru, often,
        {.layers = 1,
         .registers = double(of_states),
         .products = double(products),
         .columns = double(in + 2 * states),
         .chain = double(2 * states) / sums(double(2 * states), out, 1)});
  }
  constexpr void add_s6(std::size_t channels, std::size_t states, std::size_t rank, double often) {
    const double of_channels = double(up(channels, lanes)), products = of_channels * double(states);
    add_own_memory(8, products, often);
    add(CostKind::s6, often, {.layers = 1, .registers = of_channels, .products = products});
    add_product(CostKind::dense, rank + 2 * states, double(channels), often);
    add_product(CostKind::dense, channels, double(rank), often);
    add_values(CostKind::softplus, channels, often);
  }
};

/// The work of a network type for registers of `lanes` floats.
template <class Layers>
constexpr NetworkWork work_of(std::size_t lanes, bool buffers) {
  FeatureSum all{lanes, buffers};
  all.template add<Layers>(1);
  all.finish(1);
  return all.work;
}

}  // namespace inlay::internal
