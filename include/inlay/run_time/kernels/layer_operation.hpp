/// LayerOperation: adapts a layer class to the interface Operation.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>

#include "inlay/core/assign.hpp"
#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/dynamic.hpp"
#include "inlay/core/epilogue.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/io/weight_loader.hpp"
#include "inlay/run_time/operation.hpp"

namespace inlay::INLAY_ISA::kernels {

/// Identifies backend B by its address.
template <class B>
inline constexpr char backend_tag = 0;

/// Layer L. in[0] is its input, in[1] its side channels.
template <class L>
class LayerOperation final : public run_time::Operation<typename L::scalar> {
  using T = typename L::scalar;
  using Operands = run_time::Operands<T>;
  using Memory = run_time::Memory;
  using Operation = run_time::Operation<T>;
  /// Scratch values of a layer of fixed sizes. Layers of dynamic sizes keep scratch memory in their state.
  static constexpr std::size_t scratch_size = [] {
    if constexpr (requires { L::scratch_size; }) return L::scratch_size;
    else return std::size_t{0};
  }();
  struct LayerMemory final : Memory {
    typename L::State state;
    AlignedArray<T, scratch_size> scratch;
    INLAY_COLD std::unique_ptr<Memory> clone() const override {
      return std::unique_ptr<Memory>(new LayerMemory(*this));
    }
    void assign(const Memory& other) noexcept override { state = static_cast<const LayerMemory&>(other).state; }
  };
  /// Layers without state, which are most, need no memory.
  static constexpr bool has_memory = scratch_size > 0 || !std::is_empty_v<typename L::State>;

  static decltype(auto) state(Memory* memory) noexcept {
    if constexpr (has_memory) return (static_cast<LayerMemory*>(memory)->state);
    else return typename L::State{};
  }
  static Context<T> context(const Operands& operands) noexcept {
    if constexpr (scratch_size > 0) return {static_cast<LayerMemory*>(operands.memory)->scratch.data(), operands.in[1]};
    else return {nullptr, operands.in[1]};
  }

 public:
  L layer;

  /// Reads the options of a record for `width` input channels. Throws load_error.
  INLAY_COLD LayerOperation(const io::LayerRecord& record, std::size_t width) {
    io::WeightLoader loader(record, width);
    layer.visit(loader.only_shapes());
  }

  LayerShape shape() const override { return shape_of(layer); }
  double bound() const override { return io::policy_bound<L>(); }

  INLAY_COLD void load(const run_time::Weights& own, const run_time::Weights& condition_dense) override {
    visit(own, layer);
    if constexpr (requires { layer.condition_dense(); })
      if (condition_dense.record) visit(condition_dense, layer.condition_dense());
    inlay::detail::prepare(layer);
  }

  INLAY_COLD std::unique_ptr<Memory> memory() const override {
    if constexpr (!has_memory) {
      return nullptr;
    } else {
      std::unique_ptr<Memory> own(new LayerMemory);
      if constexpr (requires { layer.resize(state(own.get())); }) layer.resize(state(own.get()));
      return own;
    }
  }
  void reset(Memory* memory) const noexcept override {
    auto&& s = state(memory);
    layer.reset(s);
  }
  void frame(const Operands& operands) const noexcept override {
    auto&& s = state(operands.memory);
    if constexpr (inlay::detail::FusesAddend<L>)
      inlay::detail::forward(layer, s, operands.in[0], operands.out, context(operands), operands.addend);
    else inlay::detail::forward(layer, s, operands.in[0], operands.out, context(operands));
  }
  std::size_t tile(const Operands& operands, std::size_t frames) const noexcept override {
    const Block<const T> in(operands.in[0]);
    const Block<T> out(operands.out);
    auto&& s = state(operands.memory);
    if constexpr (inlay::detail::FusesAddend<L>)
      return inlay::detail::process(layer, s, in, out, frames, context(operands), operands.addend);
    else return inlay::detail::process(layer, s, in, out, frames, context(operands));
  }

  bool adds() const noexcept override { return inlay::detail::FusesAddend<L>; }
  bool fuse_condition([[maybe_unused]] const Operation& dense) override {
    if constexpr (requires { typename L::ConditionDense; }) {
      const auto* other = dynamic_cast<const LayerOperation<typename L::ConditionDense>*>(&dense);
      return other && layer.fuse_condition(other->layer);
    } else {
      return false;
    }
  }
  bool fuse_epilogue([[maybe_unused]] const Operation& next) override {
    if constexpr (requires(Epilogue<typename L::backend> e) { layer.fuse_epilogue(e); }) {
      Epilogue<typename L::backend> found;
      return next.epilogue(&backend_tag<typename L::backend>, &found) && layer.fuse_epilogue(found);
    } else {
      return false;
    }
  }
  bool epilogue([[maybe_unused]] const void* tag, [[maybe_unused]] void* to) const override {
    if constexpr (requires { layer.epilogue(); }) {
      if (tag != &backend_tag<typename L::backend>) return false;
      *static_cast<Epilogue<typename L::backend>*>(to) = layer.epilogue();
      return true;
    } else {
      return false;
    }
  }

 private:
  static INLAY_COLD void visit(const run_time::Weights& weights, auto&& visited) {
    io::WeightLoader loader(*weights.record, weights.width);
    visited.visit(loader);
    loader.finish();
  }
};

}  // namespace inlay::INLAY_ISA::kernels
