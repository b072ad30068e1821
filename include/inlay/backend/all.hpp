/// All available backends.
#pragma once

#include "inlay/backend/auto.hpp"
#include "inlay/backend/default.hpp"
#include "inlay/backend/loop.hpp"
#include "inlay/backend/stl.hpp"
#if INLAY_HAS_EIGEN
#include "inlay/backend/eigen.hpp"
#endif
#if INLAY_HAS_NATIVE_VECTOR
#include "inlay/backend/vector.hpp"
#endif
