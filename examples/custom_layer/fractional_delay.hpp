/// FractionalDelay: y_c(t) = x_c(t - d_c). Delays each channel by a trained, fractional number of frames.
#pragma once

#include <algorithm>
#include <cstddef>
#include <inlay/engine.hpp>
#include <string_view>

/// Delays each of `Size` channels by its own time, from 0 to `Longest` frames, with linear interpolation. Examples are
/// echoes, comb filters and the travel time of sound to a second microphone. The cost is one multiply-add per channel
/// for any delay. A convolution would need `Longest` taps per pair of channels.
///
/// Tensor: `delay` [Size], in frames.
template <std::size_t Size, std::size_t Longest, inlay::Backend B = inlay::default_backend>
class FractionalDelay {
  static constexpr std::size_t lanes = B::lanes(Size);

 public:
  using backend = B;
  using scalar = typename B::scalar;
  struct State {
    inlay::History<scalar, Size, Longest + 1> history;  // interpolation reads one more frame
  };
  static constexpr std::string_view type = "fractional_delay";  // name of the type in files
  static constexpr std::size_t in_size = Size, out_size = Size;
  static constexpr std::size_t receptive_field = Longest + 2;  // the current frame, `Longest` frames, and one more
  static constexpr std::size_t parameters = Size;
  static constexpr std::size_t macs = Size;

  void visit(auto& v) {
    v.option("size", Size);
    v.option("longest", Longest);
    v.tensor("delay", delay_);
  }

  /// Splits delay = whole + fraction. Clips delays that are out of range, which would read beyond the history. A file
  /// with such a delay fails its check.
  void prepare() noexcept {
    for (std::size_t c = 0; c < Size; ++c) {
      const scalar delay = std::clamp(delay_.get(c), scalar(0), scalar(Longest));
      whole_[c] = static_cast<std::size_t>(delay);
      fraction_.set(c, delay - static_cast<scalar>(whole_[c]));
    }
  }

  void reset(State& state) const noexcept { state.history.clear(); }

  /// Lanes run across channels. The values are gathered first, because each channel has another delay. Both arrays are
  /// padded to whole registers, like every frame.
  void forward(State& state, const scalar* in, scalar* out) const noexcept {
    const auto x = state.history.push(in);
    constexpr std::size_t padded = inlay::padded_frame<scalar>(Size);
    alignas(inlay::alignment) scalar newer[padded]{}, older[padded]{};
    for (std::size_t c = 0; c < Size; ++c) {
      newer[c] = *x.at(c, whole_[c]);
      older[c] = *x.at(c, whole_[c] + 1);
    }
    for (std::size_t c = 0; c < Size; c += lanes)
      B::store(out + c, interpolate(B::template load<lanes>(newer + c), B::template load<lanes>(older + c),
                                    B::template load<lanes>(fraction_.data() + c)));
  }

  /// Lanes run across frames. A delayed channel is the same row at an earlier position.
  void process(State& state, inlay::Block<const scalar> in, inlay::Block<scalar> out,
               std::size_t frames) const noexcept {
    const auto x = state.history.push(in, frames);
    for (std::size_t c = 0; c < Size; ++c) {
      const scalar *newer = x.at(c, whole_[c]), *older = x.at(c, whole_[c] + 1);
      const auto fraction = B::template broadcast<B::width>(fraction_.get(c));
      for (std::size_t t = 0; t < frames; t += B::width)
        B::store(out.row(c) + t,
                 interpolate(B::template load<B::width>(newer + t), B::template load<B::width>(older + t), fraction));
    }
  }

 private:
  template <class R>
  static INLAY_INLINE R interpolate(R newer, R older, R fraction) noexcept {
    return B::fma(fraction, older - newer, newer);
  }

  inlay::Vector<B, Size> delay_, fraction_;
  std::size_t whole_[Size]{};
};

static_assert(inlay::Layer<FractionalDelay<4, 32>>);
