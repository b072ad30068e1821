/// RTNeural's batch normalisation. Included by rtneural.hpp.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <vector>

#include "inlay/backend/default.hpp"
#include "inlay/compat/rtneural_layer.hpp"
#include "inlay/compat/rtneural_settable.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/io/error.hpp"
#include "inlay/layers/batchnorm1d.hpp"
#include "inlay/layers/batchnorm2d.hpp"

namespace inlay::INLAY_ISA::compat::rtneural {

namespace detail {

template <class Base, bool Affine = true>
class BatchNormSetters : public Base {
  using Values = std::vector<typename Base::scalar>;

 public:
  using Base::Base;
  static constexpr bool is_affine = Affine;

  void setGamma(const Values& values)
    requires Affine
  {
    this->set("setGamma", "gamma", values);
  }
  void setBeta(const Values& values)
    requires Affine
  {
    this->set("setBeta", "beta", values);
  }
  [[deprecated("inlay: a batch normalisation that is not affine has no gamma, as in RTNeural; nothing is set")]]
  void setGamma(const Values&)
    requires(!Affine)
  {}
  [[deprecated("inlay: a batch normalisation that is not affine has no beta, as in RTNeural; nothing is set")]]
  void setBeta(const Values&)
    requires(!Affine)
  {}
  void setRunningMean(const Values& values) { this->set("setRunningMean", "mean", values); }
  /// Throws load_error where a variance is negative, or NaN. It may be 0: the epsilon may come later.
  void setRunningVariance(const Values& values) {
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!(values[i] >= 0))
        throw load_error(io::concat({"setRunningVariance[", std::to_string(i), "]"}), "a variance of at least 0",
                         std::to_string(values[i]), this->description());
    this->set("setRunningVariance", "variance", values);
  }
  void setEpsilon(typename Base::scalar value) { this->set_number("epsilon", value); }
};

/// As RTNeural's, it has no epsilon until it is set.
template <class L, bool Affine>
class BatchNormType : public BatchNormSetters<Settable<L>, Affine> {
 public:
  BatchNormType() { this->setEpsilon(0); }
};

/// Batch normalisation of `size` values, over `channels` of them.
template <typename T>
class BatchNormLayer : public BatchNormSetters<RecordLayer<T>> {
 protected:
  BatchNormLayer(int size, int channels, const char* type, std::initializer_list<Option> options, const char* name)
      : BatchNormSetters<RecordLayer<T>>(
            size, size, type, options,
            std::initializer_list<Constant>{
                {"gamma", {channels}, 1}, {"beta", {channels}}, {"mean", {channels}}, {"variance", {channels}, 1}},
            name) {
    this->setEpsilon(0);
  }
};

}  // namespace detail

template <typename T, int size, bool affine = true>
class BatchNorm1DT : public detail::BatchNormType<BatchNorm1D<size, default_backend_for<T>>, affine> {};

template <typename T, int num_filters_t, int num_features_t, bool affine = true>
class BatchNorm2DT
    : public detail::BatchNormType<BatchNorm2D<num_filters_t, num_features_t, default_backend_for<T>>, affine> {
 public:
  static constexpr int num_filters = num_filters_t, num_features = num_features_t;
};

template <typename T>
class BatchNorm1DLayer final : public detail::BatchNormLayer<T> {
 public:
  explicit BatchNorm1DLayer(int size)
      : detail::BatchNormLayer<T>(size, size, "batchnorm1d", {{"size", size}}, "batchnorm") {}
};

template <typename T>
class BatchNorm2DLayer final : public detail::BatchNormLayer<T> {
 public:
  BatchNorm2DLayer(int filters, int features)
      : detail::BatchNormLayer<T>(filters * features, filters, "batchnorm2d",
                                  {{"channels", filters}, {"features", features}}, "batchnorm2d"),
        num_filters(filters),
        num_features(features) {}

  const int num_filters, num_features;
};

}  // namespace inlay::INLAY_ISA::compat::rtneural
