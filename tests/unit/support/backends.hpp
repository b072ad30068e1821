// Every backend that this build has, for float and double: what layer tests are typed over.
#pragma once

#include <gtest/gtest.h>

#include <inlay/backend/default.hpp>

#if INLAY_HAS_XSIMD && INLAY_HAS_EIGEN
using AllBackends = ::testing::Types<inlay::XsimdBackend<float>, inlay::EigenBackend<float>, inlay::StlBackend<float>,
                                     inlay::LoopBackend<float>, inlay::XsimdBackend<double>, inlay::EigenBackend<double>,
                                     inlay::StlBackend<double>, inlay::LoopBackend<double>>;
#else
using AllBackends = ::testing::Types<inlay::StlBackend<float>, inlay::LoopBackend<float>, inlay::StlBackend<double>,
                                     inlay::LoopBackend<double>>;
#endif
