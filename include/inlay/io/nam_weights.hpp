/// The weights of a .nam file: one flat list that the layers consume in order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "inlay/io/make_record.hpp"

namespace inlay::io::detail {

/// Reads the list in order. If it is too short, tensors have no values, nothing is allocated for them, and `finish`
/// throws: only then is the expected number of weights known.
class NamWeights {
 public:
  explicit NamWeights(const JsonCursor& list) : list_(list) {
    values_.reserve(list.size());
    for (std::size_t i = 0; i < list.size(); ++i)
      values_.push_back(static_cast<double>(static_cast<float>(list[i].in_float_range())));
  }

  /// Number of weights in the list.
  std::size_t size() const noexcept { return values_.size(); }
  /// Returns whether more numbers were requested than the list has. Records record from then on are not used.
  bool ran_out() const noexcept { return next_ > size(); }

  /// Consumes one number.
  double number() {
    const std::size_t index = take(1);
    return index < size() ? values_[index] : 0;
  }

  TensorRecord vector(std::size_t size) { return vector(size, size); }
  /// Consumes `full` numbers and returns the first `size` of them as a vector.
  TensorRecord vector(std::size_t size, std::size_t full) { return tensor(take(full), 0, {{size, 1}}); }

  /// An axis of a tensor: its extent, and the distance in the list of two numbers that are neighbours on it.
  struct Axis {
    std::size_t extent, stride;
  };
  /// Makes a tensor of the numbers from `first` on. Its own first value is number first + offset.
  TensorRecord tensor(std::size_t first, std::size_t offset, std::initializer_list<Axis> axes) const {
    TensorRecord record = make_tensor(place(first), {});
    std::size_t count = 1;
    for (const Axis& axis : axes) {
      record.shape.push_back(axis.extent);
      count *= axis.extent;
    }
    if (ran_out()) return record;
    record.values.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t index = first + offset, rest = i;
      for (auto axis = axes.end(); axis-- != axes.begin(); rest /= axis->extent)
        index += rest % axis->extent * axis->stride;
      record.values.push_back(values_[index]);
    }
    return record;
  }

  /// Consumes `count` numbers and returns the index of the first one.
  std::size_t take(std::uint64_t count) {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    return std::exchange(next_, count > most - next_ ? most : next_ + static_cast<std::size_t>(count));
  }

  /// Reads a convolution. Its numbers are ordered by output channel, then input channel, then tap. If only some
  /// channels are used, the kernel holds the first ones.
  LayerRecord conv1d(const Count& in, const Count& out, const Count& taps, const Count& dilation, const Count& groups,
                     bool bias) {
    expect_groups(in, out, groups);
    if (in * (taps - 1) > limits::past_values / dilation)
      refuse(dilation.place,
             concat({"a dilation for which the convolution keeps at most ", limits::past_values, " past values"}),
             dilation.n);
    LayerRecord layer =
        make_layer(place(next_), "conv1d",
                   {{"in", in}, {"out", out}, {"kernel_size", taps}, {"dilation", dilation}, {"groups", groups}});
    const std::size_t stride = in.full / groups * taps;  // of an output channel
    add(layer, "kernel",
        tensor(take(std::uint64_t{stride} * out.full), 0, {{taps, 1}, {in / groups, taps}, {out, stride}}));
    if (bias) add(layer, "bias", vector(out, out.full));
    return layer;
  }

  /// Reads a convolution of one tap: a `dense` layer, or a `conv1d` layer if it has groups.
  LayerRecord conv1x1(const Count& in, const Count& out, const Count& groups, bool bias) {
    if (groups != 1) return conv1d(in, out, {1, groups.place}, {1, groups.place}, groups, bias);
    LayerRecord layer = make_layer(place(next_), "dense", {{"in", in}, {"out", out}});
    add(layer, "kernel", tensor(take(std::uint64_t{in.full} * out.full), 0, {{in, 1}, {out, in.full}}));
    if (bias) add(layer, "bias", vector(out, out.full));
    return layer;
  }

  /// Place of number i in the file.
  SourceLocation place(std::size_t i) const { return concat({list_.place(), "[", std::min(i, size()), "]"}); }

  /// Throws load_error unless all numbers were consumed. Call it last.
  void finish() const { expect(next_); }

  void expect(std::uint64_t count) const {
    if (count != size()) list_.fail(concat({count, " numbers, as config says"}), size());
  }

 private:
  static void expect_groups(const Count& in, const Count& out, const Count& groups) {
    if (groups != 1 && (in.is_part() || out.is_part()))
      refuse(groups.place, "1, as the requested size selects only some of the channels", groups.n);
    if (in % groups != 0 || out % groups != 0)
      refuse(groups.place, concat({"a divisor of ", in.n, " and ", out.n, " channels"}), groups.n);
  }

  JsonCursor list_;
  std::vector<double> values_;
  std::size_t next_ = 0;
};

}  // namespace inlay::io::detail
