/// Defines the DispatchTable of a ModelT for the instruction set that the including file is compiled for. Included by
/// the source files that CMake's inlay_dispatch generates.
#pragma once

#if !defined(INLAY_COMPILED)
#error "inlay: dispatch needs the compiled library: link inlay::compiled (docs/compiling.md)"
#endif

#include "inlay/core/compiler.hpp"
#include "inlay/dispatch_table.hpp"
#include "inlay/engine.hpp"
#include "inlay/io/weight_loader.hpp"

namespace inlay::INLAY_ISA {

/// Returns the table of model type M.
template <class M>
constexpr DispatchTable<typename M::scalar> dispatch_table(const char* isa) {
  using State = typename M::State;
  return {
      .isa = isa,
      .model_bytes = sizeof(M),
      .state_bytes = sizeof(State),
      .alignment = alignment,
      .latency = M::latency(),
      .parameters = M::parameters,
      .make_model = [](void* memory) { ::new (memory) M(); },
      .copy_model = [](void* memory, const void* from) { ::new (memory) M(*static_cast<const M*>(from)); },
      .make_state = [](void* memory) { ::new (memory) State(); },
      .copy_state = [](void* memory, const void* from) { ::new (memory) State(*static_cast<const State*>(from)); },
      .destroy_model = [](void* model) { static_cast<M*>(model)->~M(); },
      .destroy_state = [](void* state) { static_cast<State*>(state)->~State(); },
      .load = [](void* model,
                 const io::ChainRecord& chain) { return io::load_chain(static_cast<M*>(model)->layers(), chain); },
      .runnable = [](const void* model,
                     void* state) { return io::runnable(*static_cast<const M*>(model), *static_cast<State*>(state)); }};
}

}  // namespace inlay::INLAY_ISA

/// INLAY_DISPATCH_IMPLEMENTATION defines FUNCTION, which returns the table of MODEL.
#define INLAY_DISPATCH_TEXT_OF(name) #name
#define INLAY_DISPATCH_TEXT(name) INLAY_DISPATCH_TEXT_OF(name)
#define INLAY_DISPATCH_IMPLEMENTATION(MODEL, FUNCTION)                                                 \
  const ::inlay::DispatchTable<typename MODEL::scalar>& FUNCTION() noexcept {                          \
    static constexpr auto table = ::inlay::dispatch_table<MODEL>(INLAY_DISPATCH_TEXT(INLAY_ISA_NAME)); \
    return table;                                                                                      \
  }
