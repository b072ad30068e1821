/// What is behind the types of the C interface.
#pragma once

#include <cstddef>
#include <new>

#include "inlay/core/condition.hpp"
#include "inlay/inlay.h"

/// A model of the C interface: facts, and functions on states, whose type only these functions know.
struct inlay_model {
  inlay_info info;
  const char* metadata;
  std::size_t state_bytes, state_alignment;
  /// Constructs a state in `memory`, at the start of a signal. Returns false if there is not enough memory.
  bool (*start)(const inlay_model& model, void* memory) noexcept;
  void (*stop)(void* state) noexcept;
  void (*reset)(const inlay_model& model, void* state) noexcept;
  std::size_t (*process)(const inlay_model& model, void* state, const float* const* in, float* const* out,
                         std::size_t frames, inlay::Condition<float> knobs) noexcept;
};

/// A voice: the state follows in the same memory.
struct inlay_voice {
  const inlay_model* model;
  void* state;
  void* heap;  ///< to be freed with the voice; null if the memory is the caller's
};

namespace inlay::c {

/// Bytes for a voice at any address whose state has this size and alignment.
constexpr std::size_t voice_bytes(std::size_t state_bytes, std::size_t state_alignment) {
  return alignof(inlay_voice) + sizeof(inlay_voice) + state_alignment + state_bytes;
}

}  // namespace inlay::c
