/// State and output of RTNeural's layers that are used without a model. Included by rtneural.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>

#include "inlay/core/compiler.hpp"
#include "inlay/core/padding.hpp"

namespace inlay::INLAY_ISA::compat::rtneural::detail {

/// What a layer gave: an array of `Size` values, as RTNeural's layers have them.
template <class T, std::size_t Size>
class Outs {
  using Array = T[Size];

 public:
  Outs() = default;
  Outs(const Outs&) noexcept {}  // a copy of a layer has given nothing yet
  Outs& operator=(const Outs&) noexcept { return *this; }

  void show(const Array& values) noexcept { values_ = &values; }
  void clear() noexcept { values_ = &nothing; }
  operator const Array&() const noexcept { return *values_; }
  const T* data() const noexcept { return *values_; }
  const T* begin() const noexcept { return *values_; }
  const T* end() const noexcept { return *values_ + Size; }

 private:
  static constexpr Array nothing{};
  const Array* values_ = &nothing;
};

/// State and output of a layer, made by the first call that needs them.
template <class L>
class Alone {
  using T = typename L::scalar;
  using Frame = T[L::out_size];
  struct Memory {
    typename L::State state;
    alignas(alignment) T in[padded_frame<T>(L::in_size)]{};
    alignas(alignment) T out[padded_frame<T>(L::out_size)]{};
  };

 public:
  Alone() = default;
  Alone(const Alone&) noexcept {}
  Alone& operator=(const Alone&) noexcept { return *this; }

  void reset(const L& layer) { layer.reset(memory(layer).state); }
  /// Returns the output, which stays until the next frame.
  const Frame& forward(const L& layer, const T* in) {
    Memory& to = memory(layer);
    layer.forward(to.state, copied(to, in), to.out);
    return reinterpret_cast<const Frame&>(to.out);  // without the padding
  }
  /// Takes a frame whose output nobody needs.
  void skip(const L& layer, const T* in) {
    Memory& to = memory(layer);
    layer.skip(to.state, copied(to, in));
  }

 private:
  Memory& memory(const L& layer) {
    if (!memory_) {
      memory_ = std::make_unique<Memory>();
      layer.reset(memory_->state);
    }
    return *memory_;
  }
  static const T* copied(Memory& to, const T* in) {
    std::copy_n(in, L::in_size, to.in);
    return to.in;
  }

  std::unique_ptr<Memory> memory_;
};

}  // namespace inlay::INLAY_ISA::compat::rtneural::detail
