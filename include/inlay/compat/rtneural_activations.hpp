/// RTNeural's activations. Included by rtneural.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "inlay/backend/default.hpp"
#include "inlay/compat/rtneural_layer.hpp"
#include "inlay/compat/rtneural_maths.hpp"
#include "inlay/compat/rtneural_settable.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/layers/elu.hpp"
#include "inlay/layers/prelu.hpp"
#include "inlay/layers/relu.hpp"
#include "inlay/layers/sigmoid.hpp"
#include "inlay/layers/softmax.hpp"
#include "inlay/layers/tanh.hpp"

namespace inlay::INLAY_ISA::compat::rtneural {

/// An activation: one of those below, or a function of the user's own.
template <typename T>
class Activation : public detail::RecordLayer<T> {
 public:
  Activation(int size, std::function<T(T)> function, const std::string& name)
      : detail::RecordLayer<T>(size, size, name, {{"size", size}}, {}), function_(std::move(function)) {}

  void forward(const T* input, T* out) noexcept override {
    if (function_) std::transform(input, input + this->in_size, out, function_);
    else detail::RecordLayer<T>::forward(input, out);
  }

 protected:
  const io::LayerRecord* record() const noexcept override {
    return function_ ? nullptr : detail::RecordLayer<T>::record();
  }

 private:
  std::function<T(T)> function_;
};

namespace detail {

template <class L, class Maths>
struct ActivationType : Settable<L>, private Provided<Maths> {
  constexpr bool isActivation() const noexcept { return true; }
};

/// The activation that is called as the layer L of inlay's.
template <typename T, class L, class Maths>
class ActivationLayer : public rtneural::Activation<T>, private Provided<Maths> {
 public:
  explicit ActivationLayer(int size) : rtneural::Activation<T>(size, {}, std::string(L::type)) {}
  ActivationLayer(std::initializer_list<int> sizes) : ActivationLayer(*sizes.begin()) {}
};

template <class Base>
class PReLUSetters : public Base {
  using T = typename Base::scalar;

 public:
  using Base::Base;

  /// One slope for each channel, or for every channel of a feature, or one for all.
  void setAlphaVals(std::vector<T> values) {
    const auto channels = static_cast<std::size_t>(this->in_size), given = values.size();
    if (given > 0 && channels % given == 0)
      for (std::size_t c = given; c < channels; ++c) values.push_back(values[c - given]);
    this->set("setAlphaVals", "alpha", values);
  }
};

}  // namespace detail

template <typename T, int size, typename MathsProvider = DefaultMathsProvider>
using TanhActivationT = detail::ActivationType<Tanh<size, default_backend_for<T>>, MathsProvider>;
template <typename T, typename MathsProvider = DefaultMathsProvider>
using TanhActivation = detail::ActivationLayer<T, Tanh<1>, MathsProvider>;

/// That of older versions of RTNeural; here it is the accurate one.
template <typename T, int size>
using FastTanhT = TanhActivationT<T, size>;

template <typename T, int size, typename MathsProvider = DefaultMathsProvider>
using SigmoidActivationT = detail::ActivationType<Sigmoid<size, default_backend_for<T>>, MathsProvider>;
template <typename T, typename MathsProvider = DefaultMathsProvider>
using SigmoidActivation = detail::ActivationLayer<T, Sigmoid<1>, MathsProvider>;

template <typename T, int size>
using ReLuActivationT = detail::ActivationType<ReLU<size, default_backend_for<T>>, DefaultMathsProvider>;
template <typename T>
using ReLuActivation = detail::ActivationLayer<T, ReLU<1>, DefaultMathsProvider>;

template <typename T, int size, typename MathsProvider = DefaultMathsProvider>
using SoftmaxActivationT = detail::ActivationType<Softmax<size, default_backend_for<T>>, MathsProvider>;
template <typename T, typename MathsProvider = DefaultMathsProvider>
using SoftmaxActivation = detail::ActivationLayer<T, Softmax<1>, MathsProvider>;

template <typename T, int size, int AlphaNumerator = 1, int AlphaDenominator = 1,
          typename MathsProvider = DefaultMathsProvider>
struct ELuActivationT : detail::ActivationType<ELU<size, default_backend_for<T>>, MathsProvider> {
  ELuActivationT() noexcept { this->alpha = static_cast<T>(AlphaNumerator) / static_cast<T>(AlphaDenominator); }
};
template <typename T, typename MathsProvider = DefaultMathsProvider>
class ELuActivation final : public detail::ActivationLayer<T, ELU<1>, MathsProvider> {
 public:
  explicit ELuActivation(int size) : detail::ActivationLayer<T, ELU<1>, MathsProvider>(size) { set_alpha(1); }
  ELuActivation(std::initializer_list<int> sizes) : ELuActivation(*sizes.begin()) {}

  void set_alpha(T alpha) { this->set_number("alpha", alpha); }
};

template <typename T, int size>
class PReLUActivationT : public detail::PReLUSetters<detail::Settable<PReLU<size, default_backend_for<T>>>> {};
template <typename T>
class PReLUActivation final : public detail::PReLUSetters<detail::ActivationLayer<T, PReLU<1>, DefaultMathsProvider>> {
 public:
  explicit PReLUActivation(int size)
      : detail::PReLUSetters<detail::ActivationLayer<T, PReLU<1>, DefaultMathsProvider>>(size) {
    this->tensor({"alpha", {size}});
  }
};

}  // namespace inlay::INLAY_ISA::compat::rtneural
