/// Every layer at every size on one backend.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "inlay/core/pack.hpp"
#include "inlay/engine.hpp"
#include "suite.hpp"

namespace inlay::bench {

/// Visitor that fills tensors with random values, divided by the root of the number of a sum's terms.
struct Randomise {
  Random random;

  void option(std::string_view, const auto&) {}
  void number(std::string_view, const auto&) {}
  template <Tensor X>
  void tensor(std::string_view name, X& x) {
    using T = typename X::value_type;
    const double scale = 1 / std::sqrt(double(size_of(x)) / double(x.shape().back()));
    for (std::size_t i = 0; i < size_of(x); ++i) x.set(i, T(name == "variance" ? 1.5 + random() : scale * random()));
  }
  void optional_tensor(std::string_view name, auto& x, auto) { tensor(name, x); }
};

template <class L>
class LayerSubject final : public Subject {
 public:
  LayerSubject() {
    Randomise randomise;
    model_.template layer<0>().visit(randomise);
    detail::prepare(model_.template layer<0>());
    in_size = L::in_size, out_size = L::out_size, macs = L::macs;
    description.type = L::type;
    model_.template layer<0>().visit(description);
  }

  void forward(const Scalar* in, Scalar* out, std::size_t out_step, std::size_t frames) noexcept override {
    for (std::size_t t = 0; t < frames; ++t, in += L::in_size, out += out_step) {
      const std::span<const Scalar, L::in_size> x(in, L::in_size);
      const std::span<Scalar, L::out_size> y(out, L::out_size);
      model_.forward(x, y);
      benchmark::ClobberMemory();
    }
  }
  void process(const Scalar* const* in, Scalar* const* out, std::size_t frames) noexcept override {
    model_.process(in, out, frames);
  }

 private:
  ModelT<L> model_;
};

template <class L>
std::unique_ptr<Subject> make() {
  return std::make_unique<LayerSubject<L>>();
}

/// Multiply-adds a second of one core: nothing but registers, in enough chains to hide the latency.
template <class B>
double fma_peak() {
  using Clock = std::chrono::steady_clock;
  using Chains = Pack<B, B::width*(compiler::simd_registers == 32 ? 16 : 12)>;
  constexpr std::size_t steps = 20000, runs = 200;
  alignas(alignment) Scalar values[Chains::registers * Chains::lanes]{};
  benchmark::DoNotOptimize(values);  // equal chains would be computed once
  auto sums = Chains::load(values);
  const auto factor = B::template fill<B::width>(Scalar(0.999));
  const auto term = B::template fill<B::width>(Scalar(0.001));
  std::chrono::duration<double> best{std::numeric_limits<double>::infinity()};
  for (std::size_t run = 0; run < runs; ++run) {
    const auto start = Clock::now();
    for (std::size_t i = 0; i < steps; ++i)
      repeat<Chains::registers>([&](std::size_t r)
                                    INLAY_INLINE_LAMBDA { sums.r[r] = B::fma(sums.r[r], factor, term); });
    sums.store(values);
    benchmark::DoNotOptimize(values);
    best = std::min<std::chrono::duration<double>>(best, Clock::now() - start);
  }
  return double(steps * Chains::registers * Chains::lanes) / best.count();
}

template <class L>
struct Type {
  using type = L;
};

template <class B>
void add_backend(Suite& suite, std::string_view backend) {
  const auto add = [&](std::string_view name, auto layer) {
    const auto add_size = [&]<std::size_t N>(Type<std::integral_constant<std::size_t, N>>) {
      using L = typename decltype(layer.template operator()<N>())::type;
      suite.cases.push_back({name, N, backend, make<L>});
    };
    [&]<std::size_t... N>(std::index_sequence<N...>) {
      (add_size(Type<std::integral_constant<std::size_t, N>>{}), ...);
    }(std::index_sequence<INLAY_BENCH_SIZES>{});
  };
  add("Dense", []<std::size_t N> { return Type<Dense<N, N, B>>{}; });
  add("Conv1D-k3", []<std::size_t N> { return Type<Conv1D<N, N, 3, 1, 1, B>>{}; });
  add("Conv1D-k3-d8", []<std::size_t N> { return Type<Conv1D<N, N, 3, 8, 1, B>>{}; });
  add("DepthwiseConv1D-k3", []<std::size_t N> { return Type<DepthwiseConv1D<N, 3, 1, B>>{}; });
  add("LSTM", []<std::size_t N> { return Type<LSTM<1, N, B>>{}; });
  add("GRU", []<std::size_t N> { return Type<GRU<1, N, B>>{}; });
  add("RNN", []<std::size_t N> { return Type<RNN<1, N, B>>{}; });
  add("Tanh", []<std::size_t N> { return Type<Tanh<N, B>>{}; });
  add("Sigmoid", []<std::size_t N> { return Type<Sigmoid<N, B>>{}; });
  add("HardSigmoid", []<std::size_t N> { return Type<HardSigmoid<N, B>>{}; });
  add("ReLU", []<std::size_t N> { return Type<ReLU<N, B>>{}; });
  add("LeakyReLU", []<std::size_t N> { return Type<LeakyReLU<N, B>>{}; });
  add("PReLU", []<std::size_t N> { return Type<PReLU<N, B>>{}; });
  add("ELU", []<std::size_t N> { return Type<ELU<N, B>>{}; });
  add("Hardtanh", []<std::size_t N> { return Type<Hardtanh<N, B>>{}; });
  add("Softplus", []<std::size_t N> { return Type<Softplus<N, B>>{}; });
  add("SiLU", []<std::size_t N> { return Type<SiLU<N, B>>{}; });
  add("GELU", []<std::size_t N> { return Type<GELU<N, B>>{}; });
  add("Snake", []<std::size_t N> { return Type<Snake<N, B>>{}; });
  add("Softmax", []<std::size_t N> { return Type<Softmax<N, B>>{}; });
  add("BatchNorm1D", []<std::size_t N> { return Type<BatchNorm1D<N, B>>{}; });

  if (B::width > suite.width) {
    suite.width = B::width;
    suite.fma_peak = fma_peak<B>;
  }
}

}  // namespace inlay::bench
