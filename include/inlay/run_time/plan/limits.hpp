/// Limits: the largest networks that the planner accepts.
#pragma once

#include <cstddef>

#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA::plan {

/// Largest number of channels of a signal.
inline constexpr std::size_t max_channels = std::size_t{1} << 16;
/// Largest number of input frames per output frame.
inline constexpr std::size_t max_frames_per_output = std::size_t{1} << 26;
/// Largest number of values of a signal inside a window.
inline constexpr std::size_t max_window_values = std::size_t{1} << 26;

}  // namespace inlay::INLAY_ISA::plan
