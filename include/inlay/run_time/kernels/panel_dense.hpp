/// PanelDense: a Dense of dynamic sizes that computes a frame in one call.
#pragma once

#include <cstddef>

#include "inlay/core/compiler.hpp"
#include "inlay/core/dynamic.hpp"
#include "inlay/core/epilogue.hpp"
#include "inlay/core/matrix.hpp"
#include "inlay/core/product.hpp"
#include "inlay/core/tensor.hpp"
#include "inlay/layers/dense.hpp"
#include "inlay/run_time/kernels/one_panel.hpp"

namespace inlay::INLAY_ISA::kernels {

/// Uses a kernel compiled for the panel's height if the matrix is a single panel, and the code of Dense otherwise.
template <class B>
class PanelDense : public Dense<dynamic, dynamic, B> {
  using Base = Dense<dynamic, dynamic, B>;
  using Kernel = Matrix<B, dynamic, dynamic>;
  using T = typename B::scalar;

 public:
  using typename Base::State;

  void visit(auto& v) {
    Base::visit(v);
    constexpr auto of_height = []<std::size_t Height>() { return &PanelDense::forward_panel<Height>; };
    if (const std::size_t height = this->kernel_.only_height()) panel_.forward = Kernel::for_height(of_height, height);
  }
  /// Fuses an epilogue into `forward`. `process` does not apply it. Returns false if not supported.
  bool fuse_epilogue(const Epilogue<B>& epilogue) noexcept
    requires(B::width > 1)
  {
    return panel_.fuse_epilogue(epilogue);
  }
  INLAY_INLINE void forward(State& state, const T* in, T* out, const T* addend = nullptr) const noexcept {
    if (panel_.forward) panel_.forward(*this, in, addend, out);
    else Base::forward(state, in, out, addend);
  }

 private:
  template <std::size_t Height>
  static INLAY_NOINLINE void forward_panel(const PanelDense& dense, const T* in, const T* addend, T* out) noexcept {
    const inlay::detail::FrameInput<dynamic, T> x{{dense.in_}, in};
    inlay::detail::multiply_panel<Height, Kernel>(dense.kernel_.column(0, Height, 0), dense.bias_.data(), x, addend,
                                                  out, dense.panel_.epilogue);
  }

  OnePanel<B, void(const PanelDense&, const T*, const T*, T*) noexcept> panel_;
};

}  // namespace inlay::INLAY_ISA::kernels
