/// RateCorrection: adapts a network to another sample rate than it was trained at.
#pragma once

#include <cstddef>
#include <string_view>

#include "inlay/core/compiler.hpp"
#include "inlay/core/concepts.hpp"
#include "inlay/core/layer_traits.hpp"

namespace inlay::INLAY_ISA::detail {

/// Visitor that visits all layers, nested ones included. Without `apply`, sets `possible` to whether each of them is
/// correct at `ratio` times its trained rate. With `apply`, sets the ratio of the layers that support it.
struct RateCorrection {
  double ratio;
  bool apply;
  bool possible = true;
  bool holds_layers = false;

  void option(std::string_view, const auto&, std::size_t = 0) noexcept {}
  void require(bool, std::string_view, std::string_view) noexcept {}
  void number(std::string_view, auto&) noexcept {}
  void tensor(std::string_view, auto&) noexcept {}
  void optional_tensor(std::string_view, auto&, auto) noexcept {}
  void chain(std::string_view, auto& layers, std::size_t = 0) noexcept {
    holds_layers = true;
    layers.for_each([&](auto i) { correct(layers.template layer<i>()); });
  }

 private:
  template <class L>
  void correct(L& layer) noexcept {
    RateCorrection inside{ratio, apply};
    layer.visit(inside);
    bool right = inside.possible;
    if constexpr (requires { L::accepts_rate_ratio(ratio); })
      right = apply ? layer.set_rate_ratio(ratio) : L::accepts_rate_ratio(ratio);
    else if (!(LayerTraits<L>::one_to_one && (inside.holds_layers || L::receptive_field == 1)))
      right = ratio == 1;  // it looks back a number of frames, not of seconds
    possible = possible && right;
  }
};

}  // namespace inlay::INLAY_ISA::detail
