/// Options of a recurrent layer at every size. Compiled once per layer in CMakeLists.txt.
#include <cstddef>
#include <utility>

#include "options.hpp"

namespace {

using namespace inlay;
using namespace inlay::bench;

template <std::size_t Units>
struct OfUnits {
  template <class B>
  using On = INLAY_BENCH_LAYER<1, Units, B>;
};
template <std::size_t Units, class B>
using Model = ModelT<typename OfUnits<Units>::template On<B>>;

template <std::size_t Units>
void add_size() {
  const Name name{INLAY_BENCH_NAME, Units};
  add_exact<Model<Units, default_backend>>(name);
  add_option<Model<Units, fast_backend>>(name, "fast");
  if constexpr (Units >= 40) add_smaller_weights<OfUnits<Units>::template On>(name);  // no gain for smaller layers
  if constexpr (Units <= 64) {
    add_voices<2, Model<Units, default_backend>>(name);
    add_voices<4, Model<Units, default_backend>>(name);
  }
}

[[maybe_unused]] const bool added = [] {
  [&]<std::size_t... N>(std::index_sequence<N...>) { (add_size<N>(), ...); }(std::index_sequence<INLAY_BENCH_SIZES>{});
  return true;
}();

}  // namespace
