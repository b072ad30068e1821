/// EigenBackend: Eigen's packets, the SIMD types inside Eigen's kernels.
///
/// Uses packets only, none of Eigen's matrix products: those may allocate, and their order of additions depends on the
/// block size. Packets support every instruction set that Eigen supports.
#pragma once

#include <Eigen/Core>
#include <concepts>
#include <cstddef>

#include "inlay/backend/eigen_hint.hpp"
#include "inlay/backend/lanes.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/weight.hpp"
#include "inlay/math/accurate.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

/// Eigen's packet of N lanes of T, with operators.
template <class T, std::size_t N>
struct EigenRegister {
  using Packet = typename Eigen::internal::find_best_packet<T, int(N)>::type;
  Packet p;
  friend INLAY_INLINE EigenRegister operator+(EigenRegister a, EigenRegister b) noexcept {
    return {Eigen::internal::padd(a.p, b.p)};
  }
  friend INLAY_INLINE EigenRegister operator-(EigenRegister a, EigenRegister b) noexcept {
    return {Eigen::internal::psub(a.p, b.p)};
  }
  friend INLAY_INLINE EigenRegister operator*(EigenRegister a, EigenRegister b) noexcept {
    return {Eigen::internal::pmul(a.p, b.p)};
  }
  friend INLAY_INLINE EigenRegister operator/(EigenRegister a, EigenRegister b) noexcept {
    return {Eigen::internal::pdiv(a.p, b.p)};
  }
};

}  // namespace detail

/// SIMD backend on Eigen's packets. See `Backend` for the operations.
///
/// @copydetails XsimdBackend
template <std::floating_point T, class Math, StoredWeight<T> Weight>
  requires(sizeof(T) > 0)  // for a specialisation of the declaration in eigen_hint.hpp
struct EigenBackend<T, Math, Weight> {
  using scalar = T;
  using weight = Weight;
  using math_policy = Math;
  static constexpr const char* name = "eigen";
  static constexpr std::size_t width = Eigen::internal::packet_traits<T>::size;
  static constexpr std::size_t lanes(std::size_t n) { return simd_lanes<T, width>(n); }

  template <std::size_t N>
  using Register = detail::EigenRegister<T, N>;

  template <std::size_t N>
  static INLAY_INLINE Register<N> load(const T* p) noexcept {
    return {Eigen::internal::ploadu<typename Register<N>::Packet>(p)};
  }
  template <std::size_t N>
  static INLAY_INLINE Register<N> broadcast(T value) noexcept {
    return {Eigen::internal::pset1<typename Register<N>::Packet>(value)};
  }
  template <std::size_t N>
  static INLAY_INLINE void store(T* p, detail::EigenRegister<T, N> x) noexcept {
    Eigen::internal::pstoreu(p, x.p);
  }

  template <std::size_t N>
  static INLAY_INLINE detail::EigenRegister<T, N> fma(detail::EigenRegister<T, N> a, detail::EigenRegister<T, N> b,
                                                      detail::EigenRegister<T, N> c) noexcept {
    return {Eigen::internal::pmadd(a.p, b.p, c.p)};
  }
  template <std::size_t N>
  static INLAY_INLINE detail::EigenRegister<T, N> min(detail::EigenRegister<T, N> bound,
                                                      detail::EigenRegister<T, N> x) noexcept {
    return {Eigen::internal::pmin(x.p, bound.p)};
  }
  template <std::size_t N>
  static INLAY_INLINE detail::EigenRegister<T, N> max(detail::EigenRegister<T, N> bound,
                                                      detail::EigenRegister<T, N> x) noexcept {
    return {Eigen::internal::pmax(x.p, bound.p)};
  }
  template <std::size_t N>
  static INLAY_INLINE detail::EigenRegister<T, N> if_less(detail::EigenRegister<T, N> a, detail::EigenRegister<T, N> b,
                                                          detail::EigenRegister<T, N> x,
                                                          detail::EigenRegister<T, N> y) noexcept {
    return {Eigen::internal::pselect(Eigen::internal::pcmp_lt(a.p, b.p), x.p, y.p)};
  }
  template <std::size_t N>
  static INLAY_INLINE detail::EigenRegister<T, N> round(detail::EigenRegister<T, N> x) noexcept {
    return {Eigen::internal::print(x.p)};
  }
  template <std::size_t N>
  static INLAY_INLINE detail::EigenRegister<T, N> pow2(detail::EigenRegister<T, N> n) noexcept {
    return {Eigen::internal::pldexp(Eigen::internal::pset1<typename Register<N>::Packet>(T(1)), n.p)};
  }
};

}  // namespace inlay::INLAY_ISA
