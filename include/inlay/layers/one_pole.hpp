/// OnePole: exponential smoothing with a coefficient for rising and one for falling values.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/backend/loop.hpp"
#include "inlay/core/aligned_array.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/layers/pointwise.hpp"

namespace inlay::INLAY_ISA {

/// One-pole smoother, per channel: y(t) = a y(t-1) + (1 - a) x(t), with a = `rise` if x(t) > y(t-1), otherwise `fall`.
///
/// `Size` channels in and out. Tensors: `rise`, `fall` [Size], from 0, no smoothing, to below 1. Files with others are
/// refused. The coefficient of a time constant of T seconds is e^(-1 / (T sample_rate)). An envelope follower has its
/// attack as `rise` and its release as `fall`. A smoother of a compressor's gain, which falls when the signal rises,
/// has them the other way round. Equal coefficients make a linear filter.
///
/// In double precision, whatever the backend: in float, slow smoothing would stop before it reaches its target.
/// PyTorch: trained as inlay.torch.OnePole. Cost per frame: 2 Size multiply-accumulates. State: Size values.
template <std::size_t Size, Backend B = default_backend>
class OnePole {
  using D = LoopBackend<double>;
  using PerChannel = detail::PerChannel<D, Size>;

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {
    AlignedArray<double, Size> y;
  };
  static constexpr std::string_view type = "one_pole";
  static constexpr std::size_t in_size = Size, out_size = Size;
  static constexpr std::size_t receptive_field = unbounded;
  static constexpr std::size_t parameters = times<2, Size>, macs = times<2, Size>;
  static constexpr bool in_place = true;

  constexpr void visit(auto& v) {
    v.option("size", size_);
    if constexpr (Size == dynamic) rise_.resize(size_), fall_.resize(size_);
    v.tensor("rise", rise_);
    v.tensor("fall", fall_);
  }
  constexpr LayerShape shape() const noexcept {
    return {.in = size_, .out = size_, .past = unbounded, .macs = 2 * size_, .state = 2 * size_};
  }
  void resize(State& state) const
    requires(Size == dynamic)
  {
    state.y.resize(size_);
  }
  void reset(State& state) const noexcept { state.y.clear(); }

  INLAY_INLINE void forward(State& state, const scalar* in, scalar* out) const noexcept {
    for (std::size_t c = 0; c < size_; ++c)
      out[c] = static_cast<scalar>(state.y.data()[c] = step(state.y.data()[c], in[c], rise_.get(c), fall_.get(c)));
  }
  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    for (std::size_t c = 0; c < size_; ++c) {
      const double rise = rise_.get(c), fall = fall_.get(c);
      double y = state.y.data()[c];
      for (std::size_t t = 0; t < frames; ++t)
        out.row(c)[t] = static_cast<scalar>(y = step(y, in.row(c)[t], rise, fall));
      state.y.data()[c] = y;
    }
  }

 private:
  /// Computes both, so that a frame waits for one multiply-add and one choice only.
  static INLAY_INLINE double step(double y, double x, double rise, double fall) noexcept {
    const double risen = D::fma(rise, y, (1 - rise) * x), fallen = D::fma(fall, y, (1 - fall) * x);
    return D::if_less(y, x, risen, fallen);
  }

  INLAY_NO_ADDRESS LayerExtent<Size> size_;
  PerChannel rise_, fall_;
};

}  // namespace inlay::INLAY_ISA
