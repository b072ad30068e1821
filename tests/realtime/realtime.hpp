/// Checks of code that must be real-time safe.
#pragma once

#include <functional>

namespace realtime {

/// Runs `code` and detects calls that are not real-time safe. Returns a description of a violation, or "" if there
/// was none. With RealtimeSanitizer, a violation ends the process instead.
const char* check(const std::function<void()>& code);

/// How `check` reports a violation: by its return value, or by ending the process.
extern const bool violations_are_fatal;

}  // namespace realtime
