/// OfAnySize: a recurrent layer of known sizes that runs the code for dynamic sizes. Included by rtneural.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/dynamic.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/pack.hpp"
#include "inlay/core/tile_frames.hpp"

namespace inlay::INLAY_ISA::compat::rtneural::detail {

/// Visitor that gives a layer of dynamic sizes its sizes and, where `allocates` is set, memory for its weights.
template <std::size_t In, std::size_t Out>
struct GiveSizes {
  bool allocates;

  template <class Of>
  void option(std::string_view name, Extent<dynamic, Of>& size, std::size_t = 0) noexcept {
    size.value = name == "in" ? In : Out;
  }
  void option(std::string_view, const auto&) noexcept {}
  void require(bool, std::string_view, std::string_view) noexcept {}
  void number(std::string_view, auto&) noexcept {}
  void tensor(std::string_view, auto& x) {
    if constexpr (requires { x.allocate(); })
      if (allocates) x.allocate();
  }
  void optional_tensor(std::string_view name, auto& x, auto) { tensor(name, x); }
};

/// Visitor that shows dynamic sizes to another one as sizes that the type fixes.
template <class Visitor>
struct ShowSizes {
  Visitor& visitor;

  template <class Of>
  void option(std::string_view name, const Extent<dynamic, Of>& size) {
    visitor.option(name, size.value);
  }
  void option(std::string_view name, const auto& value) { visitor.option(name, value); }
  void require(bool holds, std::string_view name, std::string_view expected) { visitor.require(holds, name, expected); }
  void number(std::string_view name, auto& variable) { visitor.number(name, variable); }
  void tensor(std::string_view name, auto& x) { visitor.tensor(name, x); }
  void optional_tensor(std::string_view name, auto& x, auto fallback) { visitor.optional_tensor(name, x, fallback); }
};

/// One step of a layer of dynamic sizes: the code that all types share.
template <class L>
INLAY_NOINLINE const typename L::scalar* step_of(const L& layer, typename L::State& state, const typename L::scalar* in,
                                                 std::size_t stride) noexcept {
  return layer.step(std::array{&state}, std::array{in}, stride)[0];
}

/// A recurrent layer `L` of dynamic sizes as one of `In` channels to `Out`, with `Gates` gates and `Biases` biases of
/// each. Plugins have variants of many model types, of which they play one: all types share the code of L, which is
/// compiled once. Weights and state are on the heap.
template <class L, std::size_t In, std::size_t Out, std::size_t Gates, std::size_t Biases>
class OfAnySize {
 public:
  using backend = typename L::backend;
  using scalar = typename L::scalar;
  struct State {
    State() {
      L layer;
      GiveSizes<In, Out> sizes{false};
      layer.visit(sizes);
      layer.resize(memory);
    }
    typename L::State memory;
  };
  static constexpr std::string_view type = L::type;
  static constexpr std::size_t in_size = In, out_size = Out;
  static constexpr std::size_t receptive_field = unbounded;
  static constexpr std::size_t macs = (In + Out) * Gates * Out;
  static constexpr std::size_t parameters = macs + Biases * Gates * Out;

  OfAnySize() {
    GiveSizes<In, Out> sizes{true};
    layer_.visit(sizes);
  }

  void visit(auto& v) {
    ShowSizes<std::remove_reference_t<decltype(v)>> shown{v};
    layer_.visit(shown);
  }
  void reset(State& state) const noexcept { layer_.reset(state.memory); }
  INLAY_INLINE void forward(State& state, const scalar* in, scalar* out) const noexcept {
    copy_frame<backend, Out>(step_of(layer_, state.memory, in, 1), out);
  }
  void process(State& state, Block<const scalar> in, Block<scalar> out, std::size_t frames) const noexcept {
    for (std::size_t t = 0; t < frames; ++t) {
      const scalar* const h = step_of(layer_, state.memory, in.row(0) + t, tile_frames);
      for (std::size_t c = 0; c < Out; ++c) out.row(c)[t] = h[c];
    }
  }

 private:
  L layer_;
};

}  // namespace inlay::INLAY_ISA::compat::rtneural::detail
