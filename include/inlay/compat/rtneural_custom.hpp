/// Layers of the user's own in a ModelT, in RTNeural's form. Included by rtneural.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include "inlay/backend/default.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/model/model_t.hpp"

namespace inlay::INLAY_ISA::compat::rtneural::detail {

/// Number of outputs of a layer, which needs no `out_size` if its `outs` are an array.
template <class L>
constexpr std::size_t outputs_of() {
  if constexpr (requires { L::out_size; }) return static_cast<std::size_t>(L::out_size);
  else return std::extent_v<std::remove_reference_t<decltype(std::declval<L&>().outs)>>;
}

/// A class of the user's own as a layer of inlay's: it has `forward(const T (&ins)[in_size])`, which computes `outs`,
/// and `reset()`. Its state is its own, so that a model with one runs one signal.
template <class User, class T, std::size_t In>
class Custom {
  using Input = T[In];
  static_assert(
      requires(User& user, const Input& ins) {
        user.forward(ins);
        user.outs[0];
        user.reset();
      },
      "inlay: a layer of a ModelT is a layer of inlay's, or has reset(), outs and forward(const T (&ins)[in_size]): "
      "RTNeural's form without RTNEURAL_USE_EIGEN and RTNEURAL_USE_XSIMD (docs/from-rtneural.md)");
  static_assert(
      [] {
        if constexpr (requires { User::in_size; }) return static_cast<std::size_t>(User::in_size) == In;
        else return true;
      }(),
      "inlay: in_size must be the output size of the layer before");

 public:
  using backend = default_backend_for<T>;
  using scalar = T;
  struct State {};
  static constexpr std::string_view type = "custom layer";
  static constexpr std::size_t in_size = In, out_size = outputs_of<User>();
  static constexpr std::size_t receptive_field = unbounded, parameters = 0, macs = 0;

  void visit(auto&) noexcept {}
  void reset(State&) const noexcept { user.reset(); }
  void forward(State&, const T* in, T* out) const noexcept {
    Input ins;
    std::copy_n(in, In, ins);
    user.forward(ins);
    for (std::size_t c = 0; c < out_size; ++c) out[c] = user.outs[c];
  }
  void process(State&, Block<const T> in, Block<T> out, std::size_t frames) const noexcept {
    Input ins;
    for (std::size_t t = 0; t < frames; ++t) {
      for (std::size_t c = 0; c < In; ++c) ins[c] = in.row(c)[t];
      user.forward(ins);
      for (std::size_t c = 0; c < out_size; ++c) out.row(c)[t] = user.outs[c];
    }
  }

  mutable User user{};
};

template <class L>
inline constexpr bool is_custom = false;
template <class User, class T, std::size_t In>
inline constexpr bool is_custom<Custom<User, T, In>> = true;

/// A layer of a model as its user knows it.
template <class L>
constexpr auto& user_layer(L& layer) noexcept {
  if constexpr (is_custom<std::remove_const_t<L>>) return layer.user;
  else return layer;
}

/// What each layer of a chain takes that takes `In` values.
template <int In, class... Layers>
inline constexpr std::size_t sizes_before[sizeof...(Layers) + 1] = {static_cast<std::size_t>(In),
                                                                    outputs_of<Layers>()...};

/// inlay's model of these layers, the first of which takes `in` values.
template <class T, int In, class Indices, class... Layers>
struct ModelOf {
  using type = inlay::ModelT<Layers...>;
};
template <class T, int In, std::size_t... I, class... Layers>
  requires((std::is_class_v<Layers> && !inlay::Layer<Layers>) || ...)
struct ModelOf<T, In, std::index_sequence<I...>, Layers...> {
  using type = inlay::ModelT<
      std::conditional_t<inlay::Layer<Layers>, Layers, Custom<Layers, T, sizes_before<In, Layers...>[I]>>...>;
};
template <class T, int In, class... Layers>
using ModelOfLayers = typename ModelOf<T, In, std::index_sequence_for<Layers...>, Layers...>::type;

}  // namespace inlay::INLAY_ISA::compat::rtneural::detail
