/// Options of layers without recurrence.
#include <cstddef>

#include "options.hpp"

namespace {

using namespace inlay;
using namespace inlay::bench;

template <std::size_t Size>
struct SquareDense {
  template <class B>
  using On = Dense<Size, Size, B>;
};
template <std::size_t Size>
void add_dense() {
  add_exact<ModelT<Dense<Size, Size>>>({"Dense", Size});
  add_smaller_weights<SquareDense<Size>::template On>({"Dense", Size});
}

template <std::size_t Size>
void add_activations() {
  add_exact<ModelT<Tanh<Size>>>({"Tanh", Size});
  add_option<ModelT<Tanh<Size, fast_backend>>>({"Tanh", Size}, "fast");
  add_exact<ModelT<Sigmoid<Size>>>({"Sigmoid", Size});
  add_option<ModelT<Sigmoid<Size, fast_backend>>>({"Sigmoid", Size}, "fast");
}

[[maybe_unused]] const bool added = [] {
  add_dense<64>();
  add_dense<96>();
  add_dense<128>();
  add_activations<16>();
  add_activations<64>();
  return true;
}();

}  // namespace
