/// PanelConv1D: a Conv1D of open sizes, whose frames are one call, and to which a Dense of side channels may be added.
#pragma once

#include <cassert>
#include <cstddef>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/dynamic.hpp"
#include "inlay/core/epilogue.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/matrix.hpp"
#include "inlay/core/product.hpp"
#include "inlay/core/tensor.hpp"
#include "inlay/layers/conv1d.hpp"
#include "inlay/run_time/one_panel.hpp"
#include "inlay/run_time/panel_dense.hpp"

namespace inlay::INLAY_ISA::run_time {

/// One product for all groups, with zeros where an output does not see an input (but a NaN in one reaches all), and for
/// the side channels of a WaveNet's layer, whose columns come first: they are there early, and are summed while others
/// wait for the input. Tiles have a product for each group.
template <class B>
class PanelConv1D : public BasicConv1D<dynamic, dynamic, dynamic, dynamic, dynamic, true, B, dynamic> {
  using Base = BasicConv1D<dynamic, dynamic, dynamic, dynamic, dynamic, true, B, dynamic>;
  using Weights = Matrix<B, dynamic, dynamic>;
  using T = typename B::scalar;
  using Taps = inlay::detail::TapsInput<dynamic, dynamic, T>;
  using Side = inlay::detail::FrameInput<dynamic, T>;

 public:
  using typename Base::State;

  /// After the weights have come.
  void prepare() {
    whole_.fit(this->taps_ * this->in_, this->out_);
    constexpr auto of_height = []<std::size_t Height>() { return &PanelConv1D::forward_panel<Height>; };
    const std::size_t height = whole_.only_height();
    if (this->stride_ != 1 || height == 0 || !is_fast_as_one()) return;
    panel_.forward = Weights::for_height(of_height, height);
    whole_.allocate();
    whole_bias_.fit(this->out_);
    whole_bias_.allocate();
    const std::size_t outs = this->outs_;
    for (std::size_t row = 0; row < this->taps_ * this->ins_; ++row)
      for (std::size_t o = 0; o < this->out_; ++o) {
        const std::size_t tap = row / this->ins_, c = o / outs * this->ins_ + row % this->ins_;
        whole_.set((tap * this->in_ + c) * this->out_ + o, this->kernel_.get(row * this->out_ + o));
      }
    for (std::size_t o = 0; o < this->out_; ++o) whole_bias_.set(o, this->bias_.get(o));
    if (this->groups_ == 1) this->kernel_.clear();
  }
  /// Makes the sum of its output and a Dense of the condition what it gives, if it can.
  bool add(const PanelDense<B>& dense) {
    if (!panel_.forward || this->groups_ != 1 || side_ > 0) return false;
    const Weights taps = whole_;
    const std::size_t before = size_of(dense.kernel());
    side_.value = dense.kernel().cols();
    whole_.fit(side_ + taps.cols(), taps.rows());
    whole_.allocate();
    for (std::size_t i = 0; i < before; ++i) whole_.set(i, dense.kernel().get(i));
    for (std::size_t i = 0; i < size_of(taps); ++i) whole_.set(before + i, taps.get(i));
    for (std::size_t o = 0; o < this->out_; ++o) whole_bias_.set(o, whole_bias_.get(o) + dense.bias().get(o));
    constexpr auto of_height = []<std::size_t Height>() { return &PanelConv1D::forward_sided_panel<Height>; };
    panel_.forward = Weights::for_height(of_height, whole_.only_height());
    return true;
  }
  /// Makes an epilogue part of `forward`, if it can; that of a tile has to follow `process`.
  bool then(const Epilogue<B>& epilogue) noexcept
    requires(B::width > 1)
  {
    return panel_.then(epilogue);
  }

  INLAY_INLINE std::size_t forward(State& state, const T* in, T* out, Context<T> context,
                                   const T* addend = nullptr) const noexcept {
    if (!panel_.forward) return forward_panels(state, in, out, addend);
    panel_.forward(*this, state, in, context.condition, addend, out);
    return 1;
  }
  std::size_t process(State& state, Block<const T> in, Block<T> out, std::size_t frames, Context<T> context,
                      const T* addend = nullptr) const noexcept {
    if (!panel_.forward || this->groups_ > 1) return Base::process(state, in, out, frames, addend);
    const inlay::detail::TileInput<T> side{side_, Block<const T>(context.condition)};
    const Window<T> x = state.history.push(in, frames);
    multiply(this->taps_, this->in_, whole_, whole_bias_.data(), x, this->dilation_, addend, out, frames, side);
    return frames;
  }

 private:
  /// Whether one product takes no longer than one for each group: more multiply-adds, but fewer calls.
  bool is_fast_as_one() const noexcept {
    constexpr std::size_t call = 24;  // columns take as long
    const auto registers = [](std::size_t rows) { return (rows + B::width - 1) / B::width; };
    return this->taps_ * this->in_ * (registers(this->out_) - registers(this->outs_)) <= call * (this->groups_ - 1);
  }

  // Not inline: what is rare would save registers for what is not.
  INLAY_NOINLINE std::size_t forward_panels(State& state, const T* in, T* out, const T* addend) const noexcept {
    return Base::forward(state, in, out, addend);
  }
  template <std::size_t Height>
  static INLAY_NOINLINE void forward_panel(const PanelConv1D& conv, State& state, const T* in, const T*,
                                           const T* addend, T* out) noexcept {
    conv.template multiply_by<Height>(conv.push(state, in), addend, out);
  }
  /// A step that adds one product adds nothing else.
  template <std::size_t Height>
  static INLAY_NOINLINE void forward_sided_panel(const PanelConv1D& conv, State& state, const T* in, const T* side,
                                                 [[maybe_unused]] const T* addend, T* out) noexcept {
    assert(addend == nullptr);
    const inlay::detail::BothInputs<Side, Taps> both{{{conv.side_}, side}, conv.push(state, in)};
    conv.template multiply_by<Height>(both, nullptr, out);
  }
  template <std::size_t Height>
  INLAY_INLINE void multiply_by(const auto& in, const T* addend, T* out) const noexcept {
    inlay::detail::multiply_panel<Height, Weights>(whole_.column(0, Height, 0), whole_bias_.data(), in, addend, out,
                                                   panel_.epilogue);
  }
  INLAY_INLINE Taps push(State& state, const T* in) const noexcept {
    const Window<T> x = state.history.push(in);
    return inlay::detail::taps_of(this->taps_, this->in_, x, this->dilation_, in, 1);
  }

  Weights whole_;
  Vector<B, dynamic> whole_bias_;
  Extent<dynamic> side_;
  OnePanel<B, void(const PanelConv1D&, State&, const T*, const T*, const T*, T*) noexcept> panel_;
};

}  // namespace inlay::INLAY_ISA::run_time
