/// Detection of files that are not JSON, by their first bytes. The error names the kind of file and the command that
/// makes a model file from it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "inlay/io/error.hpp"

namespace inlay::io {

namespace detail {

/// The kind of a file, and how to make a model file from it.
struct FileKind {
  std::string_view name, advice;
};

inline constexpr std::string_view by_export_of_keras =
    "python3 -m inlay export FILE -o MODEL.json writes one: docs/from-keras.md";
inline constexpr std::string_view by_export_of_weights =
    "python3 -m inlay export CONFIG.json --weights FILE -o MODEL.json writes one: docs/from-keras.md";
inline constexpr std::string_view by_export_of_script =
    "python3 -m inlay export FILE -o MODEL.json writes one: docs/from-pytorch.md";
inline constexpr std::string_view by_export_of_checkpoint =
    "python3 -m inlay export PACKAGE.MODULE:FACTORY --state-dict FILE -o MODEL.json writes one: docs/from-pytorch.md";
inline constexpr std::string_view by_hand = "docs/file-format.md says how to write one";

/// Classifies a ZIP file by the names of its members, which a ZIP file stores uncompressed.
INLAY_ONCE FileKind kind_of_zip(std::string_view text) {
  const auto holds = [&](std::string_view name) { return text.find(name) != text.npos; };
  if (holds("config.json") && holds("metadata.json")) return {"a Keras file (.keras)", by_export_of_keras};
  if (holds("constants.pkl")) return {"a TorchScript file", by_export_of_script};
  if (holds("data.pkl")) return {"a PyTorch checkpoint", by_export_of_checkpoint};
  if (holds(".npy")) return {"arrays of NumPy (.npz)", by_hand};
  return {"a ZIP archive", "there may be one in the archive"};
}

INLAY_ONCE FileKind kind_of_hdf5(std::string_view text) {
  if (text.find("model_config") != text.npos) return {"a Keras file (HDF5)", by_export_of_keras};
  return {"an HDF5 file without a network, such as Keras's weights", by_export_of_weights};
}

/// Classifies a pickle. Checkpoints of PyTorch before 1.6 begin with a magic number.
INLAY_ONCE FileKind kind_of_pickle(std::string_view text) {
  if (text.starts_with("\x80\x02\x8a\x0al\xfc\x9c")) return {"a PyTorch checkpoint", by_export_of_checkpoint};
  return {"a Python pickle", by_hand};
}

/// Returns whether a file is in the safetensors format: 8 bytes with the length of a JSON object, little-endian, then
/// the object.
INLAY_ONCE bool is_safetensors(std::string_view text) {
  using namespace std::string_view_literals;
  return text.size() > 8 && text.substr(4, 4) == "\0\0\0\0"sv && text[8] == '{';
}

/// Returns whether a file looks like ONNX, which has no magic number. It is a Protocol Buffers message: field 1, the
/// version, is at least 3, and one of the fields 2 to 8 follows.
INLAY_ONCE bool is_onnx(std::string_view text) {
  constexpr std::string_view fields = "\x12\x1a\x22\x28\x32\x3a\x42";
  return text.size() > 2 && text[0] == 8 && text[1] >= 3 && text[1] < 64 && fields.find(text[2]) != fields.npos;
}

/// Returns whether a file is UTF-16: it has a byte order mark, or every other byte of the first two characters is 0.
INLAY_ONCE bool is_utf16(std::string_view text) {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) return true;
  const auto is_zero = [&](std::size_t i) { return text[i] == 0; };
  return text.size() >= 4 && is_zero(0) != is_zero(1) && is_zero(0) == is_zero(2) && is_zero(1) == is_zero(3);
}

/// Returns the kind of a file that cannot be JSON, or nothing if it may be JSON.
INLAY_ONCE std::optional<FileKind> other_kind(std::string_view text) {
  if (text.starts_with("PK\x03\x04")) return kind_of_zip(text);
  if (text.starts_with("\x89HDF\r\n\x1a\n")) return kind_of_hdf5(text);
  for (const char* pickle : {"\x80\x02", "\x80\x03", "\x80\x04", "\x80\x05"})
    if (text.starts_with(pickle)) return kind_of_pickle(text);
  if (text.starts_with("\x1f\x8b")) return FileKind{"a gzip archive", "there may be one in the archive: gunzip FILE"};
  if (is_safetensors(text))
    return FileKind{"tensors without a network (.safetensors)",
                    "put them into their PyTorch module and export that: docs/from-pytorch.md"};
  if (is_onnx(text))
    return FileKind{"an ONNX file",
                    "export the network from where it was trained: docs/from-pytorch.md, docs/from-keras.md"};
  return std::nullopt;
}

}  // namespace detail

/// Throws load_error if the file is of a known kind other than JSON, or JSON that is not in UTF-8.
INLAY_ONCE void refuse_other_kinds(std::string_view text) {
  constexpr const char* place = "start of file";
  if (const auto kind = detail::other_kind(text))
    throw load_error(place, concat({"a model file in JSON (", kind->advice, ")"}), std::string(kind->name));
  if (detail::is_utf16(text)) throw load_error(place, "JSON in UTF-8", "text in UTF-16");
}

}  // namespace inlay::io
