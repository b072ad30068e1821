#include "support/models.hpp"

template class inlay::Model<float>;
#ifndef INLAY_TEST_FEW_BACKENDS
template class inlay::Model<double>;
#endif
