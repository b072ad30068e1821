/// For code that includes a single header of RTNeural's; see RTNeural.h.
#pragma once

#include "inlay/compat/rtneural.hpp"
