/// ChannelNorm: base class of layers that normalise each frame by statistics of its channels.
#pragma once

#include <cstddef>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/core/repeat.hpp"
#include "inlay/layers/pointwise.hpp"
#include "inlay/math/accurate.hpp"
#include "inlay/math/square_root.hpp"

namespace inlay::INLAY_ISA::detail {

/// A sum over channels. Channel c is added to partial sum c modulo `B::width`, and the partial sums are folded in
/// halves. Both functions add in this order: with lanes across channels the partial sums are the lanes of a register,
/// with lanes across frames they are registers. So frames and tiles give the same bits.
///
/// `add(sum, x)` returns a register with a term of x added. Sums are opaque where they begin and where they are folded:
/// the compiler would fuse either of two products that are added, and not the same one in each copy of the code.
template <class B>
class ChannelSum {
  using T = typename B::scalar;
  static constexpr std::size_t width = B::width;
  using R = typename B::template Register<width>;

 public:
  /// The sum over the channels x[0], ..., x[count - 1] of a frame, in every lane.
  static INLAY_INLINE R of_frame(const T* x, std::size_t count, auto add) noexcept {
    R sums = compiler::opaque(B::template broadcast<width>(0));
    std::size_t c = 0;
    for (; c + width <= count; c += width) sums = add(sums, B::template load<width>(x + c));
    T each[width];
    B::store(each, sums);
    // One value at a time, in whole registers as well, which the compiler does not know to hold one number: so a
    // multiply-add is fused or not as it is elsewhere.
    const auto value = [](const T* p)
                           INLAY_INLINE_LAMBDA { return compiler::opaque(B::template broadcast<width>(*p)); };
    R parts[width];
    repeat<width>([&](std::size_t i) INLAY_INLINE_LAMBDA { parts[i] = value(each + i); });
    return folded<width>(parts, c, count, [&](std::size_t i) INLAY_INLINE_LAMBDA { return value(x + i); }, add);
  }

  /// The sums over the channels first, ..., first + count - 1 of the frames t, ..., t + width - 1 of a tile.
  static INLAY_INLINE R of_tile(Block<const T> x, std::size_t t, std::size_t first, std::size_t count,
                                auto add) noexcept {
    const auto row = [&](std::size_t c) INLAY_INLINE_LAMBDA { return B::template load<width>(x.row(first + c) + t); };
    R parts[width];
    repeat<width>([&](std::size_t i)
                      INLAY_INLINE_LAMBDA { parts[i] = compiler::opaque(B::template broadcast<width>(0)); });
    std::size_t c = 0;
    for (; c + width <= count; c += width)
      repeat<width>([&](std::size_t i) INLAY_INLINE_LAMBDA { parts[i] = add(parts[i], row(c + i)); });
    return folded<width>(parts, c, count, row, add);
  }

 private:
  /// Adds the channels from c on, less than `Parts` of them, and all partial sums.
  template <std::size_t Parts>
  static INLAY_INLINE R folded(R* parts, std::size_t c, std::size_t count, auto channel, auto add) noexcept {
    if constexpr (Parts == 1) {
      return parts[0];
    } else {
      constexpr std::size_t half = Parts / 2;
      repeat<half>([&](std::size_t i) INLAY_INLINE_LAMBDA {
        parts[i] = compiler::opaque(parts[i]) + compiler::opaque(parts[i + half]);
      });
      if (c + half <= count) {
        repeat<half>([&](std::size_t i) INLAY_INLINE_LAMBDA { parts[i] = add(parts[i], channel(c + i)); });
        c += half;
      }
      return folded<half>(parts, c, count, channel, add);
    }
  }
};

/// Base of a layer `L` that subtracts a mean and divides by a deviation: y = (x - mean) / sqrt(variance + epsilon)
/// gamma + beta. The statistics are those of the frame's channels, in `Groups` groups of neighbours. If not `Centred`,
/// the mean counts as zero, and there is no beta. The variance is computed from the differences to the mean, so nothing
/// cancels.
///
/// A layer with a state has a function `follow(state, mean, variance)`, which replaces the statistics of each frame, in
/// their order, by those that count.
///
/// In and out may be the same memory.
template <class L, std::size_t Size, std::size_t Groups, bool Centred, class B>
class ChannelNorm {
  static_assert(Groups == dynamic || Size == dynamic || Size % Groups == 0,
                "inlay: the number of groups must divide the number of channels");

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {};
  static constexpr std::size_t in_size = Size, out_size = Size;
  static constexpr std::size_t receptive_field = 1;
  static constexpr std::size_t parameters = Centred ? 2 * Size : Size, macs = 2 * Size;
  static constexpr bool in_place = true;
  /// Divisions and square roots of a frame, which wait for one another.
  static constexpr std::size_t quotients = Groups * (Centred ? 4 : 3);

  constexpr ChannelNorm() noexcept {
    if constexpr (Size != dynamic) gamma_.fill(1);
  }
  constexpr void visit(auto& v) {
    v.option("size", size_);
    if constexpr (Size == dynamic) gamma_.resize(size_), beta_.resize(size_);
    v.number("epsilon", epsilon);
    v.optional_tensor("gamma", gamma_, 1);
    if constexpr (Centred) v.optional_tensor("beta", beta_, 0);
  }
  constexpr LayerShape shape() const noexcept { return {.in = size_, .out = size_, .macs = 2 * size_}; }
  void reset(State&) const noexcept {}

  void forward(auto& state, const scalar* in, scalar* out) const noexcept {
    constexpr std::size_t width = B::width;
    const auto broadcast = [](scalar value) INLAY_INLINE_LAMBDA { return B::template broadcast<width>(value); };
    for (std::size_t first = 0; first < size_; first += channels()) {
      const scalar* x = in + first;
      scalar* y = out + first;
      scalar mean = 0;
      if constexpr (Centred) mean = first_lane(share(ChannelSum<B>::of_frame(x, channels(), Sum())));
      scalar variance = first_lane(share(ChannelSum<B>::of_frame(x, channels(), Squares{broadcast(mean)})));
      if constexpr (requires { layer().follow(state, mean, variance); }) layer().follow(state, mean, variance);
      const auto from = broadcast(mean), scale = inverse_deviation(broadcast(variance));
      std::size_t c = 0;
      for (; c + width <= channels(); c += width)
        B::store(y + c,
                 Channel(*this, LanesAcrossChannels<B, width>{first + c})(B::template load<width>(x + c), from, scale));
      if constexpr (width > 1)
        for (; c < channels(); ++c)
          y[c] = first_lane(Channel(*this, LanesAcrossFrames<B>{first + c})(broadcast(x[c]), from, scale));
    }
  }

  /// Statistics of the whole tile come first, so that the divisions of several registers of frames overlap.
  void process(auto& state, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    constexpr std::size_t width = B::width;
    alignas(alignment) scalar means[tile_frames]{}, variances[tile_frames];
    for (std::size_t first = 0; first < size_; first += channels()) {
      if constexpr (Centred)
        for (std::size_t t = 0; t < frames; t += width)
          B::store(means + t, share(ChannelSum<B>::of_tile(in, t, first, channels(), Sum())));
      for (std::size_t t = 0; t < frames; t += width) {
        const Squares squares{B::template load<width>(means + t)};
        B::store(variances + t, share(ChannelSum<B>::of_tile(in, t, first, channels(), squares)));
      }
      if constexpr (requires(scalar s) { layer().follow(state, s, s); })
        for (std::size_t t = 0; t < frames; ++t) layer().follow(state, means[t], variances[t]);
      std::size_t t = 0;
      for (; t + 4 * width <= frames; t += 4 * width) normalise<4>(in, out, first, t, means, variances);
      for (; t < frames; t += width) normalise<1>(in, out, first, t, means, variances);
    }
  }

  scalar epsilon = scalar(1e-5);

 protected:
  INLAY_NO_ADDRESS LayerExtent<Size> size_;
  INLAY_NO_ADDRESS Extent<Groups, struct OfGroups> groups_;

 private:
  using Register = typename B::template Register<B::width>;
  struct Sum {
    INLAY_INLINE Register operator()(Register sum, Register x) const noexcept { return sum + x; }
  };
  /// Squares of the differences from a mean.
  struct Squares {
    Register mean;
    INLAY_INLINE Register operator()(Register sum, Register x) const noexcept {
      if constexpr (Centred) x = x - mean;
      return B::fma(x, x, sum);
    }
  };

  constexpr auto channels() const noexcept {
    if constexpr (Groups == 1) return size_;
    else return size_ / groups_;
  }
  /// A sum over the channels, divided by their number. A product could be fused with what is computed from it, in tiles
  /// and not in frames.
  INLAY_INLINE Register share(Register sum) const noexcept {
    return math::divide<B>(sum, B::template broadcast<B::width>(static_cast<scalar>(std::size_t(channels()))));
  }
  static INLAY_INLINE scalar first_lane(Register x) noexcept {
    scalar lanes[B::width];
    B::store(lanes, x);
    return lanes[0];
  }

  INLAY_INLINE Register inverse_deviation(Register variance) const noexcept {
    const Register deviation = math::square_root<B>(variance + B::template broadcast<B::width>(epsilon));
    return math::divide<B>(B::template broadcast<B::width>(1), deviation);
  }
  /// Normalises a group of channels of `Count` registers of frames.
  template <std::size_t Count>
  INLAY_INLINE void normalise(Block<const scalar> in, Block<scalar> out, std::size_t first, std::size_t t,
                              const scalar* means, const scalar* variances) const noexcept {
    constexpr std::size_t width = B::width;
    Register mean[Count], scale[Count];
    repeat<Count>([&](std::size_t i) INLAY_INLINE_LAMBDA {
      mean[i] = B::template load<width>(means + t + i * width);
      scale[i] = inverse_deviation(B::template load<width>(variances + t + i * width));
    });
    for (std::size_t c = first; c < first + channels(); ++c) {
      const Channel channel(*this, LanesAcrossFrames<B>{c});
      const scalar* x = in.row(c) + t;
      scalar* y = out.row(c) + t;
      repeat<Count>([&](std::size_t i) INLAY_INLINE_LAMBDA {
        B::store(y + i * width, channel(B::template load<width>(x + i * width), mean[i], scale[i]));
      });
    }
  }
  /// gamma and beta of one channel, or of those of a register: what remains of the layer once the statistics are known.
  struct Channel {
    Register gamma, beta;
    INLAY_INLINE Channel(const ChannelNorm& norm, auto at) noexcept : gamma(at(norm.gamma_)) {
      if constexpr (Centred) beta = at(norm.beta_);
    }
    INLAY_INLINE Register operator()(Register x, Register mean, Register scale) const noexcept {
      if constexpr (Centred) return B::fma((x - mean) * scale, gamma, beta);
      else return x * scale * gamma;
    }
  };

  const L& layer() const noexcept { return static_cast<const L&>(*this); }

  PerChannel<B, Size> gamma_, beta_;
};

}  // namespace inlay::INLAY_ISA::detail
