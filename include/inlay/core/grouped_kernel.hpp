/// GroupedKernel: the weights of a grouped convolution.
#pragma once

#include <array>
#include <cstddef>

#include "inlay/core/aligned_array.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/extent.hpp"

namespace inlay::INLAY_ISA {

namespace detail {

/// The kernels of all groups as one tensor [Kernel, In / Groups, Out], as in Keras. Each group is stored as a matrix of
/// its own.
template <class M, std::size_t Kernel, std::size_t Groups>
class GroupedKernel {
 public:
  using value_type = typename M::value_type;
  void resize(std::size_t taps, std::size_t in, std::size_t out, std::size_t groups)
    requires(Kernel == dynamic)
  {
    taps_.value = taps;
    group_.resize(groups);
    for (M& m : group_) m.resize(taps * in / groups, out / groups);
  }
  void allocate()
    requires(Kernel == dynamic)
  {
    for (M& m : group_) m.allocate();
  }
  /// Frees the weights.
  void clear()
    requires(Kernel == dynamic)
  {
    group_.clear();
  }
  constexpr void clear_scales() noexcept
    requires(M::scaled)
  {
    for (std::size_t g = 0; g < group_.size(); ++g) group_[g].clear_scales();
  }
  constexpr const M& operator[](std::size_t group) const noexcept { return group_[group]; }

  constexpr std::array<std::size_t, 3> shape() const noexcept {
    return {taps_, group_[0].cols() / taps_, group_[0].rows() * group_.size()};
  }
  constexpr value_type get(std::size_t i) const noexcept { return group_[group_of(i)].get(within(i)); }
  constexpr void set(std::size_t i, value_type value) noexcept { group_[group_of(i)].set(within(i), value); }

 private:
  constexpr std::size_t outs() const noexcept { return group_[0].rows() * group_.size(); }
  constexpr std::size_t group_of(std::size_t i) const noexcept { return i % outs() / group_[0].rows(); }
  constexpr std::size_t within(std::size_t i) const noexcept {
    return i / outs() * group_[0].rows() + i % group_[0].rows();
  }

  INLAY_NO_ADDRESS Extent<Kernel> taps_;
  ObjectArray<M, Groups> group_;
};

}  // namespace detail

}  // namespace inlay::INLAY_ISA
