/// Brackets around code that has to be fit for the audio thread.
#pragma once

#include <functional>

namespace realtime {

/// Runs `code` as the audio thread would. Returns what is wrong with it ("" if nothing is), or, with
/// RealtimeSanitizer, ends the process.
const char* check(const std::function<void()>& code);

/// What a violation looks like to `check`'s caller: a return value, or the death of the process.
extern const bool violations_are_fatal;

}  // namespace realtime
