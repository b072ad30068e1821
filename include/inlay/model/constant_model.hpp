/// ConstantModel: a network whose weights are constants, which a microcontroller keeps in flash.
#pragma once

#include <type_traits>

#include "inlay/core/compiler.hpp"
#include "inlay/model/model_interface.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

/// Weights that are an object of the program. Of static storage duration: a model has no pointer to it.
template <const auto& layers>
struct ConstantWeights {
  using Network = std::remove_cvref_t<decltype(layers)>;
  static constexpr const Network& network() noexcept { return layers; }
};

/// Not defined, and not constexpr: the call is the compile error.
void weights_do_not_fit_these_layers();

}  // namespace detail

/// Layers with weights that the compiler computes. `Layers` is a `Sequential` of layers of fixed sizes. `set(layers)`
/// sets all tensors with `inlay::assign` and returns false if one does not fit, which is a compile error.
///
///     inline constexpr auto amp_layers = inlay::constant_layers<inlay::Sequential<LSTM<1, 20>, Dense<20, 1>>>(set);
///
/// The constant has the order of values that the kernels of the target read, so nothing is converted or copied at run
/// time. `inlay codegen MODEL.json --constant` writes such a constant.
template <class Layers, class Set>
consteval Layers constant_layers(Set set) {
  Layers layers{};
  if (!set(layers)) detail::weights_do_not_fit_these_layers();
  return layers;
}

/// A network with the constant weights `layers`, made by `constant_layers`. It computes the same bits as the `ModelT`
/// of the same layers. See `ModelInterface` for its calls. The object is a state and nothing else: weights are neither
/// loaded nor changed, and take no memory where the linker places constants in flash.
template <const auto& layers>
class ConstantModel : public ModelInterface<detail::ConstantWeights<layers>> {};

}  // namespace inlay::INLAY_ISA
