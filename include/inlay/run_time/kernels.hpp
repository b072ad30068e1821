/// Kernels: the operations of one instruction set, and the loops that run them.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "inlay/core/condition.hpp"
#include "inlay/run_time/operation.hpp"

namespace inlay::run_time {

/// An operation on the memory of one signal.
template <class T>
struct Call {
  const Operation<T>* operation;
  Operands<T> at;
  const std::size_t* taken;  ///< frames of its input in the present tile
  std::size_t* given;        ///< and of its output
};

/// A network on one signal: all its calls in order, and the memory of its inputs and its output.
template <class T>
struct Run {
  /// The calls of one pass, of a frame or of a tile, and where its signals lie.
  struct Pass {
    std::span<const Call<T>> calls;
    T *in, *out, *condition;
  };
  Pass frame, tile;
  std::size_t in_size, out_size, condition_size;
  std::size_t tile_size;                      ///< frames of input that go through it at once
  std::size_t *in_frames, *condition_frames;  ///< frames of the present tile
  const std::size_t* out_frames;
  bool one_to_one;
};

/// Functions of registers that combinators are made of.
enum class MapFunction {
  sum,       ///< a + b
  product,   ///< a b
  blend,     ///< x + gate (activated - x) of x, activated, gate
  scale,     ///< x scale
  modulate,  ///< x scale + shift
};

/// One for each instruction set and scalar; has no state.
template <class T>
class Kernels {
 public:
  /// Name of the instruction set, such as "avx2".
  virtual const char* name() const noexcept = 0;

  /// The layer that a record describes, for `width` channels, with its options read and its weights not. Null if there
  /// is no such type. Throws load_error.
  virtual std::unique_ptr<Operation<T>> layer(const io::LayerRecord& record, std::size_t width) const = 0;
  virtual std::unique_ptr<Operation<T>> map(MapFunction function, std::size_t channels) const = 0;
  /// Copies channels, no more of them than there are: to where others lie beside them.
  virtual std::unique_ptr<Operation<T>> copy(std::size_t channels) const = 0;
  /// Zeros, as many frames as its input has.
  virtual std::unique_ptr<Operation<T>> zeros(std::size_t channels) const = 0;

  /// One frame of a host's memory. Returns how many frames came out.
  virtual std::size_t forward(const Run<T>& run, const T* in, T* out, const T* condition) const noexcept = 0;
  /// A buffer of a host, planar. Returns how many frames came out.
  virtual std::size_t process(const Run<T>& run, const T* const* in, T* const* out, std::size_t frames,
                              Condition<T> condition) const noexcept = 0;

 protected:
  ~Kernels() = default;
};

/// The kernels of the widest instruction set that the processor has and this program holds, or of the one that `isa` or
/// the environment variable INLAY_ISA names. Throws load_error if there is none of that name.
template <class T>
const Kernels<T>& choose_kernels(std::string_view isa);

}  // namespace inlay::run_time
