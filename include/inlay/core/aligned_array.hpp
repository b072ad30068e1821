/// AlignedArray, ObjectArray: storage of layers, in place for static sizes and on the heap for dynamic ones.
#pragma once

#include <algorithm>
#include <cstddef>

#include "inlay/core/compiler.hpp"
#include "inlay/core/padding.hpp"

namespace inlay::INLAY_ISA {

/// Array of `N` values, aligned to `alignment` bytes, zero-initialised. With `N` = `dynamic` (see core/dynamic.hpp) it
/// is empty until `resize`.
template <class T, std::size_t N>
class AlignedArray {
 public:
  static constexpr std::size_t size() noexcept { return N; }
  constexpr T* data() noexcept { return data_; }
  constexpr const T* data() const noexcept { return data_; }
  constexpr void clear() noexcept { std::fill_n(data_, N, T(0)); }

 private:
  alignas(alignment) T data_[N]{};
};

template <class T>
class AlignedArray<T, 0> {
 public:
  static constexpr T* data() noexcept { return nullptr; }
  static constexpr void clear() noexcept {}
};

/// Array of `N` objects. With `N` = `dynamic` it is a std::vector.
template <class X, std::size_t N>
class ObjectArray {
 public:
  static constexpr std::size_t size() noexcept { return N; }
  constexpr X& operator[](std::size_t i) noexcept { return items_[i]; }
  constexpr const X& operator[](std::size_t i) const noexcept { return items_[i]; }

 private:
  X items_[N];
};

}  // namespace inlay::INLAY_ISA
