/// OnePanel: how a product of open sizes whose weights are one panel of rows does a frame.
#pragma once

#include "inlay/core/compiler.hpp"
#include "inlay/core/epilogue.hpp"

namespace inlay::INLAY_ISA::run_time {

/// A function that is compiled for the panel's height, and the epilogue that it ends with. With more panels, or fewer
/// rows than one, there is none, and the layer does as it would without.
template <class B, class Function>
struct OnePanel {
  Function* forward = nullptr;
  Epilogue<B> epilogue;

  /// Whether it ends with this from now on.
  bool then(const Epilogue<B>& e) noexcept {
    if (forward) epilogue = e;
    return forward;
  }
};

}  // namespace inlay::INLAY_ISA::run_time
