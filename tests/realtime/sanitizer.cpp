/// RealtimeSanitizer: the process ends with a stack trace at the first call that may block.
#include "realtime/realtime.hpp"

extern "C" {
void __rtsan_realtime_enter();
void __rtsan_realtime_exit();
}

namespace realtime {

const bool violations_are_fatal = true;

const char* check(const std::function<void()>& code) {
  __rtsan_realtime_enter();
  code();
  __rtsan_realtime_exit();
  return "";
}

}  // namespace realtime
