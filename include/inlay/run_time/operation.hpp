/// Operation: one step of a run-time network.
///
/// Interface between the plan of a network, which is independent of the processor, and the kernels, which are compiled
/// once per instruction set.
#pragma once

#include <cstddef>
#include <memory>

#include "inlay/core/compiled.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/io/model_file.hpp"

namespace inlay::run_time {

/// Source of the weights of an operation.
struct Weights {
  const io::LayerRecord* record = nullptr;  ///< null if the operation has no weights
  std::size_t width = 0;                    ///< input channels
};

/// The state of an operation for one signal.
struct Memory {
  virtual ~Memory();
  virtual std::unique_ptr<Memory> clone() const = 0;
  /// Copies the state of `other`, which belongs to the same operation. Does not allocate.
  virtual void assign(const Memory& other) noexcept = 0;
};

/// Arguments of an operation. Signals are frames (channels are consecutive values) or tiles (each channel is a row,
/// rows are `tile_frames` values apart).
template <class T>
struct Operands {
  Memory* memory;  ///< state of the operation; null if it has none
  T* out;          ///< must be padded to whole registers, which may be written
  const T* in[3];
  const T* addend;  ///< signal to add to the output; may be null; only read by an operation that `adds()`
};

/// A step of a network: computes an output signal from input signals. Constant while it runs; its state is in `Memory`.
/// `frame`, `tile` and `reset` are real-time safe.
template <class T>
class Operation {
 public:
  virtual ~Operation();

  /// Channels, past, latency and rate. Valid once the options are read.
  virtual LayerShape shape() const = 0;
  /// Stated error of a lossy math policy or weight storage; 0 by default.
  virtual double bound() const;

  /// Reads the weights of a layer, and those of a Dense that was fused into it, if any. Throws load_error.
  virtual void load(const Weights& own, const Weights& condition_dense);

  /// Makes a state; null if the operation has none. Allocates.
  virtual std::unique_ptr<Memory> memory() const;
  /// Sets a state to the start of a signal.
  virtual void reset(Memory*) const noexcept {}
  /// Computes one frame.
  virtual void frame(const Operands<T>& operands) const noexcept = 0;
  /// Computes a tile of `frames` input frames. Returns the number of output frames.
  virtual std::size_t tile(const Operands<T>& operands, std::size_t frames) const noexcept = 0;

  /// Returns whether the operation can add `Operands::addend` to its output.
  virtual bool adds() const noexcept { return false; }
  /// Fuses `dense`, a Dense of the side channels in in[1], into this operation, whose output is then the sum of both.
  /// Must be called before the weights are loaded. Returns false if not supported.
  virtual bool fuse_condition(const Operation& /*dense*/) { return false; }
  /// Fuses the elementwise operation `next` into `frame`; `tile` is unchanged. Returns false if not supported.
  virtual bool fuse_epilogue(const Operation& /*next*/) { return false; }
  /// Writes this operation as an Epilogue<B> to `epilogue`; `tag` identifies the backend B. Returns false if the
  /// operation is no epilogue of that backend.
  virtual bool epilogue(const void* /*tag*/, void* /*epilogue*/) const { return false; }
};

}  // namespace inlay::run_time

#if !defined(INLAY_COMPILED)
#include "inlay/run_time/operation.ipp"
#endif
