/// ModelT: a network whose layers are known at compile time.
#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "inlay/combinators/sequential.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/model/model_interface.hpp"
#include "inlay/model/sample_rate.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

/// An argument of `ModelT`: a layer; or a scalar, which is a mistake that is reported in one error.
template <class L>
concept LayerOrScalar = Layer<L> || std::is_floating_point_v<L>;

/// A model must have at least one layer.
template <class... Layers>
concept at_least_one_layer = sizeof...(Layers) > 0;

/// Weights that are a member of the model.
template <class... Layers>
class OwnWeights {
 protected:
  using Network = Sequential<Layers...>;
  const Network& network() const noexcept { return network_; }
  Network network_;
};

}  // namespace detail

/// A network of layers that run one after the other. Sizes and scalar type are deduced from the layers.
///
/// A model owns its weights and one `State`. See `ModelInterface` for what it computes. Weights and state are members,
/// and copying copies both. They may be large: keep models in static storage or on the heap, not on the stack.
template <detail::LayerOrScalar... Layers>
  requires detail::at_least_one_layer<Layers...>
class ModelT : public ModelInterface<detail::OwnWeights<Layers...>> {
  using Interface = ModelInterface<detail::OwnWeights<Layers...>>;
  using Network = typename Interface::Network;
  using Interface::network_;

 public:
  /// Loads weights from a std::filesystem::path, a std::istream or a nlohmann::json, and runs the file's check. Returns
  /// the file's metadata (inlay::ModelInfo). Resets the state that the model owns. Throws inlay::load_error and leaves
  /// the model unchanged if the file is invalid, does not fit the type or fails its check. Not real-time safe. Needs
  /// <inlay/inlay.hpp>.
  template <class Source>
  auto load(Source&& source) {
    return load_model(*this, std::forward<Source>(source));
  }
  /// Loads weights from the contents of a file: text, or the bytes of a .namb file. See `load`.
  template <class Text>
  auto load_text(const Text& text) {
    return load_model_text(*this, text);
  }

  /// Layer I. Its tensors can be set with `inlay::assign`.
  template <std::size_t I>
  auto& layer() noexcept {
    return network_.template layer<I>();
  }
  using Interface::layer;
  /// All layers as one.
  Network& layers() noexcept { return network_; }

  /// Adapts the network to another sample rate than it was trained at, in Hz. Every recurrent layer must be
  /// `RateCorrected`, with a sufficient maximum ratio, and no other layer may look back. Otherwise, or if `hz` is below
  /// `trained_hz`, returns false and changes nothing. `load` resets the rate. Does not allocate. Must not run
  /// concurrently with `forward` or `process`.
  [[nodiscard]] bool set_sample_rate(double hz, double trained_hz) noexcept {
    detail::RateCorrection test{hz / trained_hz, false}, correction{hz / trained_hz, true};
    network_.visit(test);
    if (test.possible) network_.visit(correction);
    return test.possible;
  }
};

/// Fallback for a scalar as the first argument: a readable compile error.
template <std::floating_point T, Layer... Layers>
class ModelT<T, Layers...> : public ModelT<Layers...> {
  static_assert(sizeof(T) == 0,
                "inlay::ModelT takes layers only; the scalar is the backend's. Remove the first argument, or include "
                "<inlay/compat/rtneural.hpp> for RTNeural's list of arguments");
};

}  // namespace inlay::INLAY_ISA
