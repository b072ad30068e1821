/// Kernels: factory of the operations of one instruction set, and the loops that run them.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "inlay/combinators/map_functions.hpp"
#include "inlay/core/condition.hpp"
#include "inlay/run_time/operation.hpp"

namespace inlay::run_time {

/// A call of an operation on the memory of one signal.
template <class T>
struct Call {
  const Operation<T>* operation;
  Operands<T> operands;
  const std::size_t* input_frames;  ///< input frames in the current tile
  std::size_t* output_frames;       ///< output frames in the current tile
};

/// The calls after a cut: they run several times per tile of the calls before it, whose output does not fit one tile of
/// theirs. Each time a piece of that output is copied to their input.
template <class T>
struct Stage {
  std::span<const Call<T>> calls;
  const T* from;                   ///< tile of the output before the cut
  T* to;                           ///< tile of the input after it
  const std::size_t* from_frames;  ///< frames in these tiles
  std::size_t* to_frames;
  std::size_t channels;
  std::size_t tile_size;  ///< largest number of frames of a piece
};

/// A network bound to the memory of one signal: all calls in order, and the buffers of its inputs and output.
template <class T>
struct Run {
  /// The calls of a pass over one frame or one tile, and the buffers of the pass.
  struct Pass {
    std::span<const Call<T>> calls;
    T *in, *out, *condition;
  };
  Pass frame, tile;
  std::span<const Stage<T>> later;  ///< what follows the calls of `tile`, if the network has cuts
  std::size_t in_size, out_size, condition_size;
  std::size_t tile_size;                      ///< largest number of input frames per tile
  std::size_t *in_frames, *condition_frames;  ///< frames in the current tile
  const std::size_t* out_frames;
  bool one_to_one;
};

/// One stateless object per instruction set and scalar type. The factory functions allocate.
template <class T>
class Kernels {
 public:
  /// Name of the instruction set, such as "avx2".
  virtual const char* name() const noexcept = 0;

  /// Makes the layer of a record for `width` input channels and reads its options; weights are loaded later. Returns
  /// null if the type is unknown. Throws load_error if the options do not fit.
  virtual std::unique_ptr<Operation<T>> layer(const io::LayerRecord& record, std::size_t width) const = 0;
  /// Makes an elementwise function of signals with `channels` channels each.
  virtual std::unique_ptr<Operation<T>> map(MapFunction function, std::size_t channels) const = 0;
  /// Makes an operation that copies exactly `channels` channels. The output's neighbouring channels are not written.
  virtual std::unique_ptr<Operation<T>> copy(std::size_t channels) const = 0;
  /// Makes an operation that writes zeros, for as many frames as its input has.
  virtual std::unique_ptr<Operation<T>> zeros(std::size_t channels) const = 0;

  /// Runs one frame from and to the host's memory. Returns the number of output frames. Real-time safe.
  virtual std::size_t forward(const Run<T>& run, const T* in, T* out, const T* condition) const noexcept = 0;
  /// Runs a planar buffer of the host, tile by tile. Returns the number of output frames. Real-time safe.
  virtual std::size_t process(const Run<T>& run, const T* const* in, T* const* out, std::size_t frames,
                              Condition<T> condition) const noexcept = 0;

 protected:
  ~Kernels() = default;
};

/// Returns the kernels of the instruction set named by `isa` or, if that is empty, by the environment variable
/// INLAY_ISA. Without either: the widest instruction set that both the processor and the program have. Throws
/// load_error if the named one is not available.
template <class T>
const Kernels<T>& choose_kernels(std::string_view isa);

}  // namespace inlay::run_time
