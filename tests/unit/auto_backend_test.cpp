// AutoBackend: its choice of backend, and layers and models that run on it.
#include <filesystem>
#include <type_traits>

#include "support/backends.hpp"
#include "support/golden.hpp"

using namespace inlay;

namespace {

/// A backend whose choice the test can observe.
struct BySize : LoopBackend<float> {
  template <Work Kind, std::size_t Channels>
  using choose = std::conditional_t<(Kind == Work::lstm && Channels < 20), StlBackend<float>, LoopBackend<float>>;
};
static_assert(Backend<BySize>);
static_assert(std::is_same_v<LSTM<1, 8, BySize>::backend, StlBackend<float>>);
static_assert(std::is_same_v<LSTM<1, 20, BySize>::backend, LoopBackend<float>>);
static_assert(std::is_same_v<GRU<1, 8, BySize>::backend, LoopBackend<float>>);
static_assert(std::is_same_v<LSTM<1, 8>::backend, default_backend>);

static_assert(Backend<AutoBackend<float>> && Backend<AutoBackend<double>>);
static_assert(std::is_same_v<AutoBackend<float, math::Fast>::math_policy, math::Fast>);
static_assert(std::is_same_v<Dense<4, 4, AutoBackend<float, math::Fast>>::backend::math_policy, math::Fast>);

}  // namespace

TEST(AutoBackendTest, amplifier) {
  using B = AutoBackend<float>;
  load_and_compare<ModelT<LSTM<1, 20, B>, Dense<20, 1, B>>>(test_file("../examples/amp/amp.json"), stack);
}
TEST(AutoBackendTest, double_precision) {
  using B = AutoBackend<double>;
  golden<ModelT<GRU<1, 8, B>>>("gru_1_8", single_layer);
}

/// Rows do not overlap, so their order does not matter.
TEST(AutoBackendTest, table_has_one_answer) {
  const auto& rows = inlay::detail::choices;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_LE(rows[i].from, rows[i].to);
    for (std::size_t j = 0; j < i; ++j) {
      const auto &a = rows[i], &b = rows[j];
      const bool same = a.compiler == b.compiler && a.register_bytes == b.register_bytes &&
                        a.scalar_bytes == b.scalar_bytes && a.work == b.work;
      EXPECT_FALSE(same && a.from <= b.to && b.from <= a.to) << "rows " << j << " and " << i;
    }
  }
}
