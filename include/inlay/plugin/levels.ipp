#pragma once

#include <cmath>
#include <optional>

#include "inlay/io/json_cursor.hpp"
#include "inlay/io/parse.hpp"
#include "inlay/plugin/levels.hpp"

namespace inlay {

INLAY_DECL ModelLevels levels_of(const ModelInfo& info) {
  ModelLevels levels;
  if (info.metadata.empty()) return levels;
  const io::Json json = io::parse(info.metadata);
  const io::JsonCursor metadata(json, "metadata");
  const auto read = [&](const char* name, std::optional<double>& level) {
    const auto found = metadata.find(name);
    if (!found || found->json().is_null()) return;
    level = found->number();
    if (!(std::abs(*level) <= 200)) found->fail("a level between -200 and 200 dB");
  };
  read("loudness", levels.loudness);
  read("input_level_dbu", levels.input_level_dbu);
  read("output_level_dbu", levels.output_level_dbu);
  read("gain", levels.gain);
  return levels;
}

}  // namespace inlay
