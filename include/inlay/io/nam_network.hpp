/// NamNetwork: the result of reading one architecture of a .nam file.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "inlay/io/json_cursor.hpp"
#include "inlay/io/make_record.hpp"
#include "inlay/io/model_file.hpp"

namespace inlay::io {

namespace detail {

struct NamNetwork {
  Layers layers;
  std::size_t in, out;
  ModelInfo info;
  /// Frames of silence that an impulse response needs in addition to `info.prewarm` where its input is the output of
  /// another model, which need not be 0 in silence.
  std::size_t after_another = 0;
};

INLAY_ONCE ModelInfo prewarmed(std::size_t frames) {
  ModelInfo info;
  info.prewarm = frames;
  return info;
}

/// Reads an optional count.
INLAY_ONCE Count count_or(const JsonCursor& object, std::string_view key, std::size_t fallback) {
  const auto found = object.find(key);
  return found ? count(*found) : Count{fallback, object.place()};
}

/// Finds an optional member. null counts as missing.
INLAY_ONCE std::optional<JsonCursor> find_value(const JsonCursor& object, std::string_view key) {
  const auto found = object.find(key);
  return found && !found->json().is_null() ? found : std::nullopt;
}

/// Returns the array. Throws load_error unless it has 1 to `most` entries.
INLAY_ONCE JsonCursor array_of_up_to(const JsonCursor& array, std::size_t most) {
  if (array.size() == 0 || array.size() > most) array.fail(concat({"1 to ", most, " entries"}));
  return array;
}

/// Returns `count` with as many channels in use as `other` has. Throws load_error if the full numbers differ.
INLAY_ONCE Count same_channels(const Count& count, const Count& other, const char* why) {
  if (count.full != other.full) refuse(count.place, concat({other.full, why}), count.full);
  return {other.n, count.place, count.full};
}

INLAY_ONCE void expect_equal(const Count& count, std::size_t wanted, const char* why) {
  if (count != wanted) refuse(count.place, concat({wanted, why}), count.n);
}

}  // namespace detail
}  // namespace inlay::io
