/// The concepts `Backend` and `Layer`. Any class that satisfies one can be used wherever the library's own classes can.
#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_traits.hpp"

namespace inlay::INLAY_ISA {

/// A SIMD policy class: a scalar type, registers, and operations on them. A backend is never instantiated. Layers take
/// it as their last template parameter.
///
/// - `scalar`: float or double.
/// - `math_policy`: computes tanh, exp, ... from the operations below: `math::Accurate`, `math::Fast`, or a custom
///   class.
/// - `weight`, optional: the storage type of weights, see `StoredWeight`. The default is `scalar`.
/// - `name`: a short text for reports.
/// - `width`: lanes of the widest register, a power of two.
/// - `lanes(n)`: lanes of the register to use for a run of n values, a power of two of at most `width`.
/// - `Register<N>`: a register of N lanes with the operators +, -, *, /. Its size is N scalars.
/// - `load<N>(p)`: returns p[0], ..., p[N - 1]. `p` may have any alignment that a scalar may have.
/// - `store(p, x)`: writes all lanes of `x` to `p`. Alignment as for `load`.
/// - `broadcast<N>(s)`: returns a register with `s` in every lane.
/// - `fma(a, b, c)`: a b + c, fused or not, but rounded alike in every lane and for every register size.
/// - `min(bound, x)`, `max(bound, x)`: lane-wise minimum and maximum. A NaN in `x` is returned; a NaN in `bound` is not
///   supported.
/// - `if_less(a, b, x, y)`: a < b ? x : y in each lane. If a or b is NaN, y.
/// - `round(x)`: the nearest integer as a floating-point value, for |x| < 2^31. Ties may go either way. For NaN the
///   result is unspecified.
/// - `pow2(n)`: 2^n for an integer n such that 2^n is a normal number.
/// - `divide(a, b)`, optional: a correctly rounded quotient, if that of operator/ is not.
/// - `sqrt(x)`, optional: the correctly rounded square root; NaN below zero. The default is one lane after the other.
///
/// All operations are real-time safe and should be inlined: a call in a kernel's inner loop spills its accumulators.
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

/// Visitor that ignores everything. Checks that a layer has a valid `visit`.
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

/// A layer: weights, constant while it runs, and a nested type `State` for what it remembers of one signal.
///
/// - Constants: `type`, its name in files; `in_size` and `out_size`, numbers of channels; `receptive_field`, the number
///   of input frames that an output depends on, the present one included, or `unbounded`; `parameters`, the number of
///   trained values; `macs`, multiply-accumulates per input frame.
/// - `forward(state, in, out)` computes one frame of `out_size` values from one of `in_size`. `out` is aligned to
///   `alignment` bytes and has room for `padded_frame` values. `in` may have any alignment, and may be read in whole
///   registers of `B::lanes(in_size)` lanes, where B is the layer's `backend`, but no wider: the first layer of a model
///   may read the caller's memory.
/// - `process(state, in, out, frames)` computes a tile of up to `tile_frames` frames. Input and output do not overlap,
///   unless `LayerTraits::in_place` is true.
/// - Both take a `Context` as an additional last argument if the layer uses scratch memory or side channels. Both
///   return the number of frames written if the layer's rate is not 1:1. See `LayerTraits`.
/// - Both may take an addend after all other arguments: a frame, or the first row of a tile, which is added to the
///   output. It may be the same memory as the output. Adders of signals then need no second pass.
/// - `process_voices(states, in, out, frames)`, optional: does what `process` does, bit for bit, for several states at
///   once. Arguments are std::arrays of pointers to states and of tiles. Useful for recurrent layers, whose steps
///   depend on each other. May take a std::array of contexts as its last argument.
/// - `reset(state)` sets a state to the start of a signal.
/// - `shape()`, optional: returns the `LayerShape` of a layer whose sizes are known at run time only.
/// - `visit(v)` names everything that a file stores: `v.option(name, value)` for a value that the type fixes,
///   `v.require(holds, name, expected)` for a condition on options of run-time sizes, `v.choice(name, names, index)`
///   for one of several texts, `v.number(name, variable)` for a scalar, `v.tensor(name, tensor)`,
///   `v.optional_tensor(name, tensor, value)` for a tensor that a file may omit, `v.chain(name, chain)` for a
///   `Sequential` of nested layers, and `v.chain(name, chain, i)` for one of several of the same name.
/// - `prepare()`, optional: computes values that depend on tensors. Called after the tensors were set.
///
/// `forward`, `process`, `process_voices` and `reset` are real-time safe: noexcept, without allocations, locks or
/// system calls. The others are not.
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
