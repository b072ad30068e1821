/// S4D: diagonal state-space layer.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/aligned_array.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/core/pack.hpp"
#include "inlay/core/repeat.hpp"
#include "inlay/core/tile_frames.hpp"
#include "inlay/core/transpose.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

/// The places of `channels` x `states` states in registers. The lanes of a register are channels, or, if channels are
/// few, states of one channel; the lanes are then summed for every frame. A group is the registers whose sum is a
/// register of outputs.
template <class B, bool Dynamic>
struct StateArrangement {
  std::size_t channels, states;
  bool across_states = std::uint64_t{registers_for(channels)} * states >
                       std::uint64_t{channels} * (registers_for(states) + cost_of_sum);

  /// The sum of lanes takes as long as this number of registers of states.
  static constexpr std::size_t cost_of_sum = 2;

  static constexpr std::size_t lanes_for(std::size_t n) {
    if (B::width > 1) return Dynamic ? B::width : B::lanes(n);
    constexpr std::size_t most = alignment / sizeof(typename B::scalar);
    return !compiler::has_vectors ? 1 : Dynamic ? most : std::bit_ceil(std::min(n, most));
  }
  static constexpr std::size_t registers_for(std::size_t n) { return (n - 1) / lanes_for(n) + 1; }

  constexpr std::size_t lanes() const { return lanes_for(across_states ? states : channels); }
  constexpr std::size_t groups() const { return across_states ? channels : registers_for(channels); }
  /// Number of registers of a group.
  constexpr std::size_t registers() const { return across_states ? registers_for(states) : states; }
  constexpr std::size_t group_of(std::size_t channel) const { return across_states ? channel : channel / lanes(); }
  constexpr std::size_t register_of(std::size_t state) const { return across_states ? state / lanes() : state; }
  constexpr std::size_t lane_of(std::size_t channel, std::size_t state) const {
    return (across_states ? state : channel) % lanes();
  }
};

}  // namespace detail

/// Diagonal state-space layer (Gu, Gupta, Goel, Re, 2022), discretised. Each of `Channels` channels is a sum of
/// `States` complex one-pole filters of its own, and of the input:
///
///     s_n' = a_n s_n + u,    y = 2 Re(sum over n of c_n s_n') + d u
///
/// One complex state stands for a conjugate pair: PyTorch's S4D of state size N has States = N / 2.
///
/// Tensors: `a_real`, `a_imag`, `c_real`, `c_imag` [Channels, States]; `d` [Channels], optional in files. With a step
/// dt, a continuous pole A and coefficients B and C: a = e^(dt A) and c = C B (a - 1) / A by zero-order hold.
///
/// |a| < 1 makes the filters stable. A state decays to denormal numbers after the signal ends, as that of any recurrent
/// layer: see `NoDenormals`. Cost per frame: Channels (6 States + 1) multiply-accumulates. State: 2 Channels States
/// values.
template <std::size_t Channels, std::size_t States, Backend B = default_backend>
class S4D {
  static_assert(Channels > 0 && States > 0);
  static_assert((Channels == dynamic) == (States == dynamic));
  static constexpr bool is_dynamic = Channels == dynamic;
  using T = typename B::scalar;

  using Arrangement = detail::StateArrangement<B, is_dynamic>;
  static constexpr Arrangement arrangement{is_dynamic ? 1 : Channels, is_dynamic ? 1 : States};
  static constexpr std::size_t lanes = arrangement.lanes();
  using Lanes = Pack<B, lanes>;

  /// Parts of a register of states in memory. `c` is doubled, so that y = c_real s_real + minus_c_imag s_imag.
  enum Part : std::size_t { a_real, a_imag, minus_a_imag, c_real, minus_c_imag, parts };

  /// A tensor of the file: one part of all states.
  template <Part Which>
  struct OfStates {
    using value_type = T;
    constexpr std::array<std::size_t, 2> shape() const noexcept { return {layer->channels_, layer->states_}; }
    constexpr T get(std::size_t i) const noexcept {
      const T value = layer->at(Which, i);
      return Which == a_real || Which == a_imag ? value : Which == c_real ? value / 2 : -value / 2;
    }
    constexpr void set(std::size_t i, T value) noexcept {
      layer->at(Which, i) = Which == a_real || Which == a_imag ? value : Which == c_real ? 2 * value : -2 * value;
      if constexpr (Which == a_imag) layer->at(minus_a_imag, i) = -value;
    }
    void allocate()
      requires(is_dynamic)
    {
      const Arrangement& all = layer->arranged();
      layer->weights_.resize(all.groups() * weights_of_group(all));
    }
    S4D* layer;
  };
  struct Skip {
    using value_type = T;
    constexpr std::array<std::size_t, 1> shape() const noexcept { return {layer->channels_}; }
    constexpr T get(std::size_t c) const noexcept { return layer->skip(c); }
    constexpr void set(std::size_t c, T value) noexcept { layer->skip(c) = value; }
    constexpr void fill(T value) noexcept {
      for (std::size_t c = 0; c < layer->channels_; ++c) set(c, value);
    }
    S4D* layer;
  };

 public:
  using backend = B;
  using scalar = T;
  struct State {
    /// Real and imaginary parts, register by register.
    AlignedArray<T, is_dynamic ? dynamic : arrangement.groups() * arrangement.registers() * 2 * lanes> memory;
  };
  static constexpr std::string_view type = "s4d";
  static constexpr std::size_t in_size = Channels, out_size = Channels;
  static constexpr std::size_t receptive_field = unbounded;
  static constexpr std::size_t parameters = is_dynamic ? dynamic : Channels * (4 * States + 1);
  static constexpr std::size_t macs = is_dynamic ? dynamic : Channels * (6 * States + 1);
  static constexpr bool in_place = true;

  constexpr void visit(auto& v) {
    v.option("size", channels_);
    v.option("states", states_);
    OfStates<a_real> real{this};
    OfStates<a_imag> imag{this};
    OfStates<c_real> out_real{this};
    OfStates<minus_c_imag> out_imag{this};
    Skip skip{this};
    v.tensor("a_real", real);
    v.tensor("a_imag", imag);
    v.tensor("c_real", out_real);
    v.tensor("c_imag", out_imag);
    v.optional_tensor("d", skip, 0);
  }
  constexpr LayerShape shape() const noexcept {
    return {.in = channels_,
            .out = channels_,
            .past = unbounded,
            .macs = bounded(std::uint64_t{channels_} * (6 * std::uint64_t{states_} + 1))};
  }

  void resize(State& state) const
    requires(is_dynamic)
  {
    state.memory.resize(arranged().groups() * arranged().registers() * 2 * lanes);
  }
  void reset(State& state) const noexcept { state.memory.clear(); }

  INLAY_INLINE void forward(State& state, const T* in, T* out) const noexcept {
    const Arrangement& all = arranged();
    const T* w = weights_.data();
    T* s = state.memory.data();
    for (std::size_t g = 0; g < all.groups(); ++g) {
      const Lanes u = all.across_states ? Lanes::broadcast(in[g]) : load_frame(in, g * lanes);
      Lanes y = times_skip(w, u);
      w += lanes;
      for_registers(all.registers(), [&]<std::size_t Count>() INLAY_INLINE_LAMBDA {
        Filters<Count> filters(w, s);
        filters.step(w, u, y);
        filters.store(s);
        w += Count * parts * lanes;
        s += Count * 2 * lanes;
      });
      if (all.across_states) out[g] = sum_of_lanes(y);
      else y.store(out + g * lanes);
    }
  }

  void process(State& state, Block<const T> in, Block<T> out, std::size_t frames) const noexcept {
    alignas(alignment) T u[tile_frames * lanes], y[tile_frames * lanes];
    const Arrangement& all = arranged();
    const T* w = weights_.data();
    T* s = state.memory.data();
    for (std::size_t g = 0; g < all.groups(); ++g) {
      const std::size_t channel = all.across_states ? g : g * lanes;
      const std::size_t rows = all.across_states ? 1 : std::min<std::size_t>(lanes, channels_ - channel);
      if (all.across_states) broadcast_row(in.row(g), frames, u);
      else transpose_rows<lanes>(in.row(channel), rows, frames, u);
      const T* d = w;
      w += lanes;
      for_registers(all.registers(), [&]<std::size_t Count>() INLAY_INLINE_LAMBDA {
        if (w == d + lanes) run<Count, true>(d, w, s, u, y, frames);
        else run<Count, false>(d, w, s, u, y, frames);
        w += Count * parts * lanes;
        s += Count * 2 * lanes;
      });
      if (all.across_states)
        for (std::size_t t = 0; t < frames; ++t) out.row(g)[t] = sum_of_lanes(Lanes::load(y + t * lanes));
      else transpose_frames<lanes>(y, lanes, frames, out.row(channel), rows);
    }
  }

 private:
  /// Of a type it is a reference to a constant: GCC would compute with a copy of it at run time.
  constexpr decltype(auto) arranged() const noexcept {
    if constexpr (is_dynamic) return Arrangement{channels_, states_};
    else return (arrangement);
  }
  /// The weights of a group: d, then the parts of one register of states after the other.
  static constexpr std::size_t weights_of_group(const Arrangement& all) {
    return (1 + parts * all.registers()) * lanes;
  }
  constexpr T& at(Part part, std::size_t i) noexcept {
    const Arrangement& all = arranged();
    const std::size_t channel = i / states_, n = i % states_;
    return weights_.data()[all.group_of(channel) * weights_of_group(all) +
                           (1 + all.register_of(n) * parts + part) * lanes + all.lane_of(channel, n)];
  }
  constexpr T& skip(std::size_t channel) noexcept {
    const Arrangement& all = arranged();
    return weights_.data()[all.group_of(channel) * weights_of_group(all) + all.lane_of(channel, 0)];
  }

  /// Calls `f.template operator()<Count>()` for the registers of a group, four at a time.
  static INLAY_INLINE void for_registers(std::size_t count, auto&& f) noexcept {
    std::size_t n = 0;
    for (; n + 4 <= count; n += 4) f.template operator()<4>();
    if constexpr (is_dynamic || arrangement.registers() % 4 >= 2)
      if (n + 2 <= count) f.template operator()<2>(), n += 2;
    if constexpr (is_dynamic || arrangement.registers() % 2 == 1)
      if (n < count) f.template operator()<1>();
  }

  /// Filters of `Count` registers of states. Their state and a_real are in registers; GCC would spill if the other
  /// parts were, too. Loaded once: for a single frame, GCC would load them again for every use.
  template <std::size_t Count>
  struct Filters {
    Lanes real[Count], imag[Count], a[Count];

    INLAY_INLINE Filters(const T* w, const T* s) noexcept {
      repeat<Count>([&](std::size_t n) INLAY_INLINE_LAMBDA {
        real[n] = Lanes::load_once(s + 2 * n * lanes);
        imag[n] = Lanes::load_once(s + (2 * n + 1) * lanes);
        a[n] = Lanes::load_once(w + n * parts * lanes);
      });
    }
    INLAY_INLINE void store(T* s) const noexcept {
      repeat<Count>([&](std::size_t n) INLAY_INLINE_LAMBDA {
        real[n].store(s + 2 * n * lanes);
        imag[n].store(s + (2 * n + 1) * lanes);
      });
    }
    /// Computes one frame, adds its output to y. The real and the imaginary parts are summed apart, for a shorter
    /// chain of additions.
    INLAY_INLINE void step(const T* w, const Lanes& u, Lanes& y) noexcept {
      Lanes::each([&](std::size_t i) INLAY_INLINE_LAMBDA {
        typename Lanes::Register of_imag;
        repeat<Count>([&](std::size_t n) INLAY_INLINE_LAMBDA {
          const auto part = [&](Part which) INLAY_INLINE_LAMBDA {
            return B::template load<Lanes::lanes>(w + (n * parts + which) * lanes + i * Lanes::lanes);
          };
          const auto re = real[n].r[i], im = imag[n].r[i];
          real[n].r[i] = B::fma(part(minus_a_imag), im, B::fma(a[n].r[i], re, u.r[i]));
          imag[n].r[i] = B::fma(part(a_imag), re, compiler::opaque(a[n].r[i] * im));
          y.r[i] = B::fma(part(c_real), real[n].r[i], y.r[i]);
          of_imag = n == 0 ? compiler::opaque(part(minus_c_imag) * imag[n].r[i])
                           : B::fma(part(minus_c_imag), imag[n].r[i], of_imag);
        });
        y.r[i] = y.r[i] + of_imag;
      });
    }
  };

  /// Adds the output of `Count` registers of states to y. For the first ones of a group, y is d u before.
  /// Not inlined: the compiler would see that y does not overlap the weights, keep these in registers, and spill.
  template <std::size_t Count, bool First>
  static INLAY_NOINLINE void run(const T* d, const T* w, T* s, const T* u, T* y, std::size_t frames) noexcept {
    Filters<Count> filters(w, s);
    for (std::size_t t = 0; t < frames; ++t) {
      Lanes sum = First ? times_skip(d, Lanes::load(u + t * lanes)) : Lanes::load(y + t * lanes);
      filters.step(w, Lanes::load(u + t * lanes), sum);
      sum.store(y + t * lanes);
    }
    filters.store(s);
  }

  /// A frame is padded to whole registers of the backend, not to the runs of a one-lane backend.
  static INLAY_INLINE Lanes load_frame(const T* in, std::size_t channel) noexcept {
    if constexpr (!is_dynamic && B::width == 1) {
      alignas(alignment) T values[lanes]{};
      copy(in + channel, std::min(lanes, Channels - channel), values);
      return Lanes::load(values);
    } else {
      return Lanes::load(in + channel);
    }
  }
  static INLAY_NOINLINE void broadcast_row(const T* row, std::size_t frames, T* frame) noexcept {
    for (std::size_t t = 0; t < frames; ++t) Lanes::broadcast(row[t]).store(frame + t * lanes);
  }
  static INLAY_INLINE Lanes times_skip(const T* d, const Lanes& u) noexcept {
    Lanes y = Lanes::load(d);
    Lanes::each([&](std::size_t i) INLAY_INLINE_LAMBDA { y.r[i] = compiler::opaque(y.r[i] * u.r[i]); });
    return y;
  }
  static INLAY_INLINE T sum_of_lanes(const Lanes& x) noexcept {
    alignas(alignment) T values[lanes];
    x.store(values);
    for (std::size_t half = lanes / 2; half > 0; half /= 2)
      for (std::size_t i = 0; i < half; ++i) values[i] += values[i + half];
    return values[0];
  }

  INLAY_NO_ADDRESS Extent<Channels, struct OfChannels> channels_;
  INLAY_NO_ADDRESS Extent<States, struct OfStatesExtent> states_;
  AlignedArray<T, is_dynamic ? dynamic : arrangement.groups() * (1 + parts * arrangement.registers()) * lanes> weights_;
};

}  // namespace inlay::INLAY_ISA
