/// What each of a .nam file's architectures is read into.
#pragma once

#include <cstddef>
#include <optional>

#include "inlay/io/make_record.hpp"

namespace inlay::io {

/// What a reader may be asked for, beyond what the file says.
struct ReadOptions {
  /// Of a file that holds a model in several sizes, how much of it, from 0 to 1; all of it if not given.
  std::optional<double> size;
};

namespace detail {

struct NamNetwork {
  Layers layers;
  std::size_t in, out;
  std::size_t prewarm;  ///< frames of silence before the first sound
  std::optional<double> sample_rate;
};

/// A count that a file may leave out.
inline Count count_or(const Node& object, std::string_view key, std::size_t otherwise) {
  const auto found = object.find(key);
  return found ? count(*found) : Count{otherwise, object.place()};
}

/// A member that a file may leave out, or write as null.
inline std::optional<Node> find_value(const Node& object, std::string_view key) {
  const auto found = object.find(key);
  return found && !found->json().is_null() ? found : std::nullopt;
}

}  // namespace detail
}  // namespace inlay::io
