/// Storage of layers of dynamic sizes, on the heap. Allocates while a model is loaded or a state is made, never while a
/// model runs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "inlay/core/aligned_array.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/padding.hpp"

namespace inlay::INLAY_ISA {

template <class T>
class AlignedArray<T, dynamic> {
  struct alignas(alignment) Line {
    T values[alignment / sizeof(T)]{};
  };

 public:
  AlignedArray() = default;
  AlignedArray(AlignedArray&&) noexcept = default;
  AlignedArray& operator=(AlignedArray&&) noexcept = default;
  INLAY_NOINLINE AlignedArray(const AlignedArray& other) : lines_(other.lines_), size_(other.size_) {}
  /// Does not allocate if the sizes are the same.
  INLAY_NOINLINE AlignedArray& operator=(const AlignedArray& other) {
    lines_ = other.lines_;
    size_ = other.size_;
    return *this;
  }
  ~AlignedArray() = default;

  /// Sets the size. If it changes, all values are set to zero.
  INLAY_COLD void resize(std::size_t size) {
    if (size == size_) return;
    lines_.assign(round_up(size, alignment / sizeof(T)) / (alignment / sizeof(T)), Line{});
    size_ = size;
  }
  std::size_t size() const noexcept { return size_; }
  T* data() noexcept { return reinterpret_cast<T*>(lines_.data()); }
  const T* data() const noexcept { return reinterpret_cast<const T*>(lines_.data()); }
  void clear() noexcept { std::fill(lines_.begin(), lines_.end(), Line{}); }

 private:
  std::vector<Line> lines_;
  std::size_t size_ = 0;
};

template <class X>
class ObjectArray<X, dynamic> : public std::vector<X> {};

}  // namespace inlay::INLAY_ISA
