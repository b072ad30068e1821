// Every backend that this build has, for float and double: what layer tests are typed over.
#pragma once

#include <gtest/gtest.h>

#include <inlay/backend/all.hpp>

#if defined(INLAY_TEST_FEW_BACKENDS) || !INLAY_HAS_XSIMD || !INLAY_HAS_EIGEN
// For builds that look at something else than numbers, such as a sanitizer's.
using AllBackends = ::testing::Types<inlay::default_backend, inlay::StlBackend<double>>;
using EachBackend = ::testing::Types<inlay::default_backend>;
using TwoBackends = EachBackend;
using OneBackend = EachBackend;
#else
using AllBackends =
    ::testing::Types<inlay::XsimdBackend<float>, inlay::EigenBackend<float>, inlay::StlBackend<float>,
                     inlay::LoopBackend<float>, inlay::XsimdBackend<double>, inlay::EigenBackend<double>,
                     inlay::StlBackend<double>, inlay::LoopBackend<double>>;
#ifdef INLAY_TEST_MANY_BACKENDS
using EachBackend = AllBackends;
using TwoBackends = AllBackends;
using OneBackend = AllBackends;
#else
// Every backend and every scalar, not every pair. Dynamic sizes have every pair: every_backend_test.
using EachBackend = ::testing::Types<inlay::XsimdBackend<float>, inlay::EigenBackend<double>, inlay::StlBackend<double>,
                                     inlay::LoopBackend<float>>;
// With INLAY_TEST_MANY_BACKENDS (tests/run.sh --full) these have all backends.
using TwoBackends = ::testing::Types<inlay::default_backend, inlay::EigenBackend<double>>;
// For large networks and combinators.
using OneBackend = ::testing::Types<inlay::default_backend>;
#endif
#endif
