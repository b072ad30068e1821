/// What is timed: layers behind an interface that costs nothing beside them, so that all that is common to
/// them is compiled once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string_view>
#include <vector>

#include "reference.hpp"

#ifndef INLAY_BENCH_SCALAR
#define INLAY_BENCH_SCALAR float
#endif

namespace inlay::bench {

using Scalar = INLAY_BENCH_SCALAR;

/// The same numbers in [-1, 1) everywhere, which the standard's distributions do not promise.
class Random {
 public:
  double operator()() { return double(generator_()) / 2147483648.0 - 1; }

 private:
  std::mt19937 generator_{1};
};

/// A layer as a model of its own, with random weights.
class Subject {
 public:
  virtual ~Subject() = default;
  std::size_t in_size = 0, out_size = 0, macs = 0;
  Description description;

  /// One call of ModelT::forward per frame. Frames lie behind one another in `in`, and `out_step` values
  /// apart in `out`; all memory is taken for changed from frame to frame, as between the calls of a host.
  virtual void forward(const Scalar* in, Scalar* out, std::size_t out_step, std::size_t frames) noexcept = 0;
  /// One call of ModelT::process.
  virtual void process(const Scalar* const* in, Scalar* const* out, std::size_t frames) noexcept = 0;
};

struct Case {
  std::string_view layer;
  std::size_t size;
  std::string_view backend;
  std::unique_ptr<Subject> (*make)();
};

struct Suite {
  std::vector<Case> cases;
  std::size_t width = 0;           ///< lanes of the widest backend, ...
  double (*fma_peak)() = nullptr;  ///< ... and the multiply-adds a second that it reaches
};

/// One translation unit each; those whose package is missing add nothing.
void add_xsimd(Suite&);
void add_eigen(Suite&);
void add_stl(Suite&);
void add_loop(Suite&);

}  // namespace inlay::bench
