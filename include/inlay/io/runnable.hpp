/// A model and a state behind their scalar type, so that what is done with them is compiled once and not
/// for every model.
#pragma once

#include <cstddef>
#include <span>

namespace inlay::io {

template <class T>
struct Runnable {
  std::size_t in_size, out_size, receptive_field;
  const void* model;
  void* state;
  void (*reset_with)(const void* model, void* state);
  void (*forward_with)(const void* model, void* state, const T* in, T* out);
  void (*process_with)(const void* model, void* state, const T* const* in, T* const* out, std::size_t frames);

  void reset() const { reset_with(model, state); }
  void forward(const T* in, T* out) const { forward_with(model, state, in, out); }
  void process(const T* const* in, T* const* out, std::size_t frames) const {
    process_with(model, state, in, out, frames);
  }
};

template <class Model>
Runnable<typename Model::scalar> runnable(const Model& model, typename Model::State& state) {
  using T = typename Model::scalar;
  using State = typename Model::State;
  return {Model::in_size,
          Model::out_size,
          Model::receptive_field,
          &model,
          &state,
          [](const void* m, void* s) { static_cast<const Model*>(m)->reset(*static_cast<State*>(s)); },
          [](const void* m, void* s, const T* in, T* out) {
            static_cast<const Model*>(m)->forward(*static_cast<State*>(s),
                                                  std::span<const T, Model::in_size>(in, Model::in_size),
                                                  std::span<T, Model::out_size>(out, Model::out_size));
          },
          [](const void* m, void* s, const T* const* in, T* const* out, std::size_t frames) {
            static_cast<const Model*>(m)->process(*static_cast<State*>(s), in, out, frames);
          }};
}

}  // namespace inlay::io
