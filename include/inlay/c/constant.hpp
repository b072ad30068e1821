/// INLAY_C_MODEL: a constant model for the C interface.
#pragma once

#include <cstddef>
#include <new>
#include <span>

#include "inlay/c/model.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/model/constant_model.hpp"

namespace inlay::INLAY_ISA {

/// The model M, a `ConstantModel` of float, as a constant of the C interface.
template <class M>
constexpr inlay_model c_model(double sample_rate) {
  return {
      .info = {.in_channels = M::in_size,
               .out_channels = M::out_size,
               .knobs = M::condition_size,
               .in_frames = M::rate.in,
               .out_frames = M::rate.out,
               .latency = M::latency(),
               .receptive_field = M::receptive_field,
               .parameters = M::parameters,
               .macs = M::macs_per_sample,
               .voice_bytes = c::voice_bytes(sizeof(M), alignof(M)),
               .sample_rate = sample_rate,
               .check_error = -1},
      .metadata = "",
      .state_bytes = sizeof(M),
      .state_alignment = alignof(M),
      .start = [](const inlay_model&, void* memory) noexcept { return ::new (memory) M() != nullptr; },
      .stop = [](void* state) noexcept { static_cast<M*>(state)->~M(); },
      .reset = [](const inlay_model&, void* state) noexcept { static_cast<M*>(state)->reset(); },
      .process =
          [](const inlay_model&, void* state, const float* const* in, float* const* out, std::size_t frames,
             Condition<float> knobs) noexcept { return static_cast<M*>(state)->process(in, out, frames, knobs); },
  };
}

}  // namespace inlay::INLAY_ISA

/// Defines the model `name` for C, from a `ConstantModel` type with a sample rate in Hz, or 0. In C, declare it as
/// `extern const inlay_model name;` and make its voices with `inlay_voice_in` and `inlay_voice_new`.
///
///     #include "amp.hpp"  // inlay codegen amp.json --name Amp --constant -o amp.hpp
///     INLAY_C_MODEL(amp, Amp, 48000)
#define INLAY_C_MODEL(name, type, sample_rate)                      \
  extern "C" {                                                      \
  extern const inlay_model name;                                    \
  constexpr inlay_model name = ::inlay::c_model<type>(sample_rate); \
  }
