/// NambPart: a part of a .namb file that is read from front to back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "inlay/core/bit_cast.hpp"
#include "inlay/core/compiled.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/json.hpp"

namespace inlay::io::detail {

/// Path of a value in the .nam file of the same model. Its text is made if there is an error. Refers to its parent.
struct NambPath {
  NambPath(const char* name) : key(name) {}
  NambPath(const NambPath& from, const char* name) : parent(&from), key(name) {}
  NambPath(const NambPath& from, std::size_t i) : parent(&from), index(i) {}

  INLAY_ONCE std::string text() const {
    const std::string before = parent ? parent->text() : std::string();
    if (!key) return concat({before, "[", index, "]"});
    return concat({before, before.empty() || *key == 0 ? "" : ".", key});
  }

  const NambPath* parent = nullptr;
  const char* key = nullptr;  ///< null: an entry of an array
  std::size_t index = 0;
};

/// Reads little-endian numbers. Errors name the place of the number and its byte.
class NambPart {
 public:
  NambPart(std::string_view file, std::size_t begin, std::size_t end) : file_(file), at_(begin), end_(end) {}

  std::size_t at() const noexcept { return at_; }
  std::size_t left() const noexcept { return end_ - at_; }

  /// Consumes the next `size` bytes as a part of their own.
  INLAY_ONCE NambPart part(std::size_t size, const NambPath& place) {
    const std::size_t begin = take(size, place);
    return {file_, begin, begin + size};
  }

  /// An unsigned integer of `size` bytes.
  INLAY_ONCE std::uint64_t whole(std::size_t size, const NambPath& place) {
    std::uint64_t value = 0;
    const std::size_t begin = take(size, place);
    for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(file_[begin + i]);
    return value;
  }
  /// The same as a count, of at most 4 bytes.
  INLAY_ONCE std::size_t count(std::size_t size, const NambPath& place) {
    return static_cast<std::size_t>(whole(size, place));
  }
  std::int32_t integer(const NambPath& place) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(whole(4, place)));
  }
  float number(const NambPath& place) { return internal::bit_cast<float>(static_cast<std::uint32_t>(whole(4, place))); }
  double precise(const NambPath& place) { return internal::bit_cast<double>(whole(8, place)); }

  /// A byte that is at most `most`.
  INLAY_ONCE std::size_t up_to(std::size_t most, const NambPath& place) {
    const std::size_t value = count(1, place);
    if (value > most) fail(place, concat({"a whole number from 0 to ", most}), value, 1);
    return value;
  }
  bool flag(const NambPath& place) { return up_to(1, place) != 0; }
  /// Bytes without a meaning. Later writers may give them one, so they must be 0.
  INLAY_ONCE void reserved(std::size_t size, const NambPath& place) {
    for (std::size_t i = 0; i < size; ++i)
      if (const std::uint64_t value = whole(1, place); value != 0) fail(place, "0 in a reserved byte", value, 1);
  }

  /// Throws load_error if bytes are left.
  INLAY_ONCE void finish(const NambPath& place) const {
    if (left() > 0) fail(place, "the end of this part", concat({left(), " bytes more"}), 0);
  }

  /// Throws load_error at the number of `size` bytes that was read last.
  [[noreturn]] INLAY_ONCE void fail(const NambPath& place, std::string_view expected, TextPart found,
                                    std::size_t size) const {
    const std::string path = place.text();
    refuse(concat({path, path.empty() ? "byte " : " (byte ", at_ - size, path.empty() ? "" : ")"}), expected,
           found.text());
  }

 private:
  INLAY_ONCE std::size_t take(std::size_t size, const NambPath& place) {
    if (size > left()) fail(place, concat({"at least ", size, " bytes up to the end of this part"}), left(), 0);
    return std::exchange(at_, at_ + size);
  }

  std::string_view file_;
  std::size_t at_, end_;
};

}  // namespace inlay::io::detail
