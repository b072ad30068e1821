/// Test signals, and comparison of outputs.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
}

/// A series of numbers that depends on the input of the fuzzer alone.
class Random {
 public:
  Random(const std::uint8_t* data, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) state_ = (state_ ^ data[i]) * 1099511628211u;
  }
  std::size_t below(std::size_t count) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>(state_ >> 33) % count;
  }
  double noise() { return static_cast<double>(below(2001)) / 1000 - 1; }

 private:
  std::uint64_t state_ = 14695981039346656037u;
};

/// Whether two outputs are the same, bit by bit. Two NaNs are the same: which bits they have depends on the order of
/// the operands of a sum, which compilers may change.
template <class T>
bool same(T a, T b) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  return std::bit_cast<Bits>(a) == std::bit_cast<Bits>(b) || (std::isnan(a) && std::isnan(b));
}

/// `channels` rows of `frames` values, each row a memory block of its own, so that AddressSanitizer sees every value
/// that is read or written outside of it.
template <class T>
class Rows {
 public:
  Rows(std::size_t channels, std::size_t frames) : rows_(channels, std::vector<T>(frames)) {}
  void fill(Random& random) {
    for (std::vector<T>& row : rows_)
      for (T& x : row) x = static_cast<T>(random.noise());
  }
  /// Pointers to the rows from frame `first` on.
  std::vector<T*> from(std::size_t first) {
    std::vector<T*> pointers;
    for (std::vector<T>& row : rows_) pointers.push_back(row.data() + first);
    return pointers;
  }
  T& at(std::size_t channel, std::size_t frame) { return rows_[channel][frame]; }
  std::size_t channels() const { return rows_.size(); }

 private:
  std::vector<std::vector<T>> rows_;
};

}  // namespace fuzz
