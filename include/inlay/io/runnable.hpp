/// Runnable: a type-erased view of a model and a state. Code that uses it is compiled once per scalar type, not once
/// per model type.
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>

#include "inlay/core/condition.hpp"
#include "inlay/core/layer_shape.hpp"

namespace inlay::io {

/// Does not own the model and the state. `T` is the scalar type.
template <class T>
struct Runnable {
  std::size_t in_size, out_size, condition_size, receptive_field;
  Rate rate;
  bool one_to_one;
  std::size_t (*max_output_frames_with)(const void* model, std::size_t frames);
  const void* model;
  void* state;
  void (*reset_with)(const void* model, void* state);
  std::size_t (*forward_with)(const void* model, void* state, const T* in, T* out, const T* condition);
  std::size_t (*process_with)(const void* model, void* state, const T* const* in, T* const* out, std::size_t frames,
                              Condition<T> condition);
  double work = 0;  ///< operations per input frame (inlay::work_of)

  /// Largest number of output frames for `frames` input frames.
  std::size_t max_output_frames(std::size_t frames) const { return max_output_frames_with(model, frames); }
  /// Sets the state to the start of a signal.
  void reset() const { reset_with(model, state); }
  /// `forward` and `process` return the number of frames written. `condition` is not read if `condition_size` is 0.
  std::size_t forward(const T* in, T* out, const T* condition = nullptr) const {
    return forward_with(model, state, in, out, condition);
  }
  std::size_t process(const T* const* in, T* const* out, std::size_t frames, Condition<T> condition = {}) const {
    return process_with(model, state, in, out, frames, condition);
  }
};

/// Returns a view of a ModelT and a state of it.
template <class Model>
Runnable<typename Model::scalar> runnable(const Model& model, typename Model::State& state) {
  using T = typename Model::scalar;
  using State = typename Model::State;
  return {
      Model::in_size,
      Model::out_size,
      Model::condition_size,
      Model::receptive_field,
      Model::rate,
      Model::one_to_one,
      [](const void*, std::size_t frames) { return Model::max_output_frames(frames); },
      &model,
      &state,
      [](const void* weights, void* voice) { static_cast<const Model*>(weights)->reset(*static_cast<State*>(voice)); },
      [](const void* weights, void* voice, const T* in, T* out, const T* condition) -> std::size_t {
        const auto run = [&] {
          return static_cast<const Model*>(weights)->forward(
              *static_cast<State*>(voice), std::span<const T, Model::in_size>(in, Model::in_size),
              std::span<T, Model::max_frames_per_input * Model::out_size>(
                  out, Model::max_frames_per_input * Model::out_size),
              std::span<const T, Model::condition_size>(condition, Model::condition_size));
        };
        if constexpr (Model::one_to_one) return run(), std::size_t{1};
        else return run();
      },
      [](const void* weights, void* voice, const T* const* in, T* const* out, std::size_t frames,
         Condition<T> condition) {
        return static_cast<const Model*>(weights)->process(*static_cast<State*>(voice), in, out, frames, condition);
      },
      work_of(Model::macs_per_sample, Model::in_size, Model::out_size)};
}

}  // namespace inlay::io
