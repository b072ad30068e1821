/// The weights of a .nam file: one flat list that the layers consume in order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "inlay/io/make_record.hpp"

namespace inlay::io::detail {

/// Upper limit of the past values that a convolution stores. More of them indicate a damaged file.
inline constexpr std::size_t max_memory = std::size_t{1} << 24;

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
  TensorRecord vector(std::size_t size, std::size_t full) {
    return tensor(take(full), {size}, [](std::size_t i) { return i; });
  }

  /// Makes a tensor whose value i is number first + index(i) of the list.
  template <class Index>
  TensorRecord tensor(std::size_t first, std::vector<std::size_t> shape, Index index) const {
    TensorRecord record{.place = place(first), .shape = std::move(shape), .values = {}, .row_places = {}};
    if (ran_out()) return record;
    std::size_t values = 1;
    for (std::size_t extent : record.shape) values *= extent;
    record.values.reserve(values);
    for (std::size_t i = 0; i < values; ++i) record.values.push_back(values_[first + index(i)]);
    return record;
  }

  /// Consumes `count` numbers and returns the index of the first one.
  std::size_t take(std::size_t count) {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    return std::exchange(next_, count > most - next_ ? most : next_ + count);
  }

  /// Reads a convolution. Its numbers are ordered by output channel, then input channel, then tap. If only some
  /// channels are used, the kernel holds the first ones.
  LayerRecord conv1d(const Count& in, const Count& out, const Count& taps, const Count& dilation, const Count& groups,
                     bool bias) {
    expect_groups(in, out, groups);
    if (in * (taps - 1) > max_memory / dilation)
      throw load_error(dilation.place, "a dilation for which the convolution keeps at most 2^24 past values",
                       std::to_string(dilation));
    LayerRecord layer =
        make_layer(place(next_), "conv1d",
                   {{"in", in}, {"out", out}, {"kernel_size", taps}, {"dilation", dilation}, {"groups", groups}});
    layer.tensors.emplace("kernel", kernel({taps, in / groups, out}, taps, in.full / groups, out));
    if (bias) layer.tensors.emplace("bias", vector(out, out.full));
    return layer;
  }

  /// Reads a convolution of one tap: a `dense` layer, or a `conv1d` layer if it has groups.
  LayerRecord conv1x1(const Count& in, const Count& out, const Count& groups, bool bias) {
    if (groups != 1) return conv1d(in, out, {1, groups.place}, {1, groups.place}, groups, bias);
    LayerRecord layer = make_layer(place(next_), "dense", {{"in", in}, {"out", out}});
    layer.tensors.emplace("kernel", kernel({in, out}, 1, in.full, out));
    if (bias) layer.tensors.emplace("bias", vector(out, out.full));
    return layer;
  }

  /// Place of number i in the file.
  SourceLocation place(std::size_t i) const {
    return concat({list_.place(), "[", std::to_string(std::min(i, size())), "]"});
  }

  /// Throws load_error unless all numbers were consumed. Call it last.
  void finish() const { expect(next_); }

  void expect(std::size_t count) const {
    if (count != size())
      list_.fail(concat({std::to_string(count), " numbers, as config says"}), std::to_string(size()));
  }

 private:
  /// Makes a kernel of shape [..., inputs, outputs] from numbers that cover `in` inputs per output.
  TensorRecord kernel(std::vector<std::size_t> shape, std::size_t taps, std::size_t in, const Count& out) {
    const std::size_t used_in = shape[shape.size() - 2], used_out = out;
    return tensor(take(taps * in * out.full), std::move(shape), [=](std::size_t i) {
      const std::size_t o = i % used_out, c = i / used_out % used_in, k = i / used_out / used_in;
      return (o * in + c) * taps + k;
    });
  }

  static void expect_groups(const Count& in, const Count& out, const Count& groups) {
    if (groups != 1 && (in.is_part() || out.is_part()))
      throw load_error(groups.place, "1, as the requested size selects only some of the channels",
                       std::to_string(groups));
    if (in % groups != 0 || out % groups != 0)
      throw load_error(groups.place,
                       concat({"a divisor of ", std::to_string(in), " and ", std::to_string(out), " channels"}),
                       std::to_string(groups));
  }

  JsonCursor list_;
  std::vector<double> values_;
  std::size_t next_ = 0;
};

}  // namespace inlay::io::detail
