/// Every layer at every size on one backend. Compiled once per backend in CMakeLists.txt.
#include <cstddef>
#include <type_traits>
#include <utility>

#include "fma_peak.hpp"
#include "typed.hpp"

#if INLAY_BENCH_HAS_BACKEND

namespace {

using namespace inlay;
using namespace inlay::bench;
using B = INLAY_BENCH_BACKEND<Scalar>;

/// Adds a layer at every size. `layer.operator()<N>()` returns the std::type_identity of the layer of size N.
void add(const char* name, auto layer) {
  const auto add_size = [&]<std::size_t N>(std::integral_constant<std::size_t, N>) {
    using L = typename decltype(layer.template operator()<N>())::type;
    add_model<ModelT<L>>({name, N}, INLAY_BENCH_NAME);
  };
  [&]<std::size_t... N>(std::index_sequence<N...>) {
    (add_size(std::integral_constant<std::size_t, N>{}), ...);
  }(std::index_sequence<INLAY_BENCH_SIZES>{});
}

/// Layers that bench/run.sh compares.
void add_layers() {
  add("Dense", []<std::size_t N> { return std::type_identity<Dense<N, N, B>>{}; });
  add("Conv1D-k3", []<std::size_t N> { return std::type_identity<Conv1D<N, N, 3, 1, 1, B>>{}; });
  add("Conv1D-k3-d8", []<std::size_t N> { return std::type_identity<Conv1D<N, N, 3, 8, 1, B>>{}; });
  add("LSTM", []<std::size_t N> { return std::type_identity<LSTM<1, N, B>>{}; });
  add("GRU", []<std::size_t N> { return std::type_identity<GRU<1, N, B>>{}; });
  add("Tanh", []<std::size_t N> { return std::type_identity<Tanh<N, B>>{}; });
  add("Sigmoid", []<std::size_t N> { return std::type_identity<Sigmoid<N, B>>{}; });
  add("Softmax", []<std::size_t N> { return std::type_identity<Softmax<N, B>>{}; });
  add("PReLU", []<std::size_t N> { return std::type_identity<PReLU<N, B>>{}; });
  add("BatchNorm1D", []<std::size_t N> { return std::type_identity<BatchNorm1D<N, B>>{}; });
}

#if INLAY_BENCH_MORE_LAYERS
void add_more_layers() {
  add("DepthwiseConv1D-k3", []<std::size_t N> { return std::type_identity<DepthwiseConv1D<N, 3, 1, B>>{}; });
  add("RNN", []<std::size_t N> { return std::type_identity<RNN<1, N, B>>{}; });
  add("S4D-8", []<std::size_t N> { return std::type_identity<S4D<N, 8, B>>{}; });
  add("S6-16", []<std::size_t N> { return std::type_identity<S6<N, 16, 1, B>>{}; });
  add("MinGRU", []<std::size_t N> { return std::type_identity<MinGRU<1, N, B>>{}; });
  add("ProjectedLSTM", []<std::size_t N> { return std::type_identity<ProjectedLSTM<1, N, N / 2, B>>{}; });
  add("LRU", []<std::size_t N> { return std::type_identity<LRU<N, N, N, B>>{}; });
  add("Biquad-2", []<std::size_t N> { return std::type_identity<Biquad<N, 2, B>>{}; });
  add("TFiLM-64", []<std::size_t N> { return std::type_identity<TFiLM<N, 64, B>>{}; });
  add("GLU", []<std::size_t N> { return std::type_identity<Gate<Identity<N, B>, Sigmoid<N, B>>>{}; });
  add("HardSigmoid", []<std::size_t N> { return std::type_identity<HardSigmoid<N, B>>{}; });
  add("ReLU", []<std::size_t N> { return std::type_identity<ReLU<N, B>>{}; });
  add("LeakyReLU", []<std::size_t N> { return std::type_identity<LeakyReLU<N, B>>{}; });
  add("ELU", []<std::size_t N> { return std::type_identity<ELU<N, B>>{}; });
  add("Hardtanh", []<std::size_t N> { return std::type_identity<Hardtanh<N, B>>{}; });
  add("Softplus", []<std::size_t N> { return std::type_identity<Softplus<N, B>>{}; });
  add("SiLU", []<std::size_t N> { return std::type_identity<SiLU<N, B>>{}; });
  add("GELU", []<std::size_t N> { return std::type_identity<GELU<N, B>>{}; });
  add("Mish", []<std::size_t N> { return std::type_identity<Mish<N, B>>{}; });
  add("RMSNorm", []<std::size_t N> { return std::type_identity<RMSNorm<N, B>>{}; });
  // At least four channels each: of two that are nearly equal, the difference has few digits.
  add("GroupNorm-4", []<std::size_t N> { return std::type_identity<GroupNorm<N, (N < 16 ? N / 4 : 4), B>>{}; });
  add("LayerNorm", []<std::size_t N> { return std::type_identity<LayerNorm<N, B>>{}; });
  add("Snake", []<std::size_t N> { return std::type_identity<Snake<N, B>>{}; });
}
#endif

[[maybe_unused]] const bool added = [] {
  add_layers();
#if INLAY_BENCH_MORE_LAYERS
  add_more_layers();
#endif
  if (B::width > suite().width) {
    suite().width = B::width;
    suite().fma_peak = fma_peak<B>;
  }
  return true;
}();

}  // namespace

#endif
