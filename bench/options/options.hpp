/// The ways of running a layer that are timed, and how each is added.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "../layers/typed.hpp"
#include "voices.hpp"

namespace inlay::bench {

struct Option {
  std::string_view name;  ///< as that of a benchmark's backend
  const char* title;      ///< in the table
  double tolerance;       ///< of its output, as a share of the peak: beside straight loops for the first one, ...
  std::size_t voices;     ///< ... beside the first one for all others
};
inline constexpr std::array<Option, 5> options{{{"exact", "exact", tolerance, 1},
                                                {"fast", "fast", 1e-3, 1},
                                                {"compact", "16 bits", 2e-2, 1},
                                                {"2-voices", "2 voices", 0, 2},
                                                {"4-voices", "4 voices", 0, 4}}};
inline constexpr const Option& exact = options[0];

/// The layer itself, by which all else is measured.
template <class Model>
void add_exact(const Name& name) {
  add_model<Model>(name, exact.name);
}

/// Another model of the same weights. The exact one has described them, which would be compiled once more.
template <class Model>
void add_option(const Name& name, const char* option) {
  suite().cases.push_back({name, option, make_subject<Model>});
}

template <std::size_t Voices, class Model>
void add_voices(const Name& name) {
  suite().cases.push_back({name, std::to_string(Voices) + "-voices",
                           [] { return std::make_unique<VoicesSubject<Model, Voices>>(random_model<Model>()); }});
}

}  // namespace inlay::bench
