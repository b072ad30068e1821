/// Dense: fully connected layer, y = W x + b.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/choice.hpp"
#include "inlay/backend/default.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/frame_product.hpp"
#include "inlay/core/tensor.hpp"
#include "inlay/core/tile_product.hpp"

namespace inlay::INLAY_ISA {

/// Fully connected layer, applied to every frame: y[o] = bias[o] + sum over c of kernel[c][o] x[c].
///
/// Maps `In` to `Out` channels. Tensors: `kernel` [In, Out]; with `Bias` also `bias` [Out], optional in files.
///
/// PyTorch: Linear (weight transposed). Keras: Dense without activation. Cost per frame: In Out multiply-accumulates.
/// No state.
template <std::size_t In, std::size_t Out, bool Bias, Backend B>
class BasicDense {
  using Kernel = Matrix<B, In, Out>;

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {};
  static constexpr std::string_view type = "dense";
  static constexpr std::size_t in_size = In, out_size = Out;
  static constexpr std::size_t receptive_field = 1;
  static constexpr std::size_t macs = times<In, Out>, parameters = macs + (Bias ? Out : 0);

  constexpr void visit(auto& v) {
    v.option("in", in_);
    v.option("out", out_);
    if constexpr (Out == dynamic) resize();
    v.tensor("kernel", kernel_);
    if constexpr (Bias) v.optional_tensor("bias", bias_, 0);
  }
  constexpr LayerShape shape() const noexcept { return {.in = in_, .out = out_, .macs = in_ * out_}; }

  void reset(State&) const noexcept {}

  /// Computes one frame. `addend`, if not null, is a frame that is added to the output.
  INLAY_INLINE void forward(State&, const scalar* in, scalar* out, const scalar* addend = nullptr) const noexcept {
    multiply(in_, kernel_, bias_.data(), in, addend, out);
  }

  void process(State&, Block<const scalar> in, Block<scalar> out, std::size_t frames,
               const scalar* addend = nullptr) const noexcept {
    multiply(Extent<1>{}, in_, kernel_, bias_.data(), Window<scalar, Unbroken>{in.row(0), tile_frames, 1}, 0, addend,
             out, frames);
  }

  /// See `BasicConv1D::process_then`.
  void process_then(State&, Block<const scalar> in, Block<scalar> out, std::size_t frames, const auto& then,
                    auto... more) const noexcept
    requires(In != dynamic && detail::tiles_in_runs<B>)
  {
    detail::multiply_tile_in_runs(Extent<1>{}, untagged(in_), kernel_, bias_.data(),
                                  Window<scalar, Unbroken>{in.row(0), tile_frames, 1}, 0,
                                  static_cast<const scalar*>(nullptr), out, frames, then, more...);
  }

  const Kernel& kernel() const noexcept { return kernel_; }

 protected:
  void resize() {
    kernel_.resize(in_, out_);
    bias_.resize(out_);
  }

  INLAY_NO_ADDRESS LayerExtent<In> in_;
  INLAY_NO_ADDRESS LayerExtent<Out> out_;
  Kernel kernel_;
  Vector<B, Out> bias_;
};

/// Fully connected layer, y = W x + b. See `BasicDense`.
template <std::size_t In, std::size_t Out, Backend B = default_backend>
using Dense = BasicDense<In, Out, true, backend_for<B, Work::dense, Out>>;

/// Fully connected layer without bias, y = W x. See `BasicDense`.
template <std::size_t In, std::size_t Out, Backend B = default_backend>
using DenseNoBias = BasicDense<In, Out, false, backend_for<B, Work::dense, Out>>;

}  // namespace inlay::INLAY_ISA
