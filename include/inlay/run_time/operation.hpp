/// Operation: one step of a network that is known only at run time.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/dynamic.hpp"
#include "inlay/core/epilogue.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/map.hpp"

namespace inlay::INLAY_ISA::run_time {

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
template <class B>
class Operation {
  using T = typename B::scalar;

 public:
  virtual ~Operation() = default;
  virtual std::unique_ptr<Memory> memory() const { return nullptr; }
  virtual void reset(Memory*) const noexcept {}
  /// One frame.
  virtual void frame(const Operands<T>& at) const noexcept = 0;
  /// Whether it adds an addend.
  virtual bool adds() const noexcept { return false; }
  /// What it does to each value, if it treats every one alone: as long as it stays where it is.
  virtual Epilogue<B> epilogue() const { return {}; }
  /// Makes an epilogue part of `frame`, if it can.
  virtual bool then(const Epilogue<B>&) { return false; }
  /// A tile. Returns how many frames came out.
  virtual std::size_t tile(const Operands<T>& at, std::size_t frames) const noexcept = 0;
};

/// A layer of dynamic sizes, in a network of backend B: of in[0], and of side channels in in[1].
template <class L, class B>
class LayerOperation final : public Operation<B> {
  using T = typename B::scalar;
  struct Remembered final : Memory {
    typename L::State state;
    std::unique_ptr<Memory> clone() const override { return std::make_unique<Remembered>(*this); }
    void assign(const Memory& other) noexcept override { state = static_cast<const Remembered&>(other).state; }
  };
  static typename L::State& state(Memory* memory) noexcept { return static_cast<Remembered*>(memory)->state; }
  static Context<T> context(const Operands<T>& at) noexcept { return {nullptr, at.in[1]}; }

 public:
  L layer;

  std::unique_ptr<Memory> memory() const override {
    auto made = std::make_unique<Remembered>();
    if constexpr (requires { layer.fit(made->state); }) layer.fit(made->state);
    return made;
  }
  void reset(Memory* memory) const noexcept override { layer.reset(state(memory)); }
  void frame(const Operands<T>& at) const noexcept override {
    if constexpr (inlay::detail::Adding<L>)
      inlay::detail::forward(layer, state(at.memory), at.in[0], at.out, context(at), at.addend);
    else inlay::detail::forward(layer, state(at.memory), at.in[0], at.out, context(at));
  }
  bool adds() const noexcept override { return inlay::detail::Adding<L>; }
  Epilogue<B> epilogue() const override {
    if constexpr (requires(Epilogue<B> e) { e = layer.epilogue(); }) return layer.epilogue();
    else return {};
  }
  bool then([[maybe_unused]] const Epilogue<B>& epilogue) override {
    if constexpr (requires { layer.then(epilogue); }) return layer.then(epilogue);
    else return false;
  }
  std::size_t tile(const Operands<T>& at, std::size_t frames) const noexcept override {
    const Block<const T> in(at.in[0]);
    const Block<T> out(at.out);
    if constexpr (inlay::detail::Adding<L>)
      return inlay::detail::process(layer, state(at.memory), in, out, frames, context(at), at.addend);
    else return inlay::detail::process(layer, state(at.memory), in, out, frames, context(at));
  }
};

/// out = F()(in...) for each value of `channels` channels, `Inputs` being how many inputs there are.
template <class B, std::size_t Inputs, class F>
class MapOperation final : public Operation<B> {
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
template <class B>
class CopyOperation final : public Operation<B> {
  using T = typename B::scalar;

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
template <class B>
class ZeroOperation final : public Operation<B> {
  using T = typename B::scalar;

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

}  // namespace inlay::INLAY_ISA::run_time
