/// What the layers of rtneural_layers.hpp have in common: RTNeural's way of setting weights.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "inlay/core/compiler.hpp"
#include "inlay/engine.hpp"
#include "inlay/io/error.hpp"

namespace inlay::INLAY_ISA::compat::rtneural {

/// How a recurrent layer's feedback is delayed at another sample rate than the trained one.
enum class SampleRateCorrectionMode { None, NoInterp, LinInterp };

/// Another one is accepted, and not used: inlay's mathematics is that of its backend.
struct DefaultMathsProvider {};

namespace detail {

/// Throws load_error unless nested vectors have these extents.
template <class V>
void expect_shape(const std::vector<V>& values, const std::size_t* shape, const std::string& place,
                  const std::string& layer) {
  if (values.size() != *shape)
    throw load_error(place, io::concat({std::to_string(*shape), " entries"}), std::to_string(values.size()), layer);
  if constexpr (!std::floating_point<V>)
    for (std::size_t i = 0; i < values.size(); ++i)
      expect_shape(values[i], shape + 1, io::concat({place, "[", std::to_string(i), "]"}), layer);
}

/// Throws load_error where a variance is negative, or NaN. It may be 0: the epsilon may come later.
template <class T>
void expect_variances(const std::vector<T>& values, const std::string& layer) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!(values[i] >= 0))
      throw load_error(io::concat({"setRunningVariance[", std::to_string(i), "]"}), "a variance of at least 0",
                       std::to_string(values[i]), layer);
}

/// What a layer gave that is used without a model: `Size` values.
template <class T, std::size_t Size>
class Outs {
 public:
  Outs() = default;
  Outs(const Outs&) noexcept {}  // a copy of a layer has given nothing yet
  Outs& operator=(const Outs&) noexcept { return *this; }

  void show(const T* values) noexcept { values_ = values; }
  const T* begin() const noexcept { return values_; }
  const T* end() const noexcept { return values_ + Size; }
  const T* data() const noexcept { return values_; }
  const T& operator[](std::size_t i) const noexcept { return values_[i]; }

 private:
  const T* values_ = nullptr;
};

/// State and output of a layer that is used without a model, made by the first call that needs them.
template <class L>
class Alone {
  using T = typename L::scalar;
  struct Memory {
    typename L::State state;
    alignas(alignment) T in[padded_frame<T>(L::in_size)]{};
    alignas(alignment) T out[padded_frame<T>(L::out_size)]{};
  };

 public:
  Alone() = default;
  Alone(const Alone&) noexcept {}
  Alone& operator=(const Alone&) noexcept { return *this; }

  void reset(const L& layer) { layer.reset(memory(layer).state); }
  /// Returns the output, which stays until the next frame.
  const T* forward(const L& layer, const T* in) {
    Memory& to = memory(layer);
    run(layer, to, in, to.out);
    return to.out;
  }
  void skip(const L& layer, const T* in) {
    alignas(alignment) T out[padded_frame<T>(L::out_size)];
    run(layer, memory(layer), in, out);
  }

 private:
  Memory& memory(const L& layer) {
    if (!memory_) {
      memory_ = std::make_unique<Memory>();
      layer.reset(memory_->state);
    }
    return *memory_;
  }
  static void run(const L& layer, Memory& memory, const T* in, T* out) {
    std::copy_n(in, L::in_size, memory.in);
    layer.forward(memory.state, static_cast<const T*>(memory.in), out);
  }

  std::unique_ptr<Memory> memory_;
};

/// An inlay layer with what RTNeural's layers have in common.
template <class L>
class Settable : public L {
  using T = typename L::scalar;

 public:
  static constexpr int in_size = static_cast<int>(L::in_size), out_size = static_cast<int>(L::out_size);

  // Without a model: one frame after another, with a state that the layer has for it.
  using L::forward, L::reset;
  void reset() {
    alone_.reset(*this);
    outs.show(nullptr);
  }
  void forward(const T (&ins)[L::in_size]) noexcept { outs.show(alone_.forward(*this, ins)); }
  /// What the last `forward` of this kind gave.
  Outs<T, L::out_size> outs;

  /// As a file of RTNeural's calls it.
  std::string getName() const { return L::type == "batchnorm1d" ? "batchnorm" : std::string(L::type); }
  /// Whether it is an activation without weights.
  constexpr bool isActivation() const noexcept { return false; }

 protected:
  /// Values for one of RTNeural's setters, which `place` names; throws load_error unless they are of this shape.
  template <class V, std::size_t N>
  static void expect(const char* place, const std::vector<V>& values, const std::size_t (&shape)[N]) {
    expect_shape(values, shape, place,
                 io::concat({L::type, " ", std::to_string(in_size), " -> ", std::to_string(out_size)}));
  }

  /// Sets a tensor whose values `value(t, f, i, o)` gives for each place [time, feature, in, out] of a kernel.
  void set_kernel(const std::array<std::size_t, 4>& shape, std::string_view tensor, auto value) {
    std::vector<T> values;
    values.reserve(shape[0] * shape[1] * shape[2] * shape[3]);
    for (std::size_t t = 0; t < shape[0]; ++t)
      for (std::size_t f = 0; f < shape[1]; ++f)
        for (std::size_t i = 0; i < shape[2]; ++i)
          for (std::size_t o = 0; o < shape[3]; ++o) values.push_back(value(t, f, i, o));
    set(tensor, values);
  }
  void set_matrix(const char* place, std::string_view tensor, const std::vector<std::vector<T>>& values,
                  std::size_t rows, std::size_t columns) {
    expect(place, values, {rows, columns});
    set_kernel({1, 1, rows, columns}, tensor, [&](auto, auto, auto i, auto o) { return values[i][o]; });
  }
  void set_vector(const char* place, std::string_view tensor, const std::vector<T>& values, std::size_t size) {
    expect(place, values, {size});
    set(tensor, values);
  }
  void set(std::string_view tensor, std::span<const T> values) {
    [[maybe_unused]] const bool done = assign(static_cast<L&>(*this), tensor, values);
    assert(done);
  }

  Alone<L> alone_;
};

/// A recurrent layer that stays at its rate when weights are loaded after `prepare`, as RTNeural's does.
template <class L, std::size_t Order>
class Corrected : public RateCorrected<L, 16, Order> {
  using Base = RateCorrected<L, 16, Order>;
  using Delay = std::conditional_t<Order == 0, int, typename L::scalar>;

 public:
  /// Goes to `delay` times the trained sample rate. Throws std::invalid_argument where that is below 1 or above 16.
  void prepare(Delay delay) {
    if (!set_rate_ratio(static_cast<double>(delay)))
      throw std::invalid_argument("inlay: a delay for sample rate correction has to be from 1 to 16 samples");
  }
  [[nodiscard]] bool set_rate_ratio(double ratio) noexcept {
    if (!Base::set_rate_ratio(ratio)) return false;
    ratio_ = ratio;
    return true;
  }
  void prepare() noexcept {
    Base::prepare();
    (void)Base::set_rate_ratio(ratio_);
  }

 private:
  double ratio_ = 1;
};

/// The layer for a mode: `AnySize` as it is, or `Fixed` at other rates.
template <class AnySize, class Fixed, SampleRateCorrectionMode Mode>
struct AtRate {
  using type = Corrected<Fixed, Mode == SampleRateCorrectionMode::NoInterp ? 0 : 1>;
};
template <class AnySize, class Fixed>
struct AtRate<AnySize, Fixed, SampleRateCorrectionMode::None> {
  using type = AnySize;
};

template <class Provider>
[[deprecated(
    "inlay: a MathsProvider of your own is not used, inlay's tanh, sigmoid and exp are accurate and vectorised "
    "(docs/from-rtneural.md)")]]
constexpr bool maths_provider_is_not_used() {
  return true;
}

/// Base of the layers that have a MathsProvider in RTNeural. One of the user's own gives one deprecation warning for
/// all layers of a source file: this is instantiated once.
template <bool Own>
struct WithMaths {
  static_assert(maths_provider_is_not_used<std::bool_constant<Own>>());
};
template <>
struct WithMaths<false> {};
template <class Maths>
using Provided = WithMaths<!std::same_as<Maths, DefaultMathsProvider>>;

template <class L, class Maths>
struct Activation : Settable<L>, private Provided<Maths> {
  constexpr bool isActivation() const noexcept { return true; }
};

/// What both recurrent layers share; `Gates` is 4 for an LSTM and 3 for a GRU, in Keras's order.
template <class L, std::size_t Gates, class Maths>
class RecurrentLayer : public Settable<L>, private Provided<Maths> {
  using Matrix = std::vector<std::vector<typename L::scalar>>;

 public:
  /// [in][Gates * out]
  void setWVals(const Matrix& values) {
    this->set_matrix("setWVals", "kernel", values, L::in_size, Gates * L::out_size);
  }
  /// [out][Gates * out]
  void setUVals(const Matrix& values) {
    this->set_matrix("setUVals", "recurrent_kernel", values, L::out_size, Gates * L::out_size);
  }
};

/// Batch normalisation, over `Channels` of them.
template <class L, std::size_t Channels, bool Affine>
class BatchNorm : public Settable<L> {
  using T = typename L::scalar;

 public:
  static constexpr bool is_affine = Affine;

  BatchNorm() { setEpsilon(0); }

  void setGamma(const std::vector<T>& values)
    requires Affine
  {
    this->set_vector("setGamma", "gamma", values, Channels);
  }
  void setBeta(const std::vector<T>& values)
    requires Affine
  {
    this->set_vector("setBeta", "beta", values, Channels);
  }
  void setRunningMean(const std::vector<T>& values) { this->set_vector("setRunningMean", "mean", values, Channels); }
  void setRunningVariance(const std::vector<T>& values) {
    expect_variances(values, this->getName());
    this->set_vector("setRunningVariance", "variance", values, Channels);
  }
  void setEpsilon(T value) { this->set("epsilon", {&value, 1}); }
};

}  // namespace detail

}  // namespace inlay::INLAY_ISA::compat::rtneural
