/// RTNeural's recurrent layers. Included by rtneural.hpp.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "inlay/backend/default.hpp"
#include "inlay/compat/rtneural_any_size.hpp"
#include "inlay/compat/rtneural_layer.hpp"
#include "inlay/compat/rtneural_maths.hpp"
#include "inlay/compat/rtneural_settable.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/layers/gru.hpp"
#include "inlay/layers/lstm.hpp"
#include "inlay/layers/rate_corrected.hpp"

namespace inlay::INLAY_ISA::compat::rtneural {

/// How a recurrent layer's feedback is delayed at another sample rate than the trained one.
enum class SampleRateCorrectionMode { None, NoInterp, LinInterp };

namespace detail {

template <class Base>
class RecurrentSetters : public Base {
  using T = typename Base::scalar;

 public:
  using Base::Base;

  /// [in][gates * out]
  void setWVals(const Rows<T>& values) { this->set("setWVals", "kernel", values, {0, 1}); }
  /// [out][gates * out]
  void setUVals(const Rows<T>& values) { this->set("setUVals", "recurrent_kernel", values, {0, 1}); }
};

/// Gates in the order i, f, c, o.
template <class Base>
class LSTMSetters : public RecurrentSetters<Base> {
 public:
  using RecurrentSetters<Base>::RecurrentSetters;

  /// [4 * out]
  void setBVals(const std::vector<typename Base::scalar>& values) { this->set("setBVals", "bias", values); }
};

/// Gates in the order z, r, c.
template <class Base>
class GRUSetters : public RecurrentSetters<Base> {
 public:
  using RecurrentSetters<Base>::RecurrentSetters;

  /// [2][3 * out]: the biases of the input, then those of the state.
  void setBVals(const Rows<typename Base::scalar>& values) { this->set("setBVals", "bias", values, {0, 1}); }
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

/// Small layers of one channel in, the most frequent ones, are compiled for their size, for which the code of dynamic
/// sizes is much slower. The others share that code, which is compiled once.
template <class Fixed>
inline constexpr bool worth_compiling = Fixed::in_size == 1 && Fixed::out_size <= 16;

/// The layer for a mode.
template <class AnySize, class Fixed, SampleRateCorrectionMode Mode>
struct AtRate {
  using type = Corrected<Fixed, Mode == SampleRateCorrectionMode::NoInterp ? 0 : 1>;
};
template <class AnySize, class Fixed>
struct AtRate<AnySize, Fixed, SampleRateCorrectionMode::None> {
  using type = std::conditional_t<worth_compiling<Fixed>, Fixed, AnySize>;
};

}  // namespace detail

template <typename T, int in_sizet, int out_sizet, SampleRateCorrectionMode mode = SampleRateCorrectionMode::None,
          typename MathsProvider = DefaultMathsProvider>
class LSTMLayerT : public detail::LSTMSetters<detail::Settable<typename detail::AtRate<
                       detail::OfAnySize<LSTM<dynamic, dynamic, default_backend_for<T>>, in_sizet, out_sizet, 4, 1>,
                       LSTM<in_sizet, out_sizet, default_backend_for<T>>, mode>::type>>,
                   private detail::Provided<MathsProvider> {};

template <typename T, int in_sizet, int out_sizet, SampleRateCorrectionMode mode = SampleRateCorrectionMode::None,
          typename MathsProvider = DefaultMathsProvider>
class GRULayerT : public detail::GRUSetters<detail::Settable<typename detail::AtRate<
                      detail::OfAnySize<GRU<dynamic, dynamic, default_backend_for<T>>, in_sizet, out_sizet, 3, 2>,
                      GRU<in_sizet, out_sizet, default_backend_for<T>>, mode>::type>>,
                  private detail::Provided<MathsProvider> {};

template <typename T, typename MathsProvider = DefaultMathsProvider>
class LSTMLayer final : public detail::LSTMSetters<detail::RecordLayer<T>>, private detail::Provided<MathsProvider> {
 public:
  LSTMLayer(int in, int out)
      : detail::LSTMSetters<detail::RecordLayer<T>>(
            in, out, "lstm", {{"in", in}, {"out", out}, {"recurrent_activation", "sigmoid"}},
            {{"kernel", {in, 4 * out}}, {"recurrent_kernel", {out, 4 * out}}, {"bias", {4 * out}}}) {}
  LSTMLayer(std::initializer_list<int> sizes) : LSTMLayer(sizes.begin()[0], sizes.begin()[1]) {}
};

template <typename T, typename MathsProvider = DefaultMathsProvider>
class GRULayer final : public detail::GRUSetters<detail::RecordLayer<T>>, private detail::Provided<MathsProvider> {
  using Base = detail::GRUSetters<detail::RecordLayer<T>>;

 public:
  GRULayer(int in, int out)
      : Base(in, out, "gru", {{"in", in}, {"out", out}, {"recurrent_activation", "sigmoid"}, {"reset_after", true}},
             {{"kernel", {in, 3 * out}}, {"recurrent_kernel", {out, 3 * out}}, {"bias", {2, 3 * out}}}) {}
  GRULayer(std::initializer_list<int> sizes) : GRULayer(sizes.begin()[0], sizes.begin()[1]) {}

  using Base::setBVals, Base::setUVals, Base::setWVals;
  void setWVals(const T* const* values) { setWVals(detail::rows_of(values, this->in_size, columns())); }
  void setUVals(const T* const* values) { setUVals(detail::rows_of(values, this->out_size, columns())); }
  void setBVals(const T* const* values) { setBVals(detail::rows_of(values, 2, columns())); }
  T getWVal(int i, int k) const { return this->value("kernel", i, k); }
  T getUVal(int i, int k) const { return this->value("recurrent_kernel", i, k); }
  T getBVal(int i, int k) const { return this->value("bias", i, k); }

 private:
  std::size_t columns() const { return 3 * static_cast<std::size_t>(this->out_size); }
};

}  // namespace inlay::INLAY_ISA::compat::rtneural
