/// Building blocks of LSTM, GRU and RNN: gate functions, scaled gate weights, hidden state.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "inlay/core/aligned_array.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/core/tensor.hpp"
#include "inlay/math/accurate.hpp"

namespace inlay::INLAY_ISA {

/// Gate function 1 / (1 + e^-z). Weights are halved when they are loaded, so that sigmoid(z) = (tanh(z / 2) + 1) / 2
/// costs one tanh.
struct SigmoidGate {
  static constexpr std::string_view name = "sigmoid";
  static constexpr double weight_scale = 0.5;
  template <class B, class R>
  static INLAY_INLINE R apply(R half_z) noexcept {
    return B::math_policy::template sigmoid_of_double<B>(half_z);
  }
  /// Calls `f(gate)`. See `AnyGate`.
  template <class F>
  static INLAY_INLINE void select(F&& f) noexcept {
    f(SigmoidGate());
  }
};

namespace detail {

/// clip(slope z + 0.5, 0, 1)
template <class B, class R>
INLAY_INLINE R clipped_line(R z, typename B::scalar slope) noexcept {
  using T = typename B::scalar;
  const R line = B::fma(z, math::broadcast<B, R>(slope), math::broadcast<B, R>(T(0.5)));
  return B::max(math::broadcast<B, R>(T(0)), B::min(math::broadcast<B, R>(T(1)), line));
}

}  // namespace detail

/// Gate function clip(z Numerator / Denominator + 0.5, 0, 1).
template <int Numerator, int Denominator>
struct ClippedGate {
  static constexpr std::string_view name = Denominator == 6 ? "hard_sigmoid" : "hard_sigmoid_keras2";
  static constexpr double weight_scale = 1, slope = double(Numerator) / Denominator;
  template <class B, class R>
  static INLAY_INLINE R apply(R z) noexcept {
    return detail::clipped_line<B>(z, static_cast<typename B::scalar>(slope));
  }
  template <class F>
  static INLAY_INLINE void select(F&& f) noexcept {
    f(ClippedGate());
  }
};

using HardSigmoidGate = ClippedGate<1, 6>;        ///< PyTorch and Keras 3: clip(z / 6 + 0.5, 0, 1)
using HardSigmoidKeras2Gate = ClippedGate<1, 5>;  ///< Keras up to 2: clip(0.2 z + 0.5, 0, 1)

/// Any of the gates, selected by the file's `recurrent_activation`. For layers of dynamic sizes.
class AnyGate {
  static constexpr std::string_view names[] = {SigmoidGate::name, HardSigmoidGate::name, HardSigmoidKeras2Gate::name};

  /// A clipped gate whose weights are halved as those of `SigmoidGate`.
  struct HalvedClippedGate {
    double slope;
    template <class B, class R>
    INLAY_INLINE R apply(R half_z) const noexcept {
      return detail::clipped_line<B>(half_z, 2 * static_cast<typename B::scalar>(slope));
    }
  };

 public:
  static constexpr double weight_scale = SigmoidGate::weight_scale;
  constexpr void visit(auto& v) { v.choice("recurrent_activation", names, choice_); }
  /// Calls `f(gate)` with the selected gate.
  template <class F>
  INLAY_INLINE void select(F&& f) const noexcept {
    if (choice_ == 0) f(SigmoidGate());
    else f(HalvedClippedGate{choice_ == 1 ? HardSigmoidGate::slope : HardSigmoidKeras2Gate::slope});
  }

 private:
  std::size_t choice_ = 0;
};

namespace detail {

/// Visits `recurrent_activation`: checks it if the gate type fixes it, or reads it.
template <class Gate>
constexpr void visit_gate(auto& v, Gate& gate) {
  if constexpr (requires { Gate::name; }) v.option("recurrent_activation", Gate::name);
  else gate.visit(v);
}

/// A tensor of gate-major rows, [..., Gates * units]. The weights of all gates but `Candidate` are stored multiplied by
/// `Gate::weight_scale`, a power of two, which loses no precision.
template <class Inner, std::size_t Gates, std::size_t Candidate, class Gate>
class ScaledGates : public Inner {
 public:
  using value_type = typename Inner::value_type;
  constexpr value_type get(std::size_t i) const noexcept { return Inner::get(i) / scale(i); }
  constexpr void set(std::size_t i, value_type value) noexcept { Inner::set(i, value * scale(i)); }
  constexpr void fill(value_type value) noexcept {
    for (std::size_t i = 0; i < size_of(static_cast<const Inner&>(*this)); ++i) set(i, value);
  }

 private:
  constexpr value_type scale(std::size_t i) const noexcept {
    const std::size_t units = this->shape().back() / Gates;
    return i / units % Gates == Candidate ? value_type(1) : value_type(Gate::weight_scale);
  }
};

/// Hidden state of a recurrent layer, double-buffered: a step with several panels reads all of the old state while it
/// writes the new one.
template <class B, std::size_t Units>
class Hidden {
  using T = typename B::scalar;
  static constexpr std::size_t padded_to_unit(std::size_t n) { return round_up(n, row_unit<B, Units>); }

 public:
  void resize(std::size_t units)
    requires(Units == dynamic)
  {
    units_.value = units;
    values_.resize(2 * padded());
  }
  /// Number of values of one buffer.
  constexpr std::size_t padded() const noexcept { return padded_to_unit(units_); }
  T* current() noexcept { return values_.data() + now_; }
  /// Swaps the buffers. Returns the new current one, to be written.
  INLAY_INLINE T* next() noexcept {
    now_ = padded() - now_;
    return current();
  }
  void clear() noexcept {
    values_.clear();
    now_ = 0;
  }

 private:
  INLAY_NO_ADDRESS Extent<Units> units_;
  AlignedArray<T, Units == dynamic ? dynamic : 2 * padded_to_unit(Units)> values_;
  std::size_t now_ = 0;
};

/// Hidden states of several voices during a step: `now` is read, `next` is written. The constructor swaps the buffers
/// of every state.
template <class T, std::size_t Voices>
struct HiddenDoubleBuffer {
  template <class State>
  INLAY_INLINE explicit HiddenDoubleBuffer(const std::array<State*, Voices>& states) noexcept {
    for (std::size_t v = 0; v < Voices; ++v) {
      now[v] = states[v]->hidden.current();
      next[v] = states[v]->hidden.next();
    }
  }
  INLAY_INLINE std::array<const T*, Voices> outputs() const noexcept {
    std::array<const T*, Voices> h;
    for (std::size_t v = 0; v < Voices; ++v) h[v] = next[v];
    return h;
  }
  std::array<const T*, Voices> now;
  std::array<T*, Voices> next;
};

/// One value per unit, padded like `Hidden`.
template <class B, std::size_t Units>
using PerUnit = AlignedArray<typename B::scalar, Units == dynamic ? dynamic : round_up(Units, row_unit<B, Units>)>;

}  // namespace detail
}  // namespace inlay::INLAY_ISA
