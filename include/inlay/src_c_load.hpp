/// The C interface (<inlay/inlay.h>) with models from files. Include this header in one source file. CMake's targets
/// inlay::c and inlay::c_shared do this.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "inlay/io/error.hpp"
#include "inlay/run_time/model.hpp"
#include "inlay/src_c.hpp"

namespace inlay::c {

/// A model from a file. Its states are those of `Model`.
struct LoadedModel : inlay_model {
  using State = Model<float>::State;

  explicit LoadedModel(Model<float> loaded) : inlay_model{}, model(std::move(loaded)) {
    const Rate rate = model.rate();
    info = {.in_channels = model.in_size(),
            .out_channels = model.out_size(),
            .knobs = model.condition_size(),
            .in_frames = rate.in,
            .out_frames = rate.out,
            .latency = model.latency(),
            .receptive_field = model.receptive_field(),
            .parameters = model.parameters(),
            .macs = model.macs_per_sample(),
            .voice_bytes = voice_bytes(sizeof(State), alignof(State)),
            .sample_rate = model.sample_rate().value_or(0),
            .check_error = model.info().check_error.value_or(-1)};
    metadata = model.info().metadata.c_str();
    state_bytes = sizeof(State);
    state_alignment = alignof(State);
    start = [](const inlay_model& self, void* memory) noexcept {
      try {
        of(self).reset(*::new (memory) State(of(self).new_state()));
        return true;
      } catch (const std::bad_alloc&) {
        return false;
      }
    };
    stop = [](void* state) noexcept { static_cast<State*>(state)->~State(); };
    reset = [](const inlay_model& self, void* state) noexcept { of(self).reset(*static_cast<State*>(state)); };
    process = [](const inlay_model& self, void* state, const float* const* in, float* const* out, std::size_t frames,
                 Condition<float> knobs) noexcept {
      return of(self).process(*static_cast<State*>(state), in, out, frames, knobs);
    };
  }
  LoadedModel(const LoadedModel&) = delete;
  LoadedModel& operator=(const LoadedModel&) = delete;

  static const Model<float>& of(const inlay_model& self) noexcept {
    return static_cast<const LoadedModel&>(self).model;
  }

  Model<float> model;
};

/// Copies a text and its final zero. Of a text that is too long, keeps as many whole characters as fit.
template <std::size_t N>
void copy_text(std::string_view text, char (&to)[N]) noexcept {
  std::size_t size = std::min(text.size(), N - 1);
  const auto continues = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0u) == 0x80u; };
  if (size < text.size())
    while (size > 0 && continues(text[size])) --size;
  *std::copy_n(text.begin(), size, to) = '\0';
}

/// Returns a new model from `load(options)`, or fills `error`.
template <class Load>
inlay_model* load(const inlay_options* options, inlay_error* error, Load load) noexcept {
  inlay_error ignored;
  inlay_error& found = error != nullptr ? *error : ignored;
  found.message[0] = found.place[0] = '\0';
  try {
    ModelOptions chosen;
    if (options != nullptr) chosen.size = options->size;
    return new LoadedModel(load(chosen));
  } catch (const load_error& thrown) {
    copy_text(thrown.what(), found.message);
    copy_text(thrown.place(), found.place);
  } catch (const std::bad_alloc&) {
    copy_text("not enough memory", found.message);
  } catch (const std::exception& thrown) {
    copy_text(thrown.what(), found.message);
  }
  return nullptr;
}

}  // namespace inlay::c

extern "C" {

inlay_model* inlay_load(const void* bytes, size_t count, const inlay_options* options, inlay_error* error) {
  return inlay::c::load(options, error, [&](const inlay::ModelOptions& chosen) {
    return inlay::Model<float>::load_text(std::string_view(static_cast<const char*>(bytes), count), chosen);
  });
}

inlay_model* inlay_load_file(const char* path, const inlay_options* options, inlay_error* error) {
  return inlay::c::load(options, error, [&](const inlay::ModelOptions& chosen) {
    const std::string_view text(path);
    return inlay::Model<float>::load(std::filesystem::path(std::u8string(text.begin(), text.end())), chosen);
  });
}

void inlay_free(inlay_model* model) { delete static_cast<inlay::c::LoadedModel*>(model); }

}  // extern "C"
