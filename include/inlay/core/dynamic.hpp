/// What layers of dynamic sizes keep their weights and their memory in: the heap. They allocate while they are loaded
/// and when a state is made, never while they run.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "inlay/core/aligned_array.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"

namespace inlay::INLAY_ISA {

template <class T>
class AlignedArray<T, dynamic> {
  struct alignas(alignment) Line {
    T values[alignment / sizeof(T)]{};
  };

 public:
  /// Makes room for `size` values, zeros, if that is another size than before.
  void resize(std::size_t size) {
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
