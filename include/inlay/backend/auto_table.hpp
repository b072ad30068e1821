// Written by bench/tune.sh: run it to measure again.
// AMD EPYC, 2026-11-21, clang++-19, g++; float, frames and blocks of 64.
#pragma once

#include <array>
#include <cstddef>

#include "inlay/backend/choice.hpp"
#include "inlay/core/compiler.hpp"

namespace inlay::INLAY_ISA::detail {

inline constexpr std::array<Choice, 1> choices{{
    {Compiler::clang, 32, 4, Work::gru, 16, 19, BackendName::eigen},
}};

}  // namespace inlay::INLAY_ISA::detail
