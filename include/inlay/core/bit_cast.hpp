/// bit_cast: std::bit_cast, also where the standard library lacks it (libc++ before 14).
#pragma once

#include <bit>

namespace inlay::internal {

#if defined(__cpp_lib_bit_cast)
using std::bit_cast;
#else
/// Returns the value of type To that has the bits of `from`.
template <class To, class From>
constexpr To bit_cast(const From& from) noexcept {
  return __builtin_bit_cast(To, from);
}
#endif

}  // namespace inlay::internal
