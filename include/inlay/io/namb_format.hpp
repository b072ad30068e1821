/// Reader of Neural Amp Modeler's .namb files, format version 1: the binary form of a .nam file.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "inlay/core/compiled.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/json.hpp"
#include "inlay/io/limits.hpp"
#include "inlay/io/namb_part.hpp"
#include "inlay/io/namb_wavenet.hpp"
#include "inlay/io/parse.hpp"

namespace inlay::io {

namespace detail {

/// Sizes of a .namb file's parts, in bytes, and the place of its checksum.
inline constexpr std::size_t namb_header = 32, namb_metadata = 48, namb_checksum_at = 24;

/// CRC-32 of IEEE 802.3 of all bytes but the checksum's own.
INLAY_ONCE std::uint32_t namb_checksum(std::string_view file) {
  static constexpr auto table = [] {  // of 4 bits
    std::array<std::uint32_t, 16> rows{};
    for (std::uint32_t i = 0; i < 16; ++i) {
      rows[i] = i;
      for (int bit = 0; bit < 4; ++bit) rows[i] = rows[i] >> 1 ^ (rows[i] & 1 ? 0xEDB88320u : 0);
    }
    return rows;
  }();
  std::uint32_t crc = ~std::uint32_t{0};
  for (std::size_t i = 0; i < file.size(); ++i) {
    if (i / 4 == namb_checksum_at / 4) continue;
    crc ^= static_cast<unsigned char>(file[i]);
    crc = crc >> 4 ^ table[crc & 15];
    crc = crc >> 4 ^ table[crc & 15];
  }
  return ~crc;
}

/// Builds the document of the .nam file from the bytes of the .namb file.
class NambReader {
 public:
  /// `weights` has the weights of all models, those of inner models first.
  explicit NambReader(NambPart weights) : weights_(weights) {}

  /// Reads a model that owns `weights` weights: metadata, then the architecture and its config.
  INLAY_ONCE Json model(NambPart& metadata, NambPart& part, const NambPath& place, std::size_t weights,
                        std::size_t depth) {
    const std::size_t after = weights_.left() - 4 * weights;
    NambObject object(metadata, place);
    read_metadata(object);
    static constexpr std::array<const char*, 4> architectures{"Linear", "ConvNet", "LSTM", "WaveNet"};
    const std::size_t architecture = part.up_to(architectures.size() - 1, object.path("architecture"));
    object.set("architecture", Json(std::string(architectures[architecture])));
    part.reserved(1, place);
    const NambPath in = object.path("config");
    NambPart config = part.part(part.count(2, in), in);
    if (architecture == 0) object.set("config", linear(config, in));
    else if (architecture == 1) object.set("config", convnet(config, in));
    else if (architecture == 2) object.set("config", lstm(config, in));
    else object.set("config", wavenet(config, in, weights, depth));
    config.finish(in);
    Json list(Json::Type::array);
    list.entries().reserve((weights_.left() - after) / 4);
    while (weights_.left() > after) list.entries().push_back(Json(double{weights_.number("weights")}));
    object.set("weights", std::move(list));
    return object.take();
  }

 private:
  INLAY_ONCE static void read_metadata(NambObject& model) {
    NambPart& part = model.part();
    std::string version;
    for (int i = 0; i < 3; ++i)
      version += concat({i > 0 ? "." : "", std::uint64_t{part.whole(1, model.path("version"))}});
    model.set("version", Json(std::move(version)));
    const std::size_t present = part.up_to(7, model.path("metadata"));
    // -1 stands for an unknown rate.
    if (const double rate = part.precise(model.path("sample_rate")); rate != -1) model.set("sample_rate", Json(rate));
    NambObject metadata(part, model.path("metadata"));
    for (const auto& [bit, key] : {std::pair{1u, "loudness"}, {2u, "input_level_dbu"}, {4u, "output_level_dbu"}}) {
      const double value = part.precise(metadata.path(key));
      if ((present & bit) == 0) continue;
      if (!std::isfinite(value)) part.fail(metadata.path(key), "a finite number", "another", 8);
      metadata.set(key, Json(value));
    }
    if (present != 0) model.set("metadata", metadata.take());
    part.reserved(12, model.path());
  }

  INLAY_ONCE static Json linear(NambPart& part, const NambPath& place) {
    NambObject config(part, place);
    config.integer("receptive_field");
    config.flag("bias");
    config.whole(1, "in_channels");
    config.whole(1, "out_channels");
    part.reserved(1, place);
    return config.take();
  }

  INLAY_ONCE static Json lstm(NambPart& part, const NambPath& place) {
    NambObject config(part, place);
    for (const char* key : {"num_layers", "input_size", "hidden_size"}) config.whole(2, key);
    config.whole(1, "in_channels");
    config.whole(1, "out_channels");
    part.reserved(2, place);
    return config.take();
  }

  INLAY_ONCE static Json convnet(NambPart& part, const NambPath& place) {
    NambObject config(part, place);
    config.whole(2, "channels");
    config.flag("batchnorm");
    const std::size_t layers = part.count(1, config.path("dilations"));
    config.whole(2, "groups");
    config.whole(1, "in_channels");
    config.whole(1, "out_channels");
    config.set("activation", namb_activation(part, config.path("activation")));
    config.list("dilations", layers, namb_integer);
    return config.take();
  }

  INLAY_ONCE Json wavenet(NambPart& part, const NambPath& place, std::size_t weights, std::size_t depth) {
    NambObject config(part, place);
    config.whole(1, "in_channels");
    if (part.flag(config.path("head")))
      part.fail(config.path("head"), "no head after the stack, for which the format has no room", "one", 1);
    const std::size_t arrays = part.count(1, config.path("layers"));
    if (part.flag(config.path("condition_dsp"))) {
      const NambPath inside = config.path("condition_dsp");
      if (2 * (depth + 1) >= limits::nesting) refuse_nesting(inside.text());
      const std::size_t own = part.count(4, {inside, "weights"});
      if (own > weights)
        part.fail({inside, "weights"}, concat({"at most ", weights, ", the weights of the model"}), own, 4);
      NambPart metadata = part.part(namb_metadata, inside);
      config.set("condition_dsp", model(metadata, part, inside, own, depth + 1));
    }
    config.set("layers", namb_layer_arrays(part, config.path("layers"), arrays));
    return config.take();
  }

  NambPart weights_;
};

}  // namespace detail

/// Returns whether a file is a .namb file: it begins with the number 0x4E414D42.
INLAY_ONCE bool is_namb(std::string_view file) { return file.starts_with("BMAN"); }

/// Reads a .namb file as the document that the .nam file of the same model is. Verifies the sizes and the checksum;
/// read_nam verifies the document. Throws load_error with the path in the document and the byte in the file.
INLAY_ONCE Json namb_document(std::string_view file) {
  using detail::namb_header, detail::namb_metadata;
  if (file.size() > limits::file_bytes) refuse_size(concat({file.size()}));
  detail::NambPart header(file, 0, file.size());
  header.whole(4, "magic number");
  if (const auto version = header.count(2, "format version"); version != 1)
    header.fail("format version", "1", version, 2);
  header.reserved(2, "flags");
  const std::size_t size = header.count(4, "file size");
  if (size > file.size())
    header.fail("file size", concat({"at most ", file.size(), ", the bytes of the file"}), size, 4);
  // What follows is within the size that the file states; more may follow it in a memory.
  file = file.substr(0, size);
  constexpr std::size_t least = namb_header + namb_metadata;
  const std::size_t offset = header.count(4, "offset of the weights");
  if (offset < least || offset > size)
    header.fail("offset of the weights", concat({"a whole number from ", least, " to ", size}), offset, 4);
  const std::size_t weights = header.count(4, "number of weights"), room = (size - offset) / 4;
  if (weights > room)
    header.fail("number of weights", concat({"at most ", room, ", which the file has room for"}), weights, 4);
  const std::size_t model_size = header.count(4, "size of the model");
  if (model_size > offset - least)
    header.fail("size of the model", concat({"at most ", offset - least, ", the bytes before the weights"}), model_size,
                4);
  if (const auto checksum = header.whole(4, "checksum"); checksum != detail::namb_checksum(file))
    header.fail("checksum", concat({std::uint64_t{detail::namb_checksum(file)}, ", that of the other bytes"}), checksum,
                4);
  header.reserved(4, "header");

  detail::NambPart metadata(file, namb_header, least), model(file, least, least + model_size);
  Json document =
      detail::NambReader(detail::NambPart(file, offset, offset + 4 * weights)).model(metadata, model, "", weights, 0);
  model.finish("");
  return document;
}

}  // namespace inlay::io
