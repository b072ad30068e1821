/// InitialState: a recurrent layer that starts from a trained state.
#pragma once

#include <cstddef>
#include <type_traits>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/extent.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/core/tensor.hpp"

namespace inlay::INLAY_ISA {

/// Recurrent layer `L` (LSTM, ProjectedLSTM, GRU, RNN, MinGRU) whose state after a reset is trained, not zero.
///
/// Tensors, besides those of `L`: `initial_hidden` [Out] and, for an LSTM, `initial_cell` [units]; both optional in
/// files, zero by default. PyTorch: a recurrent layer called with parameters as its initial state. Costs nothing per
/// frame. A state has the initial values from the first reset on; `ModelT::load` resets the state of the model.
template <class L>
class InitialState : public L {
  using B = typename L::backend;
  static constexpr bool has_cell = requires { L::cell_size; };
  static constexpr std::size_t cell_count = [] {
    if constexpr (has_cell) return L::cell_size;
    else return std::size_t{0};
  }();

 public:
  using typename L::State;
  static constexpr std::size_t parameters = sum_of<L::parameters, sum_of<L::out_size, cell_count>>;

  constexpr void visit(auto& v) {
    L::visit(v);
    const LayerShape shape = static_cast<const L*>(this)->shape();
    if constexpr (L::out_size == dynamic) hidden_.resize(shape.out);
    v.optional_tensor("initial_hidden", hidden_, 0);
    if constexpr (has_cell) {
      if constexpr (L::out_size == dynamic) cell_.resize(this->cells());
      v.optional_tensor("initial_cell", cell_, 0);
    }
  }
  void reset(State& state) const noexcept {
    L::reset(state);
    const auto memory = state.memory();
    copy_row(hidden_.data(), hidden_.shape()[0], memory[0]);
    if constexpr (has_cell) copy_row(cell_.data(), cell_.shape()[0], memory[1]);
  }

 private:
  struct None {};
  Vector<B, L::out_size> hidden_;
  INLAY_NO_ADDRESS std::conditional_t<has_cell, Vector<B, cell_count>, None> cell_;
};

}  // namespace inlay::INLAY_ISA
