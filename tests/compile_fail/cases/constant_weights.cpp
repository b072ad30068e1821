// A constant with weights of another layer. The message says what does not fit.
// expect: weights_do_not_fit_these_layers
#include <inlay/engine.hpp>

using Layers = inlay::Sequential<inlay::Dense<2, 1>>;
constexpr float kernel[3] = {1, 2, 3};
constexpr auto layers =
    inlay::constant_layers<Layers>([](auto& all) { return inlay::assign(all.template layer<0>(), "kernel", kernel); });
inlay::ConstantModel<layers> model;
