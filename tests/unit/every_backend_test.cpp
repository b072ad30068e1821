// Every layer on every backend and scalar, in dynamic sizes, against the frameworks. Compiled once for each backend.
#include <inlay/backend/all.hpp>
#include <inlay/inlay.hpp>
#include <inlay/run_time/model_on.hpp>

#include "support/every_golden.hpp"
#include "support/golden.hpp"

using namespace inlay;

using TestedBackend = INLAY_TEST_BACKEND;
using Scalar = TestedBackend::scalar;

TEST(EveryBackend, computes_every_golden) {
  const auto load = [](const std::filesystem::path& path) { return Model<Scalar, TestedBackend>::load(path); };
  if constexpr (sizeof(Scalar) == 4) {
    expect_every_golden("torch", ".f32.json", stack, load);
    expect_every_golden("keras", ".json", stack, load);
    expect_every_golden("nam", ".json", stack, load);
  } else {
    expect_every_golden("torch", ".f64.json", 1e-12, load);
  }
}
