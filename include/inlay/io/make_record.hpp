/// Helpers that build layer records, for readers of formats that do not list the layers one by one.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inlay/io/json_cursor.hpp"
#include "inlay/io/model_file.hpp"

namespace inlay::io::detail {

/// A number of channels, taps or frames, and its place in the file.
struct Count {
  std::size_t n;
  SourceLocation place;
  std::size_t full = n;  ///< number in the file, of which the first n are used

  operator std::size_t() const noexcept { return n; }
  operator Value() const { return {place, n}; }
  Count twice() const { return {2 * n, place, 2 * full}; }
  bool is_part() const noexcept { return n != full; }
};

inline Count count(const JsonCursor& node, std::size_t least = 1, std::size_t most = max_extent) {
  return {node.whole(least, most), node.place()};
}

using Layers = std::vector<LayerRecord>;

/// Makes a layer with scalar members.
inline LayerRecord make_layer(SourceLocation place, std::string type,
                              std::initializer_list<std::pair<const char*, Value>> values = {}) {
  LayerRecord layer{.place = place, .type = {std::move(place), std::move(type)}, .values = {}, .tensors = {}};
  for (const auto& [name, value] : values) layer.values.emplace(name, value);
  return layer;
}

/// Makes a layer without weights that keeps the number of channels.
inline LayerRecord make_plain(SourceLocation place, std::string type, const Count& size) {
  return make_layer(std::move(place), std::move(type), {{"size", size}});
}

/// Makes a `scale` layer: y = scale x.
inline LayerRecord make_scale(SourceLocation place, const Count& size, double scale) {
  return make_layer(place, "scale", {{"size", size}, {"scale", Value{place, scale}}});
}

/// Makes a `slice` layer: channels [begin, begin + out) of `in`.
inline LayerRecord make_slice(SourceLocation place, const Count& in, std::size_t begin, const Count& out) {
  return make_layer(place, "slice", {{"in", in}, {"begin", Value{place, begin}}, {"out", out}});
}

/// Appends a chain named `name` to a combinator's record.
inline void add_chain(LayerRecord& layer, const char* name, Layers layers) {
  layer.chains[name].push_back({layer.place, std::move(layers)});
}

inline void append(Layers& chain, LayerRecord layer) { chain.push_back(std::move(layer)); }
inline void append(Layers& chain, std::optional<LayerRecord> layer) {
  if (layer) chain.push_back(std::move(*layer));
}
inline void append(Layers& chain, Layers layers) {
  for (LayerRecord& layer : layers) chain.push_back(std::move(layer));
}

/// Concatenates layers, optional layers and chains to one chain.
template <class... Parts>
Layers chain_of(Parts&&... parts) {
  Layers chain;
  (append(chain, std::forward<Parts>(parts)), ...);
  return chain;
}

}  // namespace inlay::io::detail
