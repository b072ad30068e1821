/// Operation: one step of a network that is known only at run time.
#pragma once

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

/// What an operation works on: frames, whose channels are consecutive values, or tiles, whose rows they are.
template <class T>
struct Operands {
  Memory* memory;  ///< what it remembers
  T* out;          ///< may be written in whole registers
  const T* in[3];
  const T* addend;  ///< what is to be added to `out` by an operation that `adds()`, or null
};

/// Makes its output of its inputs. Constant while it runs.
template <class T>
class Operation {
 public:
  virtual ~Operation() = default;
  virtual std::unique_ptr<Memory> memory() const { return nullptr; }
  virtual void reset(Memory*) const noexcept {}
  /// One frame.
  virtual void frame(const Operands<T>& at) const noexcept = 0;
  /// Whether it adds an addend.
  virtual bool adds() const noexcept { return false; }
  /// A tile. Returns how many frames came out.
  virtual std::size_t tile(const Operands<T>& at, std::size_t frames) const noexcept = 0;
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
  void frame(const Operands<T>& at) const noexcept override {
    if constexpr (inlay::detail::Adding<L>) layer.forward(state(at.memory), at.in[0], at.out, at.addend);
    else inlay::detail::forward(layer, state(at.memory), at.in[0], at.out, Context<T>{});
  }
  bool adds() const noexcept override { return inlay::detail::Adding<L>; }
  std::size_t tile(const Operands<T>& at, std::size_t frames) const noexcept override {
    const Block<const T> in(at.in[0]);
    const Block<T> out(at.out);
    if constexpr (inlay::detail::Adding<L>)
      return inlay::detail::process(layer, state(at.memory), in, out, frames, Context<T>{}, at.addend);
    else return inlay::detail::process(layer, state(at.memory), in, out, frames, Context<T>{});
  }
};

/// out = F()(in...) for each value of `channels` channels, `Inputs` being how many inputs there are.
template <class B, std::size_t Inputs, class F>
class MapOperation final : public Operation<typename B::scalar> {
  using T = typename B::scalar;

 public:
  explicit MapOperation(std::size_t channels) : channels_{channels} {}
  void frame(const Operands<T>& at) const noexcept override {
    [&]<std::size_t... I>(std::index_sequence<I...>)
        INLAY_INLINE_LAMBDA { map_frame<B>(F(), channels_, at.out, at.in[I]...); }(std::make_index_sequence<Inputs>{});
  }
  std::size_t tile(const Operands<T>& at, std::size_t frames) const noexcept override {
    [&]<std::size_t... I>(std::index_sequence<I...>) INLAY_INLINE_LAMBDA {
      map_tile<B>(F(), channels_, frames, Block<T>(at.out), Block<const T>(at.in[I])...);
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
  void frame(const Operands<T>& at) const noexcept override { copy_row(at.in[0], channels_, at.out); }
  std::size_t tile(const Operands<T>& at, std::size_t frames) const noexcept override {
    for (std::size_t c = 0; c < channels_; ++c) copy_row(at.in[0] + c * tile_frames, frames, at.out + c * tile_frames);
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
  void frame(const Operands<T>& at) const noexcept override { std::fill_n(at.out, channels_, T(0)); }
  std::size_t tile(const Operands<T>& at, std::size_t frames) const noexcept override {
    std::fill_n(at.out, channels_ * tile_frames, T(0));
    return frames;
  }

 private:
  std::size_t channels_;
};

}  // namespace inlay::run_time
