/// Operation: one step of a network that is known only at run time.
///
/// The interface between the plan of a network, which is the same for every processor, and the code that runs it,
/// which is compiled for each instruction set.
#pragma once

#include <cstddef>
#include <memory>

#include "inlay/core/compiled.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/io/model_file.hpp"

namespace inlay::run_time {

/// Where the weights of an operation come from.
struct Weights {
  const io::LayerRecord* record = nullptr;  ///< null if it has none
  std::size_t width = 0;                    ///< channels that come in
};

/// What an operation remembers from frame to frame.
struct Memory {
  virtual ~Memory();
  virtual std::unique_ptr<Memory> clone() const = 0;
  /// Becomes equal to `other`, which is of the same operation. Does not allocate.
  virtual void assign(const Memory& other) noexcept = 0;
};

/// Memory that an operation works on: frames, whose channels are consecutive values, or tiles, whose rows are channels
/// `tile_frames` values apart.
template <class T>
struct Operands {
  Memory* memory;  ///< what the operation remembers
  T* out;          ///< may be written in whole registers
  const T* in[3];
  const T* addend;  ///< added to the output by an operation that `adds()`; may be null
};

/// Computes its output from its inputs. Constant while it runs.
template <class T>
class Operation {
 public:
  virtual ~Operation();

  /// What it says of itself, once its options are read.
  virtual LayerShape shape() const = 0;
  /// The error that its mathematics states.
  virtual double bound() const;

  /// Reads the weights of a layer, and those of a Dense that was fused into it, if one was.
  virtual void load(const Weights& own, const Weights& condition_dense);

  virtual std::unique_ptr<Memory> memory() const;
  virtual void reset(Memory*) const noexcept {}
  /// One frame.
  virtual void frame(const Operands<T>& at) const noexcept = 0;
  /// A tile. Returns how many frames came out.
  virtual std::size_t tile(const Operands<T>& at, std::size_t frames) const noexcept = 0;

  /// Whether it adds an addend to its output.
  virtual bool adds() const noexcept { return false; }
  /// Before weights are loaded: makes `dense` of the side channels in in[1] part of this operation, which then gives
  /// the sum of both. Returns false if it cannot.
  virtual bool fuse_condition(const Operation& /*dense*/) { return false; }
  /// Makes `next`, which treats each value alone, part of `frame`. Returns false if it cannot.
  virtual bool fuse_epilogue(const Operation& /*next*/) { return false; }
  /// Writes the Epilogue of the backend that `tag` stands for to `epilogue`. Returns false if it has none.
  virtual bool epilogue(const void* /*tag*/, void* /*epilogue*/) const { return false; }
};

}  // namespace inlay::run_time

#if !defined(INLAY_COMPILED)
#include "inlay/run_time/operation.ipp"
#endif
