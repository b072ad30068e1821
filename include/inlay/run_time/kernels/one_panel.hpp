/// OnePanel: how a product of dynamic sizes whose weights are one panel of rows computes a frame.
#pragma once

#include "inlay/core/compiler.hpp"
#include "inlay/core/epilogue.hpp"

namespace inlay::INLAY_ISA::kernels {

/// A function that is compiled for the panel's height, and the epilogue that it ends with. With more panels than one
/// there is no function, and the layer computes as it would without.
template <class B, class Function>
struct OnePanel {
  Function* forward = nullptr;
  Epilogue<B> epilogue;

  /// Ends with this from now on. Returns false if there is no function.
  bool fuse_epilogue(const Epilogue<B>& e) noexcept {
    if (forward) epilogue = e;
    return forward;
  }
};

}  // namespace inlay::INLAY_ISA::kernels
