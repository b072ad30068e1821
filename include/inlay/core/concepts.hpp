/// What a backend and a layer have to offer. Anything that does is a full citizen.
#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_traits.hpp"

namespace inlay::INLAY_ISA {

/// A scalar type, a rule for choosing registers, and a page of operations on them.
///
/// A register is as large as its lanes together. `min(bound, x)` and `max(bound, x)` leave a NaN in `x`,
/// `if_less(a, b, x, y)` is a < b ? x : y, `round` has to serve values below 2^31, and `pow2` whole numbers
/// in the range of the exponent.
template <class B>
concept Backend = requires(typename B::scalar s, const typename B::scalar* from, typename B::scalar* to) {
  requires std::floating_point<typename B::scalar>;
  typename B::math_policy;
  { B::name } -> std::convertible_to<std::string_view>;
  { B::width } -> std::convertible_to<std::size_t>;
  { B::lanes(std::size_t{3}) } -> std::convertible_to<std::size_t>;
  requires requires(typename B::template Register<B::width> r) {
    { B::template load<B::width>(from) } -> std::same_as<decltype(r)>;
    { B::template broadcast<B::width>(s) } -> std::same_as<decltype(r)>;
    B::store(to, r);
    { r + r } -> std::convertible_to<decltype(r)>;
    { r - r } -> std::convertible_to<decltype(r)>;
    { r* r } -> std::convertible_to<decltype(r)>;
    { r / r } -> std::convertible_to<decltype(r)>;
    { B::fma(r, r, r) } -> std::same_as<decltype(r)>;
    { B::min(r, r) } -> std::same_as<decltype(r)>;
    { B::max(r, r) } -> std::same_as<decltype(r)>;
    { B::if_less(r, r, r, r) } -> std::same_as<decltype(r)>;
    { B::round(r) } -> std::same_as<decltype(r)>;
    { B::pow2(r) } -> std::same_as<decltype(r)>;
  };
};

namespace detail {

/// A visitor that takes note of nothing: what a layer's `visit` has to work with.
struct AnyVisitor {
  void option(std::string_view, const auto&, std::size_t = 0) {}
  void require(bool, std::string_view, std::string_view) {}
  void choice(std::string_view, const auto&, std::size_t&) {}
  void number(std::string_view, auto&) {}
  void tensor(std::string_view, auto&) {}
  void optional_tensor(std::string_view, auto&, auto) {}
  void chain(std::string_view, auto&, std::size_t = 0) {}
};

}  // namespace detail

/// A layer: weights that are constant while it runs, and a `State` of what it remembers.
///
/// - `forward` takes one frame of `in_size` values and writes one of `out_size`. The output lies in an aligned
///   buffer padded to `padded_frame` values. The input may be read in whole registers of `B::lanes(in_size)`
///   lanes, and no wider: the first layer of a model whose `backend` is B reads a user's memory where the frame
///   fills such registers, of any alignment.
/// - `process` takes a tile of up to `tile_frames` frames. Input and output are never the same memory, unless the
///   layer says `in_place`.
/// - Both may take a `Context` as their last argument, for scratch memory and for side channels, of which the layer
///   then says how much it needs; and a layer that changes the rate says so and returns the frames that it wrote.
///   `LayerTraits` has all that a layer may say.
/// - Both may take, behind all others, an addend: a frame, or the first row of a tile, that is added to what the layer
///   gives. It may be the output. What adds signals does so in one pass then.
/// - `process_voices(states, in, out, frames)`, where there is one, does what `process` does for several states, on
///   std::arrays of pointers to them and of tiles, and bit for bit: for a layer whose steps wait for one another. It
///   may take an array of contexts as well.
/// - `reset` puts a state to the start of a signal.
/// - `shape()`, where there is one, says what the constants say, for sizes that are known at run time.
/// - `visit(v)` names everything that a file holds: `v.option(name, value)` for what the type fixes,
///   `v.require(holds, name, expected)` for a rule about options that are known at run time,
///   `v.choice(name, names, index)` for one of several texts,
///   `v.number(name, variable)` for a scalar, `v.tensor(name, tensor)`,
///   `v.optional_tensor(name, tensor, value)` for one that a file may leave out, and `v.chain(name, chain)` for
///   layers within the layer, a `Sequential`; of several under one name, `v.chain(name, chain, i)`.
/// - `prepare()`, where there is one, derives what depends on tensors after they were set.
template <class L>
concept Layer =
    requires(L& layer, const L& weights, typename L::State& state, typename L::scalar* out,
             const typename L::scalar* in, Block<const typename L::scalar> block_in,
             Block<typename L::scalar> block_out, detail::AnyVisitor visitor, Context<typename L::scalar> context) {
      requires std::floating_point<typename L::scalar>;
      { L::type } -> std::convertible_to<std::string_view>;
      { L::in_size } -> std::convertible_to<std::size_t>;
      { L::out_size } -> std::convertible_to<std::size_t>;
      { L::receptive_field } -> std::convertible_to<std::size_t>;
      { L::parameters } -> std::convertible_to<std::size_t>;
      { L::macs } -> std::convertible_to<std::size_t>;
      layer.visit(visitor);
      { weights.reset(state) } noexcept;
      requires requires {
        { weights.forward(state, in, out) } noexcept;
        { weights.process(state, block_in, block_out, std::size_t{1}) } noexcept;
      } || requires {
        { weights.forward(state, in, out, context) } noexcept;
        { weights.process(state, block_in, block_out, std::size_t{1}, context) } noexcept;
      };
    };

}  // namespace inlay::INLAY_ISA
