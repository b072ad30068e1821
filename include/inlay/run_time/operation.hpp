/// Operation: one step of a network that is known only at run time.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/dynamic.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/map.hpp"

namespace inlay::run_time {

/// What an operation remembers from frame to frame.
struct Memory {
  virtual ~Memory() = default;
  virtual std::unique_ptr<Memory> clone() const = 0;
  /// Becomes as `other`, which is of the same operation. Does not allocate.
  virtual void assign(const Memory& other) noexcept = 0;
};

/// Where the output, operand 0, and up to three inputs of an operation lie, as distances from a place in memory.
using Offsets = std::array<std::size_t, 4>;

template <class T>
class Operands {
 public:
  Operands(T* base, const Offsets& offsets) noexcept : base_(base), offsets_(&offsets) {}
  T* operator[](std::size_t i) const noexcept { return base_ + (*offsets_)[i]; }

 private:
  T* base_;
  const Offsets* offsets_;
};

/// Writes operand 0, of which it may fill whole registers, from the others. Constant while it runs.
template <class T>
class Operation {
 public:
  virtual ~Operation() = default;
  virtual std::unique_ptr<Memory> memory() const { return nullptr; }
  virtual void reset(Memory*) const noexcept {}
  /// One frame; channels are consecutive values.
  virtual void frame(Memory* memory, Operands<T> at) const noexcept = 0;
  /// A tile; channels are rows of one. Returns how many frames came out.
  virtual std::size_t tile(Memory* memory, Operands<T> at, std::size_t frames) const noexcept = 0;
};

/// A layer of dynamic sizes.
template <class L>
class LayerOperation final : public Operation<typename L::scalar> {
  using T = typename L::scalar;
  struct Remembered final : Memory {
    typename L::State state;
    std::unique_ptr<Memory> clone() const override { return std::make_unique<Remembered>(*this); }
    void assign(const Memory& other) noexcept override { state = static_cast<const Remembered&>(other).state; }
  };
  static typename L::State& state(Memory* memory) noexcept { return static_cast<Remembered*>(memory)->state; }

 public:
  L layer;

  std::unique_ptr<Memory> memory() const override {
    auto made = std::make_unique<Remembered>();
    if constexpr (requires { layer.fit(made->state); }) layer.fit(made->state);
    return made;
  }
  void reset(Memory* memory) const noexcept override { layer.reset(state(memory)); }
  void frame(Memory* memory, Operands<T> at) const noexcept override {
    inlay::detail::forward(layer, state(memory), static_cast<const T*>(at[1]), at[0], Context<T>{});
  }
  std::size_t tile(Memory* memory, Operands<T> at, std::size_t frames) const noexcept override {
    return inlay::detail::process(layer, state(memory), Block<const T>(at[1]), Block<T>(at[0]), frames, {});
  }
};

/// out = F()(in...) for each value of `channels` channels, `Inputs` being how many inputs there are.
template <class B, std::size_t Inputs, class F>
class MapOperation final : public Operation<typename B::scalar> {
  using T = typename B::scalar;

 public:
  explicit MapOperation(std::size_t channels) : channels_{channels} {}
  void frame(Memory*, Operands<T> at) const noexcept override {
    [&]<std::size_t... I>(std::index_sequence<I...>) INLAY_INLINE_LAMBDA {
      map_frame<B>(F(), channels_, at[0], static_cast<const T*>(at[I + 1])...);
    }(std::make_index_sequence<Inputs>{});
  }
  std::size_t tile(Memory*, Operands<T> at, std::size_t frames) const noexcept override {
    [&]<std::size_t... I>(std::index_sequence<I...>) INLAY_INLINE_LAMBDA {
      map_tile<B>(F(), channels_, frames, Block<T>(at[0]), Block<const T>(at[I + 1])...);
    }(std::make_index_sequence<Inputs>{});
    return frames;
  }

 private:
  Extent<dynamic> channels_;
};

/// Copies channels, no more of them than there are: to where others lie beside them.
template <class T>
class CopyOperation final : public Operation<T> {
 public:
  explicit CopyOperation(std::size_t channels) : channels_(channels) {}
  void frame(Memory*, Operands<T> at) const noexcept override { copy_row(at[1], channels_, at[0]); }
  std::size_t tile(Memory*, Operands<T> at, std::size_t frames) const noexcept override {
    for (std::size_t c = 0; c < channels_; ++c) copy_row(at[1] + c * tile_frames, frames, at[0] + c * tile_frames);
    return frames;
  }

 private:
  std::size_t channels_;
};

/// Silence, as long as its input.
template <class T>
class ZeroOperation final : public Operation<T> {
 public:
  explicit ZeroOperation(std::size_t channels) : channels_(channels) {}
  void frame(Memory*, Operands<T> at) const noexcept override { std::fill_n(at[0], channels_, T(0)); }
  std::size_t tile(Memory*, Operands<T> at, std::size_t frames) const noexcept override {
    std::fill_n(at[0], channels_ * tile_frames, T(0));
    return frames;
  }

 private:
  std::size_t channels_;
};

}  // namespace inlay::run_time
