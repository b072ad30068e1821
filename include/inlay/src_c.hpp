/// The voices of the C interface (<inlay/inlay.h>). Include this header in one source file of a program without files,
/// such as one for a microcontroller. It needs no exceptions. <inlay/src_c_load.hpp> has what loads files.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>

#include "inlay/c/model.hpp"
#include "inlay/version.hpp"

namespace inlay::c {

/// Makes a voice in memory that is large enough. `heap` is what `inlay_voice_free` frees.
inline inlay_voice* make_voice(const inlay_model& model, void* memory, std::size_t count, void* heap) noexcept {
  void* const place = std::align(alignof(inlay_voice), sizeof(inlay_voice), memory, count);
  void* state = static_cast<std::byte*>(place) + sizeof(inlay_voice);
  count -= sizeof(inlay_voice);
  std::align(model.state_alignment, model.state_bytes, state, count);
  return model.start(model, state) ? ::new (place) inlay_voice{&model, state, heap} : nullptr;
}

}  // namespace inlay::c

extern "C" {

const char* inlay_version(void) { return INLAY_VERSION; }

inlay_info inlay_info_of(const inlay_model* model) { return model->info; }

const char* inlay_metadata(const inlay_model* model) { return model->metadata; }

inlay_voice* inlay_voice_in(const inlay_model* model, void* memory, size_t count) {
  return count < model->info.voice_bytes ? nullptr : inlay::c::make_voice(*model, memory, count, nullptr);
}

inlay_voice* inlay_voice_new(const inlay_model* model) {
  void* const memory = ::operator new(model->info.voice_bytes, std::nothrow);
  if (memory == nullptr) return nullptr;
  inlay_voice* const voice = inlay::c::make_voice(*model, memory, model->info.voice_bytes, memory);
  if (voice == nullptr) ::operator delete(memory);
  return voice;
}

void inlay_voice_free(inlay_voice* voice) {
  if (voice == nullptr) return;
  voice->model->stop(voice->state);
  ::operator delete(voice->heap);
}

void inlay_reset(inlay_voice* voice) { voice->model->reset(*voice->model, voice->state); }

size_t inlay_process(inlay_voice* voice, const float* const* in, float* const* out, size_t frames, const float* knobs) {
  const inlay_model& model = *voice->model;
  if (knobs == nullptr && model.info.knobs > 0) return 0;
  return model.process(model, voice->state, in, out, frames, std::span(knobs, model.info.knobs));
}

size_t inlay_process_signals(inlay_voice* voice, const float* const* in, float* const* out, size_t frames,
                             const float* const* knobs) {
  const inlay_model& model = *voice->model;
  if (knobs == nullptr && model.info.knobs > 0) return 0;
  return model.process(model, voice->state, in, out, frames, knobs);
}

}  // extern "C"
