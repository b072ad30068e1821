// The backends of typed layer tests: all backends of this build, for float and double.
#pragma once

#include <gtest/gtest.h>

#include <inlay/backend/all.hpp>

#if defined(__arm__)  // NEON of 32 bits has no double
using DoubleVectors = inlay::StlBackend<double>;
#else
using DoubleVectors = inlay::VectorBackend<double>;
#endif

#if defined(INLAY_TEST_FEW_BACKENDS) || !INLAY_HAS_XSIMD || !INLAY_HAS_EIGEN
// For builds that do not test numerical results, such as those with sanitizers.
using AllBackends = ::testing::Types<inlay::default_backend, DoubleVectors>;
using EachBackend = ::testing::Types<inlay::default_backend>;
using TwoBackends = EachBackend;
using OneBackend = EachBackend;
#else
using AllBackends =
    ::testing::Types<inlay::XsimdBackend<float>, inlay::EigenBackend<float>, inlay::StlBackend<float>,
                     inlay::LoopBackend<float>, inlay::XsimdBackend<double>, inlay::EigenBackend<double>,
                     inlay::StlBackend<double>, inlay::LoopBackend<double>, inlay::VectorBackend<float>, DoubleVectors>;
#ifdef INLAY_TEST_MANY_BACKENDS
using EachBackend = AllBackends;
using TwoBackends = AllBackends;
using OneBackend = AllBackends;
#else
// Every backend and every scalar type, but not every pair. every_backend_test has every pair, with dynamic sizes.
using EachBackend = ::testing::Types<inlay::XsimdBackend<float>, inlay::EigenBackend<double>, inlay::StlBackend<double>,
                                     inlay::LoopBackend<float>>;
// With INLAY_TEST_MANY_BACKENDS (tests/run.sh --full) these lists have all backends.
using TwoBackends = ::testing::Types<inlay::default_backend, inlay::EigenBackend<double>>;
// For large networks and combinators.
using OneBackend = ::testing::Types<inlay::default_backend>;
#endif
#endif
