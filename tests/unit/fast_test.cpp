// Networks with fast mathematics against PyTorch's outputs, and their files' checks.
#include <filesystem>
#include <string>
#include <type_traits>

#include "support/backends.hpp"
#include "support/golden.hpp"
#include "support/wavenet.hpp"

using namespace inlay;

namespace {

/// Tolerance against the frameworks' outputs. A file's check allows math::Fast::lossy_bound.
constexpr double tolerance = 2e-4;

template <class Model>
void fast_golden(const std::string& name) {
  const bool single = std::is_same_v<typename Model::scalar, float>;
  load_and_compare<Model>(test_file("golden/torch/" + name + (single ? ".f32.json" : ".f64.json")), tolerance);
}

}  // namespace

template <class B>
class FastTest : public ::testing::Test {};
#ifdef INLAY_TEST_MANY_BACKENDS
using FastBackends = ::testing::Types<fast_backend, StlBackend<double, math::Fast>>;
#else
using FastBackends = ::testing::Types<fast_backend>;
#endif
TYPED_TEST_SUITE(FastTest, FastBackends);

TYPED_TEST(FastTest, lstm) { fast_golden<ModelT<LSTM<1, 8, TypeParam>>>("lstm_1_8"); }
TYPED_TEST(FastTest, gru) { fast_golden<ModelT<GRU<1, 8, TypeParam>>>("gru_1_8"); }

TEST(FastNetworkTest, gated_wavenet) { fast_golden<GatedWaveNet<fast_backend>>("wavenet_gated"); }

// The trained amplifier model of the examples.
TEST(FastNetworkTest, amplifier) {
  using Amp = ModelT<LSTM<1, 20, fast_backend>, Dense<20, 1, fast_backend>>;
  load_and_compare<Amp>(test_file("../examples/amp/amp.json"), tolerance);
}
