/// Rendering a folder of audio files, as many at once as there are processors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "rendering.hpp"

namespace render {

/// The jobs for all files in a folder whose names do not start with a dot: OUT/NAME.wav for each, compared with
/// REFERENCE/NAME.wav unless `reference` is empty. Throws Problem if two outputs had the same name.
std::vector<Job> jobs_of(const Job& folders);

/// The number of frames of all inputs that can be read; standard input is not counted.
std::uint64_t frames_of(const std::vector<Job>& jobs);

/// Runs `task` for each job, on as many threads as there are processors. `task` is called by several threads at once.
void run_all(const std::vector<Job>& jobs, const std::function<void(const Job&)>& task);

}  // namespace render
