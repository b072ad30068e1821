/// OverlapBuffer: overlapping frames of a signal, and the sum of the frames that are made of them.
#pragma once

#include <algorithm>
#include <cstddef>

#include "inlay/core/aligned_array.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/padding.hpp"

namespace inlay::INLAY_ISA::detail {

/// Collects the last `In` samples of a signal, and adds up frames of `Out` samples, one for each `Hop` samples. With
/// sizes of `dynamic` (see core/dynamic.hpp), call `resize`.
template <class T, std::size_t In, std::size_t Out, std::size_t Hop>
class OverlapBuffer {
  static constexpr bool is_dynamic = In == dynamic;
  // Layers read and write whole registers.
  static constexpr std::size_t room(std::size_t samples) {
    return samples == dynamic ? dynamic : padded_frame<T>(samples);
  }

 public:
  void resize(std::size_t in, std::size_t out, std::size_t hop)
    requires(is_dynamic)
  {
    in_.value = in, out_.value = out, hop_.value = hop;
    input_.resize(room(in));
    sum_.resize(room(out));
  }
  void clear() noexcept {
    input_.clear();
    sum_.clear();
    position_ = 0;
  }

  /// Samples since the last one of a hop.
  std::size_t position() const noexcept { return position_; }

  /// Takes `frames` samples and gives as many, of which the first belongs to the input `Out` - 1 samples earlier.
  /// `in` and `out` may be the same memory. At the last sample of each hop, `compute(frame)` is called with the last
  /// `In` samples and returns the `Out` samples that are added.
  template <class F>
  void run(const T* in, T* out, std::size_t frames, F&& compute) noexcept {
    while (frames > 0) {
      const bool complete = position_ + 1 == hop_;
      const std::size_t count = complete ? 1 : std::min(hop_ - 1 - position_, frames);
      copy_row(in, count, input_.data() + in_ - hop_ + position_);
      if (complete) {
        add(compute(static_cast<const T*>(input_.data())));
        move_row(input_.data(), hop_, in_ - hop_);
      }
      // The sum starts at the sample that the last frame completed.
      position_ = complete ? 0 : position_ + 1;
      copy_row(sum_.data() + position_, count, out);
      position_ += count - 1;
      in += count, out += count, frames -= count;
    }
  }

 private:
  void add(const T* frame) noexcept {
    T* const sum = sum_.data();
    const std::size_t kept = out_ - hop_;
    move_row(sum, hop_, kept);
    for (std::size_t i = 0; i < kept; ++i) sum[i] += frame[i];
    copy_row(frame + kept, hop_, sum + kept);
  }

  INLAY_NO_ADDRESS Extent<In, struct OfIn> in_;
  INLAY_NO_ADDRESS Extent<Out, struct OfOut> out_;
  INLAY_NO_ADDRESS Extent<Hop, struct OfHop> hop_;
  AlignedArray<T, room(In)> input_;
  AlignedArray<T, room(Out)> sum_;
  std::size_t position_ = 0;  ///< samples since the last frame
};

}  // namespace inlay::INLAY_ISA::detail
