/// RTNeural's dense layers. Included by rtneural.hpp.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <vector>

#include "inlay/backend/default.hpp"
#include "inlay/compat/rtneural_layer.hpp"
#include "inlay/compat/rtneural_settable.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/layers/dense.hpp"

namespace inlay::INLAY_ISA::compat::rtneural {

namespace detail {

template <class Base, bool HasBias = true>
class DenseSetters : public Base {
  using T = typename Base::scalar;

 public:
  using Base::Base;
  static constexpr bool dense_has_bias = HasBias;

  /// [out][in]
  void setWeights(const Rows<T>& weights) { this->set("setWeights", "kernel", weights, {1, 0}); }
  void setWeights(const T* const* weights) {
    setWeights(rows_of(weights, this->out_size, static_cast<std::size_t>(this->in_size)));
  }
  /// [out]
  void setBias(const T* bias)
    requires HasBias
  {
    this->set("setBias", "bias", std::vector<T>(bias, bias + this->out_size));
  }
};

}  // namespace detail

template <typename T, int in_sizet, int out_sizet, bool has_bias = true>
class DenseT
    : public detail::DenseSetters<detail::Settable<BasicDense<in_sizet, out_sizet, has_bias, default_backend_for<T>>>,
                                  has_bias> {};

template <typename T>
class Dense final : public detail::DenseSetters<detail::RecordLayer<T>> {
 public:
  Dense(int in, int out)
      : detail::DenseSetters<detail::RecordLayer<T>>(in, out, "dense", {{"in", in}, {"out", out}},
                                                     {{"kernel", {in, out}}, {"bias", {out}}}) {}
  Dense(std::initializer_list<int> sizes) : Dense(sizes.begin()[0], sizes.begin()[1]) {}

  T getWeight(int out, int in) const { return this->value("kernel", in, out); }
  T getBias(int out) const { return this->value("bias", 0, out); }
};

}  // namespace inlay::INLAY_ISA::compat::rtneural
