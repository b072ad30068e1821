/// Convolutions with an increasing receptive field: one layer with a larger dilation, and more layers with doubled
/// dilations. The size is the receptive field in frames. On the default backend.
#include <cstddef>
#include <utility>

#include "typed.hpp"

namespace {

using namespace inlay;
using namespace inlay::bench;
using B = default_backend_for<Scalar>;

constexpr std::size_t channels = 16;
template <std::size_t Dilation>
using Conv = Conv1D<channels, channels, 3, Dilation, 1, B>;

template <std::size_t... Dilations>
void add_dilations() {
  (add_model<ModelT<Conv<Dilations>>>({"dilation", ModelT<Conv<Dilations>>::receptive_field}, INLAY_BENCH_NAME), ...);
}
template <std::size_t... I>
void add_depth(std::index_sequence<I...>) {
  using Model = ModelT<Conv<std::size_t{1} << I>...>;
  add_model<Model>({"depth", Model::receptive_field}, INLAY_BENCH_NAME);
}

[[maybe_unused]] const bool added = [] {
  add_dilations<1, 4, 16, 64, 256, 1024, 4096>();
  add_depth(std::make_index_sequence<2>{});
  add_depth(std::make_index_sequence<4>{});
  add_depth(std::make_index_sequence<6>{});
  add_depth(std::make_index_sequence<8>{});
  add_depth(std::make_index_sequence<10>{});
  return true;
}();

}  // namespace
