/// ConvTranspose1D: y(t Stride + p) = b + sum over r of W[p + r Stride] x(t - r), p = 0 .. Stride - 1.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "inlay/layers/conv1d.hpp"

namespace inlay {

namespace detail {

/// The causal convolution whose output channels are those of all `Stride` frames that one frame of input gives.
template <std::size_t In, std::size_t Out, std::size_t Kernel, std::size_t Stride, class B>
using Polyphase = BasicConv1D<In, Stride * Out, (Kernel + Stride - 1) / Stride, 1, 1, true, B>;

/// A kernel [Kernel, In, Out] as the one of `Polyphase`: row p + r Stride is what phase p has for x(t - r).
template <class Inner, std::size_t In, std::size_t Out, std::size_t Kernel, std::size_t Stride>
struct PolyphaseKernel {
  using value_type = typename Inner::value_type;
  static constexpr std::array<std::size_t, 3> shape() noexcept { return {Kernel, In, Out}; }
  value_type get(std::size_t i) const noexcept { return inner->get(place(i)); }
  void set(std::size_t i, value_type value) noexcept { inner->set(place(i), value); }
  Inner* inner;

 private:
  static constexpr std::size_t place(std::size_t i) noexcept {
    const std::size_t k = i / (In * Out), c = i / Out % In, o = i % Out;
    const std::size_t tap = (Kernel + Stride - 1) / Stride - 1 - k / Stride;
    return (tap * In + c) * Stride * Out + k % Stride * Out + o;
  }
};

/// One bias [Out] for all phases.
template <class Inner, std::size_t Out, std::size_t Stride>
struct PolyphaseBias {
  using value_type = typename Inner::value_type;
  static constexpr std::array<std::size_t, 1> shape() noexcept { return {Out}; }
  value_type get(std::size_t i) const noexcept { return inner->get(i); }
  void set(std::size_t i, value_type value) noexcept {
    for (std::size_t p = 0; p < Stride; ++p) inner->set(p * Out + i, value);
  }
  void fill(value_type value) noexcept {
    for (std::size_t i = 0; i < Out; ++i) set(i, value);
  }
  Inner* inner;
};

}  // namespace detail

/// Transposed convolution over time, which gives `Stride` frames for each (PyTorch ConvTranspose1d, Keras
/// Conv1DTranspose, without padding). The frames of the last inputs that a framework appends do not come.
///
/// Tensors: `kernel` [Kernel, In, Out], whose first row is the first to be heard, and, optionally, `bias` [Out].
template <std::size_t In, std::size_t Out, std::size_t Kernel, std::size_t Stride, Backend B = default_backend>
class ConvTranspose1D : detail::Polyphase<In, Out, Kernel, Stride, B> {
  using Inner = detail::Polyphase<In, Out, Kernel, Stride, B>;
  static_assert(Kernel > 0 && Stride > 0);

 public:
  using Inner::receptive_field;
  using Inner::reset;
  using typename Inner::backend;
  using typename Inner::scalar;
  using typename Inner::State;
  static constexpr std::string_view type = "conv_transpose1d";
  static constexpr std::size_t in_size = In, out_size = Out;
  static constexpr Rate rate{1, Stride};
  static constexpr std::size_t skip = 0;  // a framework has the first frames as well
  static constexpr std::size_t parameters = Kernel * In * Out + Out;
  static constexpr std::size_t macs = Kernel * In * Out;
  static constexpr std::size_t scratch_size = scratch_block<scalar>(scratch_tile<scalar>(Stride * Out));

  void visit(auto& v) {
    v.option("in", In);
    v.option("out", Out);
    v.option("kernel_size", Kernel);
    v.option("stride", Stride);
    detail::PolyphaseKernel<decltype(Inner::kernel_), In, Out, Kernel, Stride> kernel{&this->kernel_};
    detail::PolyphaseBias<decltype(Inner::bias_), Out, Stride> bias{&this->bias_};
    v.tensor("kernel", kernel);
    v.optional_tensor("bias", bias, 0);
  }

  std::size_t forward(State& state, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    Inner::forward(state, in, context.scratch);
    for (std::size_t p = 0; p < Stride; ++p) copy(context.scratch + p * Out, Out, out + p * padded_frame<scalar>(Out));
    return Stride;
  }

  std::size_t process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
                      Context<scalar> context) const noexcept {
    const Block<scalar> phases(context.scratch);
    Inner::process(state, in, phases, frames);
    for (std::size_t c = 0; c < Out; ++c)
      for (std::size_t p = 0; p < Stride; ++p) {
        const scalar* from = phases.row(p * Out + c);
        for (std::size_t t = 0; t < frames; ++t) out.row(c)[t * Stride + p] = from[t];
      }
    return frames * Stride;
  }
};

}  // namespace inlay
