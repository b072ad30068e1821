/// EigenBackend without its header: a compile error that names the header.
#pragma once

#include <concepts>

#include "inlay/backend/loop.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/weight.hpp"
#include "inlay/math/accurate.hpp"

namespace inlay::INLAY_ISA {

/// Backend on Eigen's packets. Defined by the partial specialisation in <inlay/backend/eigen.hpp>.
template <std::floating_point T, class Math = math::Accurate, StoredWeight<T> Weight = T>
struct EigenBackend : LoopBackend<T, Math, Weight> {  // no further errors
  static_assert(sizeof(T) == 0,
                "inlay: EigenBackend needs its header: #include <inlay/backend/eigen.hpp>, with Eigen on the include "
                "path");
};

}  // namespace inlay::INLAY_ISA
