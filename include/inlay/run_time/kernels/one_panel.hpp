/// OnePanel: frame kernel of a dynamic-size product whose weight matrix is a single panel of rows.
#pragma once

#include "inlay/core/compiler.hpp"
#include "inlay/core/epilogue.hpp"

namespace inlay::INLAY_ISA::kernels {

/// A function compiled for the height of the panel, and the epilogue that it applies. With several panels `forward` is
/// null, and the layer uses its general code.
template <class B, class Function>
struct OnePanel {
  Function* forward = nullptr;
  Epilogue<B> epilogue;

  /// Sets the epilogue. Returns false if there are several panels.
  bool fuse_epilogue(const Epilogue<B>& e) noexcept {
    if (forward) epilogue = e;
    return forward;
  }
};

}  // namespace inlay::INLAY_ISA::kernels
