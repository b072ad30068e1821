/// PanelDense: a Dense of dynamic sizes that computes a frame in one call.
#pragma once

#include <cstddef>

#include "inlay/core/compiler.hpp"
#include "inlay/core/dynamic.hpp"
#include "inlay/core/epilogue.hpp"
#include "inlay/core/frame_product.hpp"
#include "inlay/core/matrix.hpp"
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
  using Input = inlay::detail::FrameInput<dynamic, T>;

 public:
  using typename Base::State;

  void visit(auto& v) {
    Base::visit(v);
    if (const std::size_t height = this->kernel_.only_height())
      panel_.forward = Kernel::for_height(inlay::detail::dynamic_panel<Kernel, Input, T>, height);
  }
  /// Fuses an epilogue into `forward`. `process` does not apply it. Returns false if not supported.
  bool fuse_epilogue(const Epilogue<B>& epilogue) noexcept
    requires(B::width > 1)
  {
    return panel_.fuse_epilogue(epilogue);
  }
  INLAY_INLINE void forward(State& state, const T* in, T* out, const T* addend = nullptr) const noexcept {
    if (!panel_.forward) return Base::forward(state, in, out, addend);
    panel_.forward(this->kernel_.column(0, this->kernel_.only_height(), 0), this->bias_.data(), {{this->in_}, in},
                   addend, out, panel_.epilogue);
  }

 private:
  OnePanel<B, decltype(inlay::detail::multiply_dynamic_panel<row_unit<B, dynamic>, Kernel, Input, T>)> panel_;
};

}  // namespace inlay::INLAY_ISA::kernels
