/// PanelConv1D: a Conv1D of dynamic sizes that computes a frame in one call and can include a Dense of the side
/// channels.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/dynamic.hpp"
#include "inlay/core/epilogue.hpp"
#include "inlay/core/frame_product.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/matrix.hpp"
#include "inlay/core/tensor.hpp"
#include "inlay/core/tile_product.hpp"
#include "inlay/layers/conv1d.hpp"
#include "inlay/run_time/kernels/one_panel.hpp"
#include "inlay/run_time/kernels/panel_dense.hpp"

namespace inlay::INLAY_ISA::kernels {

/// For frames, all groups and the side channels of a WaveNet layer are one product. Weights between different groups
/// are zero, so a NaN in one group reaches all groups. The columns of the side channels come first: side channels are
/// available early, so their sum overlaps with the wait for the input. For tiles, each group is a product.
template <class B>
class PanelConv1D : public BasicConv1D<dynamic, dynamic, dynamic, dynamic, dynamic, true, B, dynamic> {
  using Base = BasicConv1D<dynamic, dynamic, dynamic, dynamic, dynamic, true, B, dynamic>;
  using Weights = Matrix<B, dynamic, dynamic>;
  using T = typename B::scalar;
  using Taps = inlay::detail::TapsInput<dynamic, dynamic, T, Ring>;
  using Side = inlay::detail::FrameInput<dynamic, T>;

  /// The file's tensor `kernel`, [Kernel, In / Groups, Out]; writes to every layout in use.
  struct KernelTensor {
    using value_type = T;
    std::array<std::size_t, 3> shape() const noexcept { return {conv->taps_, conv->ins_, conv->out_}; }
    T get(std::size_t i) const noexcept {
      return conv->has_whole() ? conv->whole_.get(conv->index_in_whole(i)) : conv->kernel_.get(i);
    }
    void set(std::size_t i, T value) noexcept {
      if (conv->has_whole()) conv->whole_.set(conv->index_in_whole(i), value);
      if (conv->has_groups()) conv->kernel_.set(i, value);
    }
    void allocate() {
      if (conv->has_whole()) conv->whole_.allocate();
      if (conv->has_groups()) conv->kernel_.allocate();
    }
    void clear_scales() noexcept
      requires(Weights::scaled)
    {
      if (conv->has_whole()) conv->whole_.clear_scales();
      if (conv->has_groups()) conv->kernel_.clear_scales();
    }
    PanelConv1D* conv;
  };
  /// The file's tensor `bias`, [Out]; writes to every layout in use.
  struct BiasTensor {
    using value_type = T;
    std::array<std::size_t, 1> shape() const noexcept { return {conv->out_}; }
    T get(std::size_t i) const noexcept { return conv->bias_.get(i); }
    void set(std::size_t i, T value) noexcept {
      conv->bias_.set(i, value);
      if (conv->has_whole()) conv->whole_bias_.set(i, value);
    }
    void fill(T value) noexcept {
      for (std::size_t i = 0; i < conv->out_; ++i) set(i, value);
    }
    void allocate() {
      conv->bias_.allocate();
      if (conv->has_whole()) conv->whole_bias_.allocate();
    }
    PanelConv1D* conv;
  };
  /// The tensors of the Dense of the side channels: `kernel` [In, Out] is stored in the first columns, `bias` is added
  /// to the convolution's bias.
  struct SideKernel {
    using value_type = T;
    std::array<std::size_t, 2> shape() const noexcept { return {conv->side_, conv->out_}; }
    T get(std::size_t i) const noexcept { return conv->whole_.get(i); }
    void set(std::size_t i, T value) noexcept { conv->whole_.set(i, value); }
    PanelConv1D* conv;
  };
  struct SideBias {
    using value_type = T;
    std::array<std::size_t, 1> shape() const noexcept { return {conv->out_}; }
    T get(std::size_t i) const noexcept { return conv->whole_bias_.get(i); }
    void set(std::size_t i, T value) noexcept { conv->whole_bias_.set(i, conv->whole_bias_.get(i) + value); }
    static void fill(T) noexcept {}
    PanelConv1D* conv;
  };
  struct SideDense {
    void visit(auto& v) {
      v.option("in", conv->side_);
      v.option("out", conv->out_);
      SideKernel kernel{conv};
      SideBias bias{conv};
      v.tensor("kernel", kernel);
      v.optional_tensor("bias", bias, 0);
    }
    PanelConv1D* conv;
  };

 public:
  using typename Base::State;
  /// The layer that `fuse_condition` takes.
  using ConditionDense = PanelDense<B>;

  void visit(auto& v) {
    Base::visit_options(v);
    choose_panel();
    KernelTensor kernel{this};
    BiasTensor bias{this};
    v.tensor("kernel", kernel);
    v.optional_tensor("bias", bias, 0);
  }
  /// Fuses a Dense of the condition: the output becomes the sum of both. Must be called before the weights are loaded.
  /// Returns false if not supported: with integer weights both kernels would have to share their scales.
  bool fuse_condition(const ConditionDense& dense) noexcept {
    if (Weights::scaled || !has_whole() || has_groups() || side_ > 0) return false;
    side_.value = dense.shape().in;
    choose_panel();
    return true;
  }
  /// Returns the object that loads the weights of the fused Dense. Load the convolution's own weights first.
  SideDense condition_dense() noexcept { return {this}; }
  /// Fuses an epilogue into `forward`. `process` does not apply it. Returns false if not supported.
  bool fuse_epilogue(const Epilogue<B>& epilogue) noexcept
    requires(B::width > 1)
  {
    return panel_.fuse_epilogue(epilogue);
  }

  INLAY_INLINE std::size_t forward(State& state, const T* in, T* out, Context<T> context,
                                   const T* addend = nullptr) const noexcept {
    if (!panel_.forward) return forward_panels(state, in, out, addend);
    panel_.forward(*this, state, in, context.condition, addend, out);
    return 1;
  }
  std::size_t process(State& state, Block<const T> in, Block<T> out, std::size_t frames, Context<T> context,
                      const T* addend = nullptr) const noexcept {
    if (has_groups()) return Base::process(state, in, out, frames, addend);
    const Block<const T> beside = side_ > 0 ? Block<const T>(context.condition) : in;  // no null pointer
    const inlay::detail::TileInput<T> side{side_, beside};
    const Window<T> x = state.history.push(in, frames);
    multiply(this->taps_, this->in_, whole_, whole_bias_.data(), x, this->dilation_, addend, out, frames, side);
    return frames;
  }

 private:
  /// Return whether the weights are stored as one product for all groups, and as one product per group.
  bool has_whole() const noexcept { return panel_.forward; }
  bool has_groups() const noexcept { return !has_whole() || this->groups_ > 1; }

  /// Selects the frame kernel from the sizes.
  void choose_panel() noexcept {
    whole_.resize(side_ + this->taps_ * this->in_, this->out_);
    whole_bias_.resize(this->out_);
    const std::size_t height = whole_.only_height();
    if (this->stride_ != 1 || height == 0 || !is_fast_as_one()) return;
    constexpr auto plain = []<std::size_t Height>() { return &PanelConv1D::forward_panel<Height>; };
    constexpr auto sided = []<std::size_t Height>() { return &PanelConv1D::forward_sided_panel<Height>; };
    panel_.forward = side_ > 0 ? Weights::for_height(sided, height) : Weights::for_height(plain, height);
  }
  /// Returns whether one product for all groups is at least as fast as one per group: it has more multiply-adds, but
  /// fewer calls.
  bool is_fast_as_one() const noexcept {
    constexpr std::size_t call = 24;  // cost of a call, in columns of one register
    const auto registers = [](std::size_t rows) { return (rows + B::width - 1) / B::width; };
    return this->taps_ * this->in_ * (registers(this->out_) - registers(this->outs_)) <= call * (this->groups_ - 1);
  }
  /// Returns the index of value `i` of the file's kernel in the product for all groups.
  std::size_t index_in_whole(std::size_t i) const noexcept {
    const std::size_t row = i / this->out_, o = i % this->out_, tap = row / this->ins_;
    const std::size_t channel = o / this->outs_ * this->ins_ + row % this->ins_;
    return (side_ + tap * this->in_ + channel) * this->out_ + o;
  }

  // Not inlined: this rare path would make the common path save registers.
  INLAY_NOINLINE std::size_t forward_panels(State& state, const T* in, T* out, const T* addend) const noexcept {
    return Base::forward(state, in, out, addend);
  }
  template <std::size_t Height>
  static INLAY_NOINLINE void forward_panel(const PanelConv1D& conv, State& state, const T* in, const T*,
                                           const T* addend, T* out) noexcept {
    conv.template multiply_by<Height>(conv.push(state, in), addend, out);
  }
  /// `addend` is always null: a step with a fused condition has no other addend.
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

}  // namespace inlay::INLAY_ISA::kernels
