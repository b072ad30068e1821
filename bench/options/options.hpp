/// The opt-in features that are timed, and functions that add them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "../layers/typed.hpp"
#include "voices.hpp"

namespace inlay::bench {

struct Option {
  std::string_view name;  ///< name in the benchmark, in place of the backend
  const char* title;      ///< title in the table
  double tolerance;       ///< relative to the peak: to the reference for `exact`, to `exact` for the others
  std::size_t voices;     ///< voices per call
};
inline constexpr std::array<Option, 7> options{{{"exact", "exact", tolerance, 1},
                                                {"fast", "fast", 1e-3, 1},
                                                {"compact", "bfloat16", 2e-2, 1},
                                                {"int16", "int16", 5e-4, 1},
                                                {"int8", "int8", 5e-2, 1},
                                                {"2-voices", "2 voices", 0, 2},
                                                {"4-voices", "4 voices", 0, 4}}};
inline constexpr const Option& exact = options[0];

/// Adds the layer without options.
template <class Model>
void add_exact(const Name& name) {
  add_model<Model>(name, exact.name);
}

/// Adds a model with an option and the same weights. The description of `add_exact` is reused, which saves compile
/// time.
template <class Model>
void add_option(const Name& name, const char* option) {
  suite().cases.push_back({name, option, make_subject<Model>});
}

/// Adds a layer with each type of smaller weights. `L<B>` is the layer on backend B.
template <template <class> class L>
void add_smaller_weights(const Name& name) {
  add_option<ModelT<L<compact_backend>>>(name, "compact");
  add_option<ModelT<L<default_backend_for<float, math::Accurate, std::int16_t>>>>(name, "int16");
  add_option<ModelT<L<default_backend_for<float, math::Accurate, std::int8_t>>>>(name, "int8");
}

template <std::size_t Voices, class Model>
void add_voices(const Name& name) {
  suite().cases.push_back({name, std::to_string(Voices) + "-voices",
                           [] { return std::make_unique<VoicesSubject<Model, Voices>>(random_model<Model>()); }});
}

}  // namespace inlay::bench
