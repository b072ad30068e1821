/// RTNeural's convolutions over time. Included by rtneural.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <vector>

#include "inlay/backend/default.hpp"
#include "inlay/compat/rtneural_layer.hpp"
#include "inlay/compat/rtneural_settable.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/padding.hpp"
#include "inlay/layers/conv1d.hpp"

namespace inlay::INLAY_ISA::compat::rtneural {

namespace detail {

template <class Base>
class Conv1DSetters : public Base {
  using T = typename Base::scalar;

 public:
  using Base::Base;

  /// [out][in / groups][kernel], the first of a kernel multiplying the present frame.
  void setWeights(Planes<T> weights) {
    reverse_kernels(weights);
    this->set("setWeights", "kernel", weights, {2, 1, 0});
  }
  /// [out]
  void setBias(const std::vector<T>& bias) { this->set("setBias", "bias", bias); }
};

/// A convolution that can take a frame whose output nobody needs.
template <class Conv>
class Skipping : public Conv {
 public:
  void skip(typename Conv::State& state, const typename Conv::scalar* in) const noexcept { state.history.push(in); }
};

/// A convolution that computes one frame of `Stride`, and repeats it until the next one.
template <class Conv, std::size_t Stride>
class Held : public Skipping<Conv> {
  using T = typename Conv::scalar;

 public:
  struct State {
    typename Conv::State conv;
    std::size_t phase = 0;
    alignas(alignment) T held[padded_frame<T>(Conv::out_size)]{};
  };
  static constexpr std::size_t receptive_field = Conv::receptive_field + Stride - 1;
  static constexpr std::size_t macs = Conv::macs / Stride;

  void reset(State& state) const noexcept {
    Conv::reset(state.conv);
    state.phase = 0;
    std::fill(std::begin(state.held), std::end(state.held), T{});
  }
  void skip(State& state, const T* in) const noexcept { Skipping<Conv>::skip(state.conv, in); }
  void forward(State& state, const T* in, T* out) const noexcept { std::copy_n(step(state, in), Conv::out_size, out); }
  void process(State& state, Block<const T> in, Block<T> out, std::size_t frames) const noexcept {
    alignas(alignment) T x[padded_frame<T>(Conv::in_size)]{};
    for (std::size_t t = 0; t < frames; ++t) {
      for (std::size_t c = 0; c < Conv::in_size; ++c) x[c] = in.row(c)[t];
      const T* const y = step(state, x);
      for (std::size_t c = 0; c < Conv::out_size; ++c) out.row(c)[t] = y[c];
    }
  }

 private:
  const T* step(State& state, const T* in) const noexcept {
    if (state.phase == 0) Conv::forward(state.conv, in, state.held);
    else skip(state, in);
    if (++state.phase == Stride) state.phase = 0;
    return state.held;
  }
};

/// What both types of convolutions have in common.
template <class L, int Kernel, int Dilation, int Groups>
class Conv1DType : public Conv1DSetters<Settable<L>> {
 public:
  static constexpr int filters_per_group = int{L::in_size} / Groups, channels_per_group = int{L::out_size} / Groups;

  int getKernelSize() const noexcept { return Kernel; }
  int getDilationRate() const noexcept { return Dilation; }
  int getGroups() const noexcept { return Groups; }

  using L::skip;
  /// Takes a frame whose output nobody needs, without a model.
  void skip(const typename L::scalar (&ins)[L::in_size]) noexcept { this->alone_.skip(*this, ins); }
};

template <typename T, int In, int Out, int Kernel, int Dilation, int Groups>
using Conv1DOf = inlay::Conv1D<In, Out, Kernel, Dilation, Groups, default_backend_for<T>>;

}  // namespace detail

/// `dynamic_state` means nothing here: the history is part of the model's state.
template <typename T, int in_sizet, int out_sizet, int kernel_size, int dilation_rate, int groups = 1,
          bool dynamic_state = false>
class Conv1DT : public detail::Conv1DType<
                    detail::Skipping<detail::Conv1DOf<T, in_sizet, out_sizet, kernel_size, dilation_rate, groups>>,
                    kernel_size, dilation_rate, groups> {};

/// A convolution that computes one frame of `stride`, and repeats it until the next one.
template <typename T, int in_sizet, int out_sizet, int kernel_size, int dilation_rate, int stride, int groups = 1,
          bool dynamic_state = false>
class StridedConv1DT
    : public detail::Conv1DType<
          detail::Held<detail::Conv1DOf<T, in_sizet, out_sizet, kernel_size, dilation_rate, groups>, stride>,
          kernel_size, dilation_rate, groups> {
 public:
  std::string getName() const { return "strided_conv1d"; }
};

template <typename T>
class Conv1D final : public detail::Conv1DSetters<detail::RecordLayer<T>> {
 public:
  Conv1D(int in, int out, int kernel, int dilation, int group_count = 1)
      : detail::Conv1DSetters<detail::RecordLayer<T>>(
            in, out, "conv1d",
            {{"in", in}, {"out", out}, {"kernel_size", kernel}, {"dilation", dilation}, {"groups", group_count}},
            {{"kernel", {kernel, in / group_count, out}}, {"bias", {out}}}),
        dilation_rate(dilation),
        kernel_size(kernel),
        groups(group_count),
        skipped_(static_cast<std::size_t>(out)) {}
  Conv1D(std::initializer_list<int> sizes)
      : Conv1D(sizes.begin()[0], sizes.begin()[1], sizes.begin()[2], sizes.begin()[3], sizes.begin()[4]) {}

  /// Takes a frame whose output nobody needs.
  void skip(const T* input) noexcept { this->forward(input, skipped_.data()); }

  int getKernelSize() const noexcept { return kernel_size; }
  int getDilationRate() const noexcept { return dilation_rate; }
  int getGroups() const noexcept { return groups; }

  const int dilation_rate, kernel_size, groups;

 private:
  std::vector<T> skipped_;
};

/// A convolution that computes one frame of `stride`, and repeats it until the next one.
template <typename T>
class StridedConv1D final : public Layer<T> {
 public:
  StridedConv1D(int in, int out, int kernel, int dilation, int stride, int group_count = 1)
      : Layer<T>(in, out),
        conv_(in, out, kernel, dilation, group_count),
        stride_(stride),
        last_(static_cast<std::size_t>(out)) {}
  StridedConv1D(std::initializer_list<int> sizes)
      : StridedConv1D(sizes.begin()[0], sizes.begin()[1], sizes.begin()[2], sizes.begin()[3], sizes.begin()[4],
                      sizes.begin()[5]) {}

  std::string getName() const noexcept override { return "strided_conv1d"; }
  void reset() override {
    phase_ = 0;
    std::fill(last_.begin(), last_.end(), T{});
    conv_.reset();
  }
  void skip(const T* input) noexcept { conv_.skip(input); }
  void forward(const T* input, T* out) noexcept override {
    if (phase_ == 0) conv_.forward(input, last_.data());
    else conv_.skip(input);
    std::copy(last_.begin(), last_.end(), out);
    phase_ = phase_ + 1 == stride_ ? 0 : phase_ + 1;
  }

  void setWeights(const detail::Planes<T>& weights) { conv_.setWeights(weights); }
  void setBias(const std::vector<T>& bias) { conv_.setBias(bias); }
  int getKernelSize() const noexcept { return conv_.getKernelSize(); }
  int getDilationRate() const noexcept { return conv_.getDilationRate(); }
  int getGroups() const noexcept { return conv_.getGroups(); }

 private:
  Conv1D<T> conv_;
  int stride_, phase_ = 0;
  std::vector<T> last_;
};

}  // namespace inlay::INLAY_ISA::compat::rtneural
