// A constant model for the C interface: y = 2 x + 0.5.
#include <inlay/c/constant.hpp>
#include <inlay/combinators/sequential.hpp>
#include <inlay/core/assign.hpp>
#include <inlay/layers/dense.hpp>

namespace {

using Layers = inlay::Sequential<inlay::Dense<1, 1>>;
constexpr float kernel[] = {2}, bias[] = {0.5};
constexpr auto layers = inlay::constant_layers<Layers>([](Layers& all) {
  return inlay::assign(all.layer<0>(), "kernel", kernel) && inlay::assign(all.layer<0>(), "bias", bias);
});

}  // namespace

INLAY_C_MODEL(doubler, inlay::ConstantModel<layers>, 48000)
