/// Helpers that build layer records, for readers of formats that do not list the layers one by one.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "inlay/core/compiled.hpp"
#include "inlay/io/json_cursor.hpp"
#include "inlay/io/model_file.hpp"

namespace inlay::io::detail {

/// A number of channels, taps or frames, and its place in the file.
struct Count {
  std::size_t n;
  SourceLocation place;
  std::size_t full = n;  ///< number in the file, of which the first n are used

  operator std::size_t() const noexcept { return n; }
  Count twice() const { return {2 * n, place, 2 * full}; }
  bool is_part() const noexcept { return n != full; }
};

INLAY_ONCE Count count(const JsonCursor& node, std::size_t least = 1, std::size_t most = limits::channels) {
  return {node.whole(least, most), node.place()};
}

using Layers = std::vector<LayerRecord>;

/// A scalar member of a layer that is being made. Refers to its name, place and text.
struct Member {
  Member(const char* member, const Count& size) : name(member), place(size.place), value(size.n) {}
  template <class V>
  Member(const char* member, const SourceLocation& at, V x) : name(member), place(at), value(x) {}

  const char* name;
  const SourceLocation& place;
  std::variant<bool, std::size_t, double, std::string_view> value;
};

/// Adds a scalar member to a layer.
INLAY_ONCE void add(LayerRecord& layer, const Member& member) {
  Value& value = layer.values[member.name];
  value.place = member.place;
  if (const auto* text = std::get_if<std::string_view>(&member.value)) value.value = std::string(*text);
  else if (const auto* flag = std::get_if<bool>(&member.value)) value.value = *flag;
  else if (const auto* whole = std::get_if<std::size_t>(&member.value)) value.value = *whole;
  else value.value = std::get<double>(member.value);
}

/// Adds a tensor to a layer.
INLAY_ONCE void add(LayerRecord& layer, const char* name, TensorRecord tensor) {
  layer.tensors.insert_or_assign(name, std::move(tensor));
}

/// Makes a layer with scalar members.
INLAY_ONCE LayerRecord make_layer(const SourceLocation& place, std::string_view type,
                                  std::initializer_list<Member> members = {}) {
  LayerRecord layer{.place = place, .type = {place, std::string(type)}, .values = {}, .tensors = {}};
  for (const Member& member : members) add(layer, member);
  return layer;
}

/// Makes a layer without weights that keeps the number of channels.
INLAY_ONCE LayerRecord make_plain(const SourceLocation& place, std::string_view type, const Count& size) {
  return make_layer(place, type, {{"size", size}});
}

/// Makes a `scale` layer: y = scale x.
INLAY_ONCE LayerRecord make_scale(const SourceLocation& place, const Count& size, double scale) {
  return make_layer(place, "scale", {{"size", size}, {"scale", place, scale}});
}

/// Makes a `slice` layer: channels [begin, begin + out) of `in`.
INLAY_ONCE LayerRecord make_slice(const SourceLocation& place, const Count& in, std::size_t begin, const Count& out) {
  return make_layer(place, "slice", {{"in", in}, {"begin", place, begin}, {"out", out}});
}

/// Makes a tensor without values.
INLAY_ONCE TensorRecord make_tensor(const SourceLocation& place, std::initializer_list<std::size_t> shape) {
  return {.place = place, .shape = shape, .values = {}, .row_places = {}};
}

INLAY_ONCE void append(Layers& chain, LayerRecord&& layer) { chain.push_back(std::move(layer)); }
INLAY_ONCE void append(Layers& chain, std::optional<LayerRecord>&& layer) {
  if (layer) append(chain, std::move(*layer));
}
INLAY_ONCE void append(Layers& chain, Layers&& layers) {
  for (LayerRecord& layer : layers) append(chain, std::move(layer));
}

/// Appends a chain named `name` to a combinator's record.
INLAY_ONCE void add_chain(LayerRecord& layer, const char* name, Layers&& layers) {
  layer.chains[name].push_back({layer.place, std::move(layers)});
}

/// Concatenates layers, optional layers and chains to one chain.
template <class... Parts>
Layers chain_of(Parts&&... parts) {
  Layers chain;
  (append(chain, std::forward<Parts>(parts)), ...);
  return chain;
}

}  // namespace inlay::io::detail
