/// ConvTranspose1D: transposed convolution over time, upsampling by `Stride`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "inlay/core/compiler.hpp"
#include "inlay/layers/conv1d.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

/// Number of taps of each phase.
constexpr std::size_t polyphase_taps(std::size_t kernel, std::size_t stride) { return (kernel + stride - 1) / stride; }

/// The polyphase form: a causal convolution from `In` to Stride * Out channels, the channels of the `Stride` output
/// frames that one input frame gives.
template <std::size_t In, std::size_t Out, std::size_t Kernel, std::size_t Stride, class B>
struct ChoosePolyphase {
  using type = BasicConv1D<In, Stride * Out, polyphase_taps(Kernel, Stride), 1, 1, true, B>;
};
template <class B>
struct ChoosePolyphase<dynamic, dynamic, dynamic, dynamic, B> {
  using type = BasicConv1D<dynamic, dynamic, dynamic, dynamic, dynamic, true, B, dynamic>;
};
template <std::size_t In, std::size_t Out, std::size_t Kernel, std::size_t Stride, class B>
using Polyphase = typename ChoosePolyphase<In, Out, Kernel, Stride, B>::type;

/// View of the kernel of `Polyphase` as [Kernel, In, Out]: row p + r Stride is the weight of phase p for x(t - r).
template <class Inner>
struct PolyphaseKernel {
  using value_type = typename Inner::value_type;
  constexpr std::array<std::size_t, 3> shape() const noexcept { return {kernel, in, out}; }
  constexpr value_type get(std::size_t i) const noexcept { return inner->get(index(i)); }
  constexpr void set(std::size_t i, value_type value) noexcept { inner->set(index(i), value); }
  void allocate()
    requires requires(Inner& x) { x.allocate(); }
  {
    inner->allocate();
  }
  constexpr void clear_scales() noexcept
    requires requires(Inner& x) { x.clear_scales(); }
  {
    inner->clear_scales();
  }

  Inner* inner;
  std::size_t in, out, kernel, stride;

 private:
  constexpr std::size_t index(std::size_t i) const noexcept {
    const std::size_t k = i / (in * out), c = i / out % in, o = i % out;
    const std::size_t tap = polyphase_taps(kernel, stride) - 1 - k / stride;
    return (tap * in + c) * stride * out + k % stride * out + o;
  }
};

/// View of the bias of `Polyphase` as [Out]: one bias for all phases.
template <class Inner>
struct PolyphaseBias {
  using value_type = typename Inner::value_type;
  constexpr std::array<std::size_t, 1> shape() const noexcept { return {out}; }
  constexpr value_type get(std::size_t i) const noexcept { return inner->get(i); }
  constexpr void set(std::size_t i, value_type value) noexcept {
    for (std::size_t p = 0; p < stride; ++p) inner->set(p * out + i, value);
  }
  constexpr void fill(value_type value) noexcept {
    for (std::size_t i = 0; i < out; ++i) set(i, value);
  }
  void allocate()
    requires requires(Inner& x) { x.allocate(); }
  {
    inner->allocate();
  }

  Inner* inner;
  std::size_t out, stride;
};

}  // namespace detail

/// Transposed convolution over time, `In` to `Out` channels. Gives `Stride` output frames per input frame:
///
///     y(t Stride + p) = bias + sum over r of kernel[p + r Stride] x(t - r),  p = 0, ..., Stride - 1
///
/// Tensors: `kernel` [Kernel, In, Out], whose first row is the start of the impulse response; `bias` [Out], optional in
/// files.
///
/// PyTorch: ConvTranspose1d without padding (weight [In, Out, Kernel]). Keras: Conv1DTranspose with padding='valid'
/// (kernel [Kernel, Out, In]). Their outputs have Kernel - Stride more frames at the end, which are not computed here.
/// Cost per input frame: Kernel In Out multiply-accumulates. State: the last ceil(Kernel / Stride) - 1 frames.
template <std::size_t In, std::size_t Out, std::size_t Kernel, std::size_t Stride, Backend B = default_backend>
class ConvTranspose1D : detail::Polyphase<In, Out, Kernel, Stride, B> {
  using Inner = detail::Polyphase<In, Out, Kernel, Stride, B>;
  static constexpr bool is_dynamic = In == dynamic;
  static_assert(Kernel > 0 && Stride > 0);

 public:
  using typename Inner::backend;
  using typename Inner::scalar;
  struct State {
    typename Inner::State taps;
    AlignedArray<scalar, is_dynamic ? dynamic : 0> phases;  ///< replaces scratch memory for dynamic sizes
  };
  static constexpr std::string_view type = "conv_transpose1d";
  static constexpr std::size_t in_size = In, out_size = Out, receptive_field = Inner::receptive_field;
  static constexpr Rate rate{1, Stride};
  static constexpr std::size_t warmup_frames = 0;  // frameworks output the first frames, too
  static constexpr std::size_t parameters = Kernel * In * Out + Out;
  static constexpr std::size_t macs = Kernel * In * Out;
  static constexpr std::size_t scratch_size =
      is_dynamic ? 0 : scratch_block<scalar>(scratch_tile<scalar>(Stride * Out));

  constexpr void visit(auto& v) {
    v.option("in", this->in_);
    v.option("out", outs_);
    v.option("kernel_size", kernel_size_);
    v.option("stride", upsampling_);
    if constexpr (is_dynamic)
      Inner::resize(this->in_, upsampling_ * outs_, detail::polyphase_taps(kernel_size_, upsampling_));
    detail::PolyphaseKernel<decltype(Inner::kernel_)> kernel{&this->kernel_, this->in_, outs_, kernel_size_,
                                                             upsampling_};
    detail::PolyphaseBias<decltype(Inner::bias_)> bias{&this->bias_, outs_, upsampling_};
    v.tensor("kernel", kernel);
    v.optional_tensor("bias", bias, 0);
  }
  constexpr LayerShape shape() const noexcept {
    return {.in = this->in_,
            .out = outs_,
            .past = (kernel_size_ - 1) / upsampling_,
            .rate = {1, upsampling_},
            .macs = bounded(std::uint64_t{kernel_size_} * this->in_ * outs_),
            .state = bounded(std::uint64_t{upsampling_} * outs_ * tile_frames)};
  }

  void resize(State& state) const
    requires(is_dynamic)
  {
    Inner::resize(state.taps);
    state.phases.resize(scratch_tile<scalar>(upsampling_ * outs_));
  }
  void reset(State& state) const noexcept { Inner::reset(state.taps); }

  std::size_t forward(State& state, const scalar* in, scalar* out, Context<scalar> context) const noexcept {
    scalar* const y = phases(state, context);
    Inner::forward(state.taps, in, y);
    for (std::size_t p = 0; p < upsampling_; ++p) copy(y + p * outs_, outs_, out + p * padded_frame<scalar>(outs_));
    return upsampling_;
  }

  std::size_t process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames,
                      Context<scalar> context) const noexcept {
    const Block<scalar> y(phases(state, context));
    Inner::process(state.taps, in, y, frames);
    for (std::size_t c = 0; c < outs_; ++c)
      for (std::size_t p = 0; p < upsampling_; ++p) {
        const scalar* from = y.row(p * outs_ + c);
        for (std::size_t t = 0; t < frames; ++t) out.row(c)[t * upsampling_ + p] = from[t];
      }
    return frames * upsampling_;
  }

 private:
  static scalar* phases([[maybe_unused]] State& state, const Context<scalar>& context) noexcept {
    if constexpr (is_dynamic) return state.phases.data();
    else return context.scratch;
  }

  INLAY_NO_ADDRESS Extent<Out, struct OfOuts> outs_;
  INLAY_NO_ADDRESS Extent<Kernel, struct OfKernel> kernel_size_;
  INLAY_NO_ADDRESS Extent<Stride, struct OfStride> upsampling_;
};

}  // namespace inlay::INLAY_ISA
