/// inlay::Model, compiled once for all tests that use it.
#pragma once

#include <inlay/run_time.hpp>

extern template class inlay::Model<float>;
#ifndef INLAY_TEST_FEW_BACKENDS
extern template class inlay::Model<double>;
#endif
