/// Layer arrays and activations of .namb files.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "inlay/core/compiled.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/json.hpp"
#include "inlay/io/namb_part.hpp"

namespace inlay::io::detail {

/// An object of the document whose members are read from a part of the file.
class NambObject {
 public:
  NambObject(NambPart& part, const NambPath& place) : part_(part), place_(place) {}
  NambObject(const NambObject&) = delete;
  NambObject& operator=(const NambObject&) = delete;

  NambPart& part() noexcept { return part_; }
  const NambPath& path() const noexcept { return place_; }
  NambPath path(const char* key) const { return {place_, key}; }

  INLAY_ONCE void set(const char* key, Json value) {
    std::string name(key);  // the parser inserts by the same function of the map, which is compiled once
    json_.members().emplace(name, std::move(value));
  }
  INLAY_ONCE void whole(std::size_t bytes, const char* key) { set(key, Json(part_.whole(bytes, path(key)))); }
  INLAY_ONCE void integer(const char* key) { set(key, Json(std::int64_t{part_.integer(path(key))})); }
  INLAY_ONCE void number(const char* key) { set(key, Json(double{part_.number(path(key))})); }
  INLAY_ONCE bool flag(const char* key) {
    const bool value = part_.flag(path(key));
    set(key, Json(value));
    return value;
  }
  /// An array of `count` entries, each read by `read`.
  INLAY_ONCE void list(const char* key, std::size_t count, Json (*read)(NambPart& part, const NambPath& place)) {
    Json entries(Json::Type::array);
    const NambPath place = path(key);
    for (std::size_t i = 0; i < count; ++i) entries.entries().push_back(read(part_, {place, i}));
    set(key, std::move(entries));
  }

  Json take() { return std::move(json_); }

 private:
  NambPart& part_;
  NambPath place_;
  Json json_{Json::Type::object};
};

INLAY_ONCE Json namb_integer(NambPart& part, const NambPath& place) { return Json(std::int64_t{part.integer(place)}); }
INLAY_ONCE Json namb_kernel_size(NambPart& part, const NambPath& place) {
  const std::uint64_t taps = part.whole(2, place);
  if (taps == 0) part.fail(place, "a whole number above 0", taps, 2);
  return Json(taps);
}

/// Reads an activation: its number, the number of parameters, and these.
INLAY_ONCE Json namb_activation(NambPart& part, const NambPath& place) {
  static constexpr std::array<const char*, 11> names{"Tanh",      "Hardtanh",      "Fasttanh", "ReLU",
                                                     "LeakyReLU", "PReLU",         "Sigmoid",  "SiLU",
                                                     "Hardswish", "LeakyHardtanh", "Softsign"};
  NambObject activation(part, place);
  const std::string name = names[part.up_to(names.size() - 1, place)];
  activation.set("type", Json(name));
  const std::size_t count = part.count(1, place);
  const auto number = [](NambPart& from, const NambPath& at) { return Json(double{from.number(at)}); };
  if (count == 0) return activation.take();
  if (name == "PReLU" && count > 1) {
    activation.list("negative_slopes", count, number);
  } else if ((name == "PReLU" || name == "LeakyReLU") && count == 1) {
    activation.number("negative_slope");
  } else if (name == "LeakyHardtanh" && count == 4) {
    for (const char* key : {"min_val", "max_val", "min_slope", "max_slope"}) activation.number(key);
  } else {
    part.fail(place, concat({"as many parameters as ", name, " has"}), count, 1);
  }
  return activation.take();
}

INLAY_ONCE Json namb_gating_mode(NambPart& part, const NambPath& place) {
  static constexpr std::array<const char*, 3> names{"none", "gated", "blended"};
  return Json(std::string(names[part.up_to(names.size() - 1, place)]));
}

/// Where a layer array has its kernel sizes. The number of the format did not change with it.
enum class NambKernels {
  one_size,  ///< in the array's head, as until March 2026
  list       ///< after the dilations, as since April 2026; the size of the head's kernel took its place
};

/// Reads the layer array that is entry `place` of "layers".
INLAY_ONCE Json namb_layer_array(NambPart& part, const NambPath& place, NambKernels kernels) {
  NambObject array(part, place);
  array.whole(2, "input_size");
  array.whole(2, "condition_size");
  NambObject head(part, array.path("head"));
  head.whole(2, "out_channels");
  array.whole(2, "channels");
  array.whole(2, "bottleneck");
  std::uint64_t head_taps = 1;
  if (kernels == NambKernels::one_size) array.whole(2, "kernel_size");
  // 0, as written for a few days, is a kernel of one tap.
  else head_taps = std::max<std::uint64_t>(1, part.whole(2, head.path("kernel_size")));
  head.set("kernel_size", Json(head_taps));
  head.flag("bias");
  array.set("head", head.take());
  const std::size_t layers = part.count(1, array.path("dilations"));
  array.whole(2, "groups_input");
  array.whole(2, "groups_input_mixin");

  NambObject next(part, array.path("layer1x1"));
  next.flag("active");
  next.whole(2, "groups");
  part.reserved(1, next.path());
  array.set("layer1x1", next.take());
  NambObject to_head(part, array.path("head1x1"));
  to_head.flag("active");
  to_head.whole(2, "out_channels");
  to_head.whole(2, "groups");
  part.reserved(1, to_head.path());
  array.set("head1x1", to_head.take());

  for (const char* key : {"conv_pre_film", "conv_post_film", "input_mixin_pre_film", "input_mixin_post_film",
                          "activation_pre_film", "activation_post_film", "layer1x1_post_film", "head1x1_post_film"}) {
    NambObject film(part, array.path(key));
    const std::size_t flags = part.up_to(3, film.path());
    film.set("active", Json((flags & 1) != 0));
    film.set("shift", Json((flags & 2) != 0));
    part.reserved(1, film.path());
    film.whole(2, "groups");
    array.set(key, film.take());
  }

  array.list("dilations", layers, namb_integer);
  if (kernels == NambKernels::list) array.list("kernel_sizes", layers, namb_kernel_size);
  array.list("activation", layers, namb_activation);
  array.list("gating_mode", layers, namb_gating_mode);
  array.list("secondary_activation", layers, namb_activation);
  return array.take();
}

INLAY_ONCE Json namb_layer_arrays(NambPart& part, const NambPath& place, std::size_t count, NambKernels kernels) {
  Json arrays(Json::Type::array);
  for (std::size_t i = 0; i < count; ++i) arrays.entries().push_back(namb_layer_array(part, {place, i}, kernels));
  part.finish(place);
  return arrays;
}

/// The same, or nothing if that fails. `part` is then where it was.
INLAY_ONCE std::optional<Json> try_namb_layer_arrays(NambPart& part, const NambPath& place, std::size_t count,
                                                     NambKernels kernels) {
  const NambPart before = part;
  try {
    return namb_layer_arrays(part, place, count, kernels);
  } catch (const load_error&) {
    part = before;
    return std::nullopt;
  }
}

/// Reads the layer arrays, which end where the config ends. If they do not fit into it with a list of kernel sizes,
/// they are read with one size: the list makes a file of the older form longer than it is. If they do not fit in both
/// forms, the error is that of the newer one.
INLAY_ONCE Json namb_layer_arrays(NambPart& part, const NambPath& place, std::size_t count) {
  for (const NambKernels kernels : {NambKernels::list, NambKernels::one_size})
    if (auto arrays = try_namb_layer_arrays(part, place, count, kernels)) return std::move(*arrays);
  return namb_layer_arrays(part, place, count, NambKernels::list);
}

}  // namespace inlay::io::detail
