/// Networks that are known only when their file is loaded. Needs nlohmann/json and the heap, and takes longer to
/// compile than all the rest: include it in one source file.
#pragma once

#include "inlay/inlay.hpp"
#include "inlay/run_time/any_model.hpp"
#include "inlay/run_time/model.hpp"
