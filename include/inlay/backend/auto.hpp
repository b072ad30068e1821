/// AutoBackend: selects the backend that was measured to be fastest for each layer.
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

/// Looks up the table of measurements. `xsimd`, the result where the table has no entry, stands for the default
/// backend.
template <class T>
constexpr BackendName fastest(Work work, std::size_t channels) {
  for (const Choice& choice : choices)
    if (choice.compiler == this_compiler && choice.register_bytes == default_backend_for<T>::width * sizeof(T) &&
        choice.scalar_bytes == sizeof(T) && choice.work == work && choice.from <= channels && channels <= choice.to)
      return choice.backend;
  return BackendName::xsimd;
}

}  // namespace detail

/// Selects a backend for each layer at compile time: `LSTM<1, 20, AutoBackend<float>>`. The choice depends on the kind
/// of layer, its number of output channels, the instruction set and the compiler. It is read from a table of
/// measurements, backend/auto_table.hpp, which bench/tune.sh writes. The default backend is used where the table has no
/// entry.
template <std::floating_point T, class Math = math::Accurate, StoredWeight<T> Weight = T>
struct AutoBackend : detail::Named<detail::fastest<T>(Work::other, 0), T, Math, Weight>::type {
  static constexpr const char* name = "auto";
  template <Work Kind, std::size_t Channels>
  using choose = typename detail::Named<detail::fastest<T>(Kind, Channels), T, Math, Weight>::type;
};

}  // namespace inlay::INLAY_ISA
