/// WindowFacts, WindowRun: the layers of a window, for `Windowed` and for its counterpart of dynamic sizes.
#pragma once

#include <algorithm>
#include <cstddef>

#include "inlay/core/block.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/frames.hpp"
#include "inlay/core/history.hpp"

namespace inlay::INLAY_ISA::detail {

/// One layer of a window.
struct WindowLayer {
  std::size_t out;            ///< output channels
  std::size_t before, after;  ///< frames of zeros that a time_pad adds
  bool by_frame;              ///< true if each output frame depends on one input frame only
  std::size_t macs;           ///< multiply-accumulates per input frame
};

/// Sizes of a window, layer by layer. Layers at the end that map each frame on its own compute the last frame only.
template <class T>
class WindowFacts {
 public:
  constexpr WindowFacts(std::size_t channels_in, std::size_t window)
      : channels(channels_in), frames(window), room(Frames<T>::room(channels_in, window)) {}

  /// Appends a layer that makes `output_frames` of the frames so far, without its zeros.
  constexpr void add(const WindowLayer& layer, std::size_t output_frames) {
    macs_of_all_frames_ += layer.macs * frames;
    macs_of_last_frame_ += layer.macs;
    ++count_;
    if (!layer.by_frame) {
      macs_before_ += macs_of_all_frames_;
      macs_of_all_frames_ = macs_of_last_frame_ = 0;
      last_only = count_;
    }
    channels = layer.out;
    frames = layer.before + output_frames + layer.after;
    room = std::max(room, Frames<T>::room(channels, frames));
  }
  /// Multiply-accumulates per window.
  constexpr std::size_t macs() const noexcept { return macs_before_ + macs_of_last_frame_; }

  std::size_t channels, frames;  ///< of the last layer's output
  std::size_t room;              ///< values of a buffer for the output of any layer
  std::size_t last_only = 0;     ///< index of the first layer that computes the last frame only

 private:
  std::size_t count_ = 0, macs_before_ = 0, macs_of_all_frames_ = 0, macs_of_last_frame_ = 0;
};

/// Takes the frames of one window through its layers, from one of two buffers of `WindowFacts::room` values to the
/// other.
template <class T>
class WindowRun {
 public:
  /// The window is the last `window` frames of `x`.
  WindowRun(T* first, T* second, const Window<T>& x, std::size_t channels, std::size_t window) noexcept
      : from_{first, channels}, other_(second) {
    from_.append(x, window);
  }
  /// Runs the next layer: `process(tile, frames, to)` appends the output frames of a tile to the Frames `to`.
  template <class F>
  void run(const WindowLayer& layer, bool last_only, F&& process) noexcept {
    Frames<T> to{other_, layer.out};
    if (last_only) from_.keep_last();
    to.append_zeros(layer.before);
    from_.for_each_tile([&](Block<T> tile, std::size_t frames) { process(tile, frames, to); });
    to.append_zeros(layer.after);
    other_ = from_.data;
    from_ = to;
  }
  /// The frames that the layers so far have given.
  const Frames<T>& frames() const noexcept { return from_; }

 private:
  Frames<T> from_;
  T* other_;
};

}  // namespace inlay::INLAY_ISA::detail
