/// Backends that choose another one for each layer: see backend/auto.hpp.
#pragma once

#include <cstddef>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA {

/// What layers are told apart by when a backend is chosen for them. `other` is all that has no weights to multiply
/// with, such as activations.
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

/// A row of the table: a backend that is clearly faster than the default for this work.
struct Choice {
  Compiler compiler;
  std::size_t register_bytes;  ///< of the widest register: the instruction set
  std::size_t scalar_bytes;
  Work work;
  std::size_t from, to;  ///< channels out, both included
  BackendName backend;
};

}  // namespace detail

namespace detail {

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

/// The backend for a layer of this kind: B, unless that is one that chooses.
template <class B, Work Kind, std::size_t Channels>
using backend_for = typename detail::Chosen<B, Kind, Channels>::type;

}  // namespace inlay::INLAY_ISA
