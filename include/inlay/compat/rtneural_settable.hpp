/// Settable: an inlay layer of known sizes with what RTNeural's layers have in common. Included by rtneural.hpp.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inlay/compat/rtneural_alone.hpp"
#include "inlay/compat/rtneural_values.hpp"
#include "inlay/core/assign.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/tensor.hpp"
#include "inlay/io/error.hpp"

namespace inlay::INLAY_ISA::compat::rtneural::detail {

/// Visitor that sets the tensor of this name to the values that `values(shape)` gives.
template <class Values>
struct SetTensor {
  std::string_view name;
  Values values;

  void option(std::string_view, const auto&, std::size_t = 0) noexcept {}
  void require(bool, std::string_view, std::string_view) noexcept {}
  void number(std::string_view, auto&) noexcept {}
  void tensor(std::string_view n, auto& x) {
    if (n != name) return;
    const auto all = values(std::span<const std::size_t>(x.shape()));
    set_values(x, [&] {
      std::size_t i = 0;
      for (const auto value : all) x.set(i++, value);
    });
  }
  void optional_tensor(std::string_view n, auto& x, auto) { tensor(n, x); }
};
template <class Values>
SetTensor(std::string_view, Values) -> SetTensor<Values>;

template <class L>
class Settable : public L {
  using T = typename L::scalar;

 public:
  static constexpr int in_size = static_cast<int>(L::in_size), out_size = static_cast<int>(L::out_size);

  // Without a model: one frame after another, with a state that the layer has for it.
  using L::forward, L::reset;
  void reset() {
    alone_.reset(*this);
    outs.clear();
  }
  void forward(const T (&ins)[L::in_size]) noexcept { outs.show(alone_.forward(*this, ins)); }
  /// What the last `forward` of this kind gave.
  Outs<T, L::out_size> outs;

  /// As a file of RTNeural's calls it.
  std::string getName() const { return L::type == "batchnorm1d" ? "batchnorm" : std::string(L::type); }
  /// Whether it is an activation without weights.
  constexpr bool isActivation() const noexcept { return false; }

 protected:
  /// Sets a tensor to what `setter`, a function of the layer, was given. `axes`: see tensor_values. Throws load_error
  /// and changes nothing if the values have other extents.
  template <class V>
  void set(const char* setter, std::string_view tensor, const V& values,
           std::initializer_list<std::size_t> axes = {0}) {
    SetTensor visitor{tensor, [&](std::span<const std::size_t> shape) {
                        return tensor_values<T>(values, shape, axes, {setter, description()});
                      }};
    L::visit(visitor);
    inlay::detail::prepare(static_cast<L&>(*this));
  }
  void set_number(const char* name, T value) { (void)assign(static_cast<L&>(*this), name, {value}); }
  static std::string description() {
    return io::concat({L::type, " ", std::to_string(in_size), " -> ", std::to_string(out_size)});
  }

  Alone<L> alone_;
};

}  // namespace inlay::INLAY_ISA::compat::rtneural::detail
