/// Small real-time-safe parts around a model, for plugins.
#pragma once

#include "inlay/core/no_denormals.hpp"
#include "inlay/plugin/guarded.hpp"
#include "inlay/plugin/interleaved.hpp"
#include "inlay/plugin/levels.hpp"
#include "inlay/plugin/model_slot.hpp"
#include "inlay/plugin/oversampled.hpp"
#include "inlay/plugin/resampled.hpp"
#include "inlay/plugin/smoothed_values.hpp"
