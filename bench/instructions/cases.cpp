/// The networks whose instructions are counted, as types of one backend.
#include <cstddef>
#include <utility>

#include "../layers/typed.hpp"

namespace {

using namespace inlay;
using namespace inlay::bench;
using B = INLAY_BENCH_BACKEND<Scalar>;

template <std::size_t... Sizes>
void for_sizes(auto&& f) {
  (f(std::integral_constant<std::size_t, Sizes>{}), ...);
}

[[maybe_unused]] const bool added = [] {
  for_sizes<8, 12, 16, 20, 24, 32, 40>(
      [](auto n) { add_model<ModelT<LSTM<1, n, B>, Dense<n, 1, B>>>({"LSTM", n}, INLAY_BENCH_NAME); });
  for_sizes<8, 16, 20, 32, 40>(
      [](auto n) { add_model<ModelT<GRU<1, n, B>, Dense<n, 1, B>>>({"GRU", n}, INLAY_BENCH_NAME); });
  for_sizes<8, 16, 32>([](auto n) {
    add_model<ModelT<Dense<n, n, B>>>({"Dense", n}, INLAY_BENCH_NAME);
    add_model<ModelT<Conv1D<n, n, 3, 1, 1, B>>>({"Conv1D-k3", n}, INLAY_BENCH_NAME);
    add_model<ModelT<Conv1D<n, n, 3, 8, 1, B>>>({"Conv1D-k3-d8", n}, INLAY_BENCH_NAME);
  });
  return true;
}();

}  // namespace
