/// Gather: y_i = x_index[i].
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "inlay/backend/default.hpp"
#include "inlay/core/aligned_array.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/repeat.hpp"

namespace inlay::INLAY_ISA {

/// Takes channels by their numbers: y[i] = x[index[i]], or 0 where index[i] is -1. `In` channels in, `Out` out.
///
/// A channel may be taken several times or not at all. So it reorders (channel shuffle, another layout), repeats
/// (nearest-neighbour upsampling along features, broadcasting), pads with zeros, and unfolds.
///
/// Tensor: `index` [Out], whole numbers from -1 to In - 1; others are taken as -1. A file with others is refused.
///
/// PyTorch: x[..., index], torch.index_select. ONNX: Gather. Cost per frame: Out copies. No state.
template <std::size_t In, std::size_t Out, Backend B = default_backend>
class Gather {
  using T = typename B::scalar;

  /// The channel numbers, plus one: 0 is none.
  class Index {
   public:
    using value_type = T;
    void resize(std::size_t in, std::size_t out)
      requires(Out == dynamic)
    {
      in_.value = in, out_.value = out;
    }
    void allocate()
      requires(Out == dynamic)
    {
      numbers_.resize(out_);
    }
    constexpr std::array<std::size_t, 1> shape() const noexcept { return {out_}; }
    constexpr T get(std::size_t i) const noexcept { return static_cast<T>(numbers_.data()[i]) - 1; }
    constexpr void set(std::size_t i, T value) noexcept {
      const bool exists = value >= 0 && value < static_cast<T>(std::size_t{in_});
      numbers_.data()[i] = exists ? static_cast<std::uint32_t>(value) + 1 : 0;
    }
    INLAY_INLINE std::uint32_t operator[](std::size_t i) const noexcept { return numbers_.data()[i]; }

   private:
    INLAY_NO_ADDRESS Extent<In, struct OfIn> in_;
    INLAY_NO_ADDRESS Extent<Out, struct OfOut> out_;
    AlignedArray<std::uint32_t, Out> numbers_;
  };

 public:
  using backend = B;
  using scalar = T;
  struct State {};
  static constexpr std::string_view type = "gather";
  static constexpr std::size_t in_size = In, out_size = Out;
  static constexpr std::size_t receptive_field = 1;
  static constexpr std::size_t parameters = 0, macs = 0;

  constexpr void visit(auto& v) {
    v.option("in", ins_);
    v.option("out", outs_);
    if constexpr (Out == dynamic) index_.resize(ins_, outs_);
    v.tensor("index", index_);
  }
  constexpr LayerShape shape() const noexcept { return {.in = ins_, .out = outs_}; }
  void reset(State&) const noexcept {}

  constexpr void prepare() noexcept {
    all_exist_ = true;
    for (std::size_t i = 0; i < outs_; ++i) all_exist_ = all_exist_ && index_[i] != 0;
  }

  void forward(State&, const T* in, T* out) const noexcept {
    if (!all_exist_) {
      for (std::size_t i = 0; i < outs_; ++i) out[i] = index_[i] == 0 ? T(0) : in[index_[i] - 1];
      return;
    }
    std::size_t i = 0;
    for (; i + 4 <= outs_; i += 4) {  // by hand: compilers use the processor's gathers, which are slower
      T values[4];
      repeat<4>([&](std::size_t k) INLAY_INLINE_LAMBDA { values[k] = in[index_[i + k] - 1]; });
      copy(values, 4, out + i);
    }
    for (; i < outs_; ++i) out[i] = in[index_[i] - 1];
  }
  void process(State&, Block<const T> in, Block<T> out, std::size_t frames) const noexcept {
    for (std::size_t i = 0; i < outs_; ++i) {
      if (index_[i] == 0) std::fill_n(out.row(i), frames, T(0));
      else copy_row(in.row(index_[i] - 1), frames, out.row(i));
    }
  }

 private:
  INLAY_NO_ADDRESS Extent<In, struct OfIns> ins_;
  INLAY_NO_ADDRESS Extent<Out, struct OfOuts> outs_;
  Index index_;
  bool all_exist_ = false;  ///< none is -1, as in most
};

}  // namespace inlay::INLAY_ISA
