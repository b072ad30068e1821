/// For code that includes <RTNeural/RTNeural.h> and is not to be changed: add include/inlay/compat/drop_in to the
/// include path in RTNeural's place.
#pragma once

#include "inlay/compat/rtneural.hpp"
