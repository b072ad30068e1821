/// DispatchTable: function table of a ModelT compiled for one instruction set. A program can hold several and choose.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

#include "inlay/core/layer_shape.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/io/runnable.hpp"

namespace inlay {

/// Properties of a model type, and functions that work on the memory of a model and of a state. `T` is the scalar type.
template <class T>
struct DispatchTable {
  const char* isa;  ///< name of the instruction set, such as "avx2"
  std::size_t model_bytes, state_bytes, alignment;
  std::size_t latency, parameters;
  void (*make_model)(void* memory);
  void (*copy_model)(void* memory, const void* from);
  void (*make_state)(void* memory);
  void (*copy_state)(void* memory, const void* from);
  void (*destroy_model)(void* model);
  void (*destroy_state)(void* state);
  /// Fills the model from the records of a chain. Returns the stated error of its lossy policies. Throws load_error.
  double (*load)(void* model, const io::ChainRecord& chain);
  /// Returns a view of a model and a state.
  io::Runnable<T> (*runnable)(const void* model, void* state);
};

}  // namespace inlay
