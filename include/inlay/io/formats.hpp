/// Table of the supported model file formats. A format is recognised by the document's keys, not by the file name.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "inlay/io/aidax_format.hpp"
#include "inlay/io/inlay_format.hpp"
#include "inlay/io/json_cursor.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/io/nam_format.hpp"
#include "inlay/io/proteus_format.hpp"
#include "inlay/io/rtneural_format.hpp"

namespace inlay::io {

/// A format: its name, a test for its keys, and its reader.
struct Format {
  std::string_view name;
  bool (*recognises)(const JsonCursor& root);
  ModelFile (*read)(const JsonCursor& root, const ReadOptions& options);
};

namespace detail {

INLAY_ONCE bool has_any(const JsonCursor& root, std::initializer_list<std::string_view> keys) {
  for (std::string_view key : keys)
    if (root.find(key)) return true;
  return false;
}

}  // namespace detail

/// Formats in the order in which they are tried. To add a format, add a row.
inline constexpr Format formats[] = {
    {"inlay", [](const JsonCursor& root) { return detail::has_any(root, {"format"}); },
     [](const JsonCursor& root, const ReadOptions&) { return read_inlay(root); }},
    {"Neural Amp Modeler", [](const JsonCursor& root) { return detail::has_any(root, {"architecture"}); }, read_nam},
    {"Proteus", [](const JsonCursor& root) { return detail::has_any(root, {"model_data", "state_dict"}); },
     [](const JsonCursor& root, const ReadOptions&) { return read_proteus(root); }},
    {"AIDA-X",
     [](const JsonCursor& root) {
       return detail::has_any(root, {"in_skip", "in_gain", "out_gain", "samplerate", "input_batch", "output_batch"});
     },
     [](const JsonCursor& root, const ReadOptions&) { return read_aidax(root); }},
    {"RTNeural", [](const JsonCursor& root) { return detail::has_any(root, {"layers", "in_shape"}); },
     [](const JsonCursor& root, const ReadOptions&) { return read_rtneural(root); }},
};

/// Returns the format of a document. Throws load_error if no format recognises it.
INLAY_ONCE const Format& format_of(const Json& document) {
  const JsonCursor root(document, "");
  std::string names;
  for (const Format& format : formats) {
    if (format.recognises(root)) return format;
    names += concat({names.empty() ? "" : ", ", format.name});
  }
  root.fail(concat({"a model file of one of these formats: ", names}), "an object with none of their keys");
}

}  // namespace inlay::io
