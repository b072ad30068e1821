/// Selection of the kernels that a model runs on.
///
/// The base kernels are those of the instruction set that this file is compiled for. INLAY_HAS_AVX2_KERNELS and
/// INLAY_HAS_AVX512_KERNELS declare that the compiled library holds wider kernels as well. INLAY_SEPARATE_KERNELS
/// declares that the base kernels are in a source file of their own, too.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/core/processor.hpp"
#include "inlay/io/error.hpp"
#include "inlay/run_time/kernels.hpp"
#if !defined(INLAY_SEPARATE_KERNELS)
#include "inlay/run_time/kernels.ipp"
#endif

namespace inlay::run_time {

#if defined(INLAY_SEPARATE_KERNELS)
template <class T>
const Kernels<T>& base_kernels() noexcept;
#else
template <class T>
const Kernels<T>& base_kernels() noexcept {
  return kernels::kernels_of<default_backend_for<T>>();
}
#endif

#if defined(INLAY_HAS_AVX2_KERNELS)
template <class T>
const Kernels<T>& avx2_kernels() noexcept;
#endif
#if defined(INLAY_HAS_AVX512_KERNELS)
template <class T>
const Kernels<T>& avx512_kernels() noexcept;
#endif

#if defined(INLAY_HAS_AVX512_KERNELS)
/// AVX-512 kernels exist for float only; null for double.
template <class T>
const Kernels<T>* avx512_kernels_if_any() noexcept {
  if constexpr (sizeof(T) == sizeof(float)) return &avx512_kernels<T>();
  else return nullptr;
}
#endif

#if defined(INLAY_HAS_AVX2_KERNELS) && defined(INLAY_HAS_AVX512_KERNELS)
/// AVX-512 kernels, and AVX2 kernels for the recurrent layers whose units would leave half of a register of 512 bits
/// empty: for processors that compute such a register in two steps.
template <class T>
class MixedKernels final : public Kernels<T> {
  using OperationPtr = std::unique_ptr<Operation<T>>;

 public:
  const char* name() const noexcept override { return wide_.name(); }
  OperationPtr layer(const io::LayerRecord& record, std::size_t width) const override {
    OperationPtr operation = wide_.layer(record, width);
    return operation && narrow_is_faster(operation->shape()) ? narrow_.layer(record, width) : std::move(operation);
  }
  OperationPtr map(MapFunction function, std::size_t channels) const override { return wide_.map(function, channels); }
  OperationPtr copy(std::size_t channels) const override { return wide_.copy(channels); }
  OperationPtr zeros(std::size_t channels) const override { return wide_.zeros(channels); }
  std::size_t forward(const Run<T>& run, const T* in, T* out, const T* condition) const noexcept override {
    return wide_.forward(run, in, out, condition);
  }
  std::size_t process(const Run<T>& run, const T* const* in, T* const* out, std::size_t frames,
                      Condition<T> condition) const noexcept override {
    return wide_.process(run, in, out, frames, condition);
  }

 private:
  static bool narrow_is_faster(const LayerShape& shape) {
    constexpr std::size_t lanes = 64 / sizeof(T);
    const bool recurrent = shape.past == unbounded;
    const std::size_t last = shape.out % lanes;  // channels in the last register
    return recurrent && shape.out > lanes && last > 0 && last <= lanes / 2;
  }

  const Kernels<T>& wide_ = avx512_kernels<T>();
  const Kernels<T>& narrow_ = avx2_kernels<T>();
};
#endif

/// Returns the fastest kernels for this processor among the widest that it has.
template <class T>
const Kernels<T>& tuned(const Kernels<T>& widest) {
#if defined(INLAY_HAS_AVX2_KERNELS) && defined(INLAY_HAS_AVX512_KERNELS)
  if constexpr (sizeof(T) == sizeof(float)) {
    static const MixedKernels<T> mixed;
    if (&widest == &avx512_kernels<T>() && processor_splits_512_bits()) return mixed;
  }
#endif
  return widest;
}

template <class T>
const Kernels<T>& choose_kernels(std::string_view isa) {
  // Widest first. Every processor that the program is built for has the base kernels.
  const Kernels<T>* const all[] = {
#if defined(INLAY_HAS_AVX512_KERNELS)
      avx512_kernels_if_any<T>(),
#endif
#if defined(INLAY_HAS_AVX2_KERNELS)
      &avx2_kernels<T>(),
#endif
      &base_kernels<T>()};
  if (isa.empty())
    if (const char* forced = std::getenv("INLAY_ISA")) isa = forced;
  std::string names;
  for (const Kernels<T>* each : all) {
    if (!each || !processor_has(each->name())) continue;
    if (isa.empty()) return tuned(*each);
    if (isa == each->name()) return *each;
    names += io::concat({names.empty() ? "" : ", ", each->name()});
  }
  throw load_error("instruction set", names, std::string(isa));
}

}  // namespace inlay::run_time
