/// AutoBackend: for each layer the backend that was measured to be fastest.
#pragma once

#include <concepts>
#include <cstddef>

#include "inlay/backend/auto_table.hpp"
#include "inlay/backend/choice.hpp"
#include "inlay/backend/default.hpp"
#include "inlay/backend/stl.hpp"
#include "inlay/core/compiler.hpp"
#if INLAY_HAS_EIGEN
#include "inlay/backend/eigen.hpp"
#endif

namespace inlay::INLAY_ISA {

namespace detail {

template <BackendName Name, class T, class Math, class Weight>
struct Named {
  using type = default_backend_for<T, Math, Weight>;
};
#if INLAY_HAS_EIGEN
template <class T, class Math, class Weight>
struct Named<BackendName::eigen, T, Math, Weight> {
  using type = EigenBackend<T, Math, Weight>;
};
#endif
template <class T, class Math, class Weight>
struct Named<BackendName::stl, T, Math, Weight> {
  using type = StlBackend<T, Math, Weight>;
};

/// By the table; what it does not mention is the default's, which `xsimd` stands for as well.
template <class T>
constexpr BackendName fastest(Work work, std::size_t channels) {
  for (const Choice& choice : choices)
    if (choice.compiler == this_compiler && choice.register_bytes == default_backend_for<T>::width * sizeof(T) &&
        choice.scalar_bytes == sizeof(T) && choice.work == work && choice.from <= channels && channels <= choice.to)
      return choice.backend;
  return BackendName::xsimd;
}

}  // namespace detail

/// Each layer's own choice among the backends that are there, made while compiling, by the kind of layer, its
/// channels out, the instruction set and the compiler: `LSTM<1, 20, AutoBackend<float>>`. From a table of measurements
/// in backend/auto_table.hpp, which bench/tune.sh writes; what it does not have is the default backend's.
///
/// @copydetails XsimdBackend
template <std::floating_point T, class Math = math::Accurate, StoredWeight<T> Weight = T>
struct AutoBackend : detail::Named<detail::fastest<T>(Work::other, 0), T, Math, Weight>::type {
  static constexpr const char* name = "auto";
  template <Work Kind, std::size_t Channels>
  using choose = typename detail::Named<detail::fastest<T>(Kind, Channels), T, Math, Weight>::type;
};

}  // namespace inlay::INLAY_ISA
