/// ChannelNorm: base class of layers that normalise each frame by statistics of its channels.
#pragma once

#include <cstddef>
#include <type_traits>

#include "inlay/core/block.hpp"
#include "inlay/core/channel_sum.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/core/pack.hpp"
#include "inlay/core/repeat.hpp"
#include "inlay/layers/pointwise.hpp"
#include "inlay/math/accurate.hpp"
#include "inlay/math/square_root.hpp"

namespace inlay::INLAY_ISA::detail {

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
    for (std::size_t first = 0; first < size_; first += channels()) {
      const scalar* x = in + first;
      scalar* y = out + first;
      scalar mean = 0;
      if constexpr (Centred) mean = share(ChannelSum<B>::of_frame(x, channels(), Sum()));
      scalar variance = share(ChannelSum<B>::of_frame(x, channels(), squares_from(mean)));
      if constexpr (requires { layer().follow(state, mean, variance); }) layer().follow(state, mean, variance);
      const scalar scale = first_lane(inverse_deviation(B::template broadcast<B::width>(variance)));
      const auto normalised = [&]<std::size_t Lanes>(auto values, auto at) INLAY_INLINE_LAMBDA {
        return Channel<Lanes>(*this, at)(values, B::template broadcast<Lanes>(mean),
                                         B::template broadcast<Lanes>(scale));
      };
      const auto normalise = [&]<std::size_t Lanes>(std::size_t c) INLAY_INLINE_LAMBDA {
        B::store(y + c, normalised.template operator()<Lanes>(B::template load<Lanes>(x + c),
                                                              LanesAcrossChannels<B, Lanes>{first + c}));
      };
      if constexpr (Groups == 1) {
        for_frame_registers<B>(size_, normalise);
      } else {  // what follows belongs to another group
        constexpr std::size_t width = B::width, half = B::lanes(width / 2);
        std::size_t c = 0;
        for (; c + width <= channels(); c += width) normalise.template operator()<width>(c);
        if constexpr (half < width)
          if (c + half <= channels()) normalise.template operator()<half>(c), c += half;
        if constexpr (width > 1)
          for (; c < channels(); ++c)
            y[c] = first_lane(normalised.template operator()<width>(B::template broadcast<width>(x[c]),
                                                                    LanesAcrossFrames<B>{first + c}));
      }
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
        const auto squares = squares_from(B::template load<width>(means + t));
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
    template <class R>
    INLAY_INLINE R operator()(R sum, R x) const noexcept {
      return sum + x;
    }
  };
  /// Squares of the differences from a mean: a number, or one for each lane.
  template <class Mean>
  struct Squares {
    Mean mean;
    template <class R>
    INLAY_INLINE R operator()(R sum, R x) const noexcept {
      if constexpr (Centred && std::is_same_v<Mean, scalar>) x = x - math::broadcast<B, R>(mean);
      else if constexpr (Centred) x = x - mean;
      return B::fma(x, x, sum);
    }
  };
  template <class Mean>
  static INLAY_INLINE Squares<Mean> squares_from(Mean mean) noexcept {
    return {mean};
  }

  constexpr auto channels() const noexcept {
    if constexpr (Groups == 1) return size_;
    else return size_ / groups_;
  }
  /// A sum over the channels, divided by their number. A product could be fused with what is computed from it, in tiles
  /// and not in frames.
  INLAY_INLINE Register share(Register sum) const noexcept {
    return math::divide<B>(sum, B::template broadcast<B::width>(static_cast<scalar>(std::size_t(channels()))));
  }
  INLAY_INLINE scalar share(scalar sum) const noexcept
    requires(B::width > 1)
  {
    return sum / static_cast<scalar>(std::size_t(channels()));
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
      const Channel<width> channel(*this, LanesAcrossFrames<B>{c});
      const scalar* x = in.row(c) + t;
      scalar* y = out.row(c) + t;
      repeat<Count>([&](std::size_t i) INLAY_INLINE_LAMBDA {
        B::store(y + i * width, channel(B::template load<width>(x + i * width), mean[i], scale[i]));
      });
    }
  }
  /// gamma and beta of one channel, or of those of a register: what remains of the layer once the statistics are known.
  template <std::size_t Lanes>
  struct Channel {
    using R = typename B::template Register<Lanes>;
    R gamma, beta;
    INLAY_INLINE Channel(const ChannelNorm& norm, auto at) noexcept : gamma(at(norm.gamma_)) {
      if constexpr (Centred) beta = at(norm.beta_);
    }
    INLAY_INLINE R operator()(R x, R mean, R scale) const noexcept {
      if constexpr (Centred) return B::fma((x - mean) * scale, gamma, beta);
      else return x * scale * gamma;
    }
  };

  const L& layer() const noexcept { return static_cast<const L&>(*this); }

  PerChannel<B, Size> gamma_, beta_;
};

}  // namespace inlay::INLAY_ISA::detail
