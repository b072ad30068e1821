/// Selection of a backend for each layer. See backend/auto.hpp.
#pragma once

#include <cstddef>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA {

/// Kinds of layers that a backend is selected by. `other`: layers without a matrix product, such as activations.
enum class Work { dense, conv1d, lstm, gru, rnn, other };

namespace detail {

enum class Compiler { gcc, clang, other };
enum class BackendName { xsimd, eigen, stl };

#if defined(__clang__)
inline constexpr Compiler this_compiler = Compiler::clang;
#elif defined(__GNUC__)
inline constexpr Compiler this_compiler = Compiler::gcc;
#else
inline constexpr Compiler this_compiler = Compiler::other;
#endif

/// One row of the table: `backend` is clearly faster than the default backend for this kind of layer.
struct Choice {
  Compiler compiler;
  std::size_t register_bytes;  ///< size of the widest register, which identifies the instruction set
  std::size_t scalar_bytes;
  Work work;
  std::size_t from, to;  ///< range of output channels, inclusive
  BackendName backend;
};

template <class B, Work Kind, std::size_t Channels>
struct Chosen {
  using type = B;
};
template <class B, Work Kind, std::size_t Channels>
  requires requires { typename B::template choose<Kind, Channels>; }
struct Chosen<B, Kind, Channels> {
  using type = typename B::template choose<Kind, Channels>;
};

}  // namespace detail

/// B, or the backend that B selects for this kind of layer if B is an `AutoBackend`.
template <class B, Work Kind, std::size_t Channels>
using backend_for = typename detail::Chosen<B, Kind, Channels>::type;

}  // namespace inlay::INLAY_ISA
