/// Members of a layer's record.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "inlay/core/compiled.hpp"
#include "inlay/io/model_file.hpp"

namespace inlay::io {

std::string_view type_of(const LayerRecord& record);

/// Where an option stands, or the layer that lacks it.
const SourceLocation& place_of(const LayerRecord& record, std::string_view name);

/// Options that a record may lack, or have of another kind.
std::string_view text_option(const LayerRecord& record, std::string_view name, std::string_view otherwise);
bool flag_option(const LayerRecord& record, std::string_view name, bool otherwise);

/// Values of a tensor; 0 where there is none.
std::size_t tensor_size(const LayerRecord& record, std::string_view name);

/// An option that is a whole number. Throws load_error where there is none.
std::size_t number_of(const LayerRecord& record, std::string_view name);
/// The same for one that is above 0.
std::size_t positive(const LayerRecord& record, std::string_view name);

/// Layers within the layer. Throws load_error where there are none.
const ChainRecord& chain_of(const LayerRecord& record, std::string_view name, std::size_t index = 0);

/// Channels that a chain takes, which one of its first layers says. Throws load_error where none does.
std::size_t width_of(const ChainRecord& chain);

[[noreturn]] void refuse(const LayerRecord& record, std::string expected, std::size_t found);

/// Refuses a past of so many frames and channels that no network has, before memory is asked for.
void expect_past(const SourceLocation& place, std::size_t frames, std::size_t channels);

/// What a combinator's record holds, and how many chains of each name.
struct Members {
  std::vector<std::string_view> options, chains;
  std::size_t most = 1;
};
/// Refuses what a record holds beside its members.
void expect_only(const Members& members, const LayerRecord& record);

}  // namespace inlay::io

#if !defined(INLAY_COMPILED)
#include "inlay/io/record.ipp"
#endif
