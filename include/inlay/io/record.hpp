/// Access to the members of a layer's record.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "inlay/core/compiled.hpp"
#include "inlay/io/model_file.hpp"

namespace inlay::io {

std::string_view type_of(const LayerRecord& record);

/// Returns the place of an option, or of the layer if it has no such option.
const SourceLocation& place_of(const LayerRecord& record, std::string_view name);

/// Return an option, or `fallback` if it is missing or of another type.
std::string_view text_option(const LayerRecord& record, std::string_view name, std::string_view fallback);
bool flag_option(const LayerRecord& record, std::string_view name, bool fallback);
std::size_t number_option(const LayerRecord& record, std::string_view name, std::size_t fallback);

/// Returns the number of values of a tensor; 0 if there is no such tensor.
std::size_t tensor_size(const LayerRecord& record, std::string_view name);

/// Returns an option that is a non-negative integer. Throws load_error if there is none.
std::size_t number_of(const LayerRecord& record, std::string_view name);
/// Returns an option that is an integer above 0. Throws load_error if there is none.
std::size_t positive(const LayerRecord& record, std::string_view name);

/// Returns chain `index` of the name `name` of a combinator. Throws load_error if there is none.
const ChainRecord& chain_of(const LayerRecord& record, std::string_view name, std::size_t index = 0);

/// Returns the number of input channels of a chain, from the options of its first layer or of that layer's inner
/// chains. Throws load_error if they do not state it.
std::size_t width_of(const ChainRecord& chain);

/// Throws load_error at a layer.
[[noreturn]] void refuse(const LayerRecord& record, std::string_view expected, std::size_t found);

/// Throws load_error if a layer's past, frames * channels, exceeds `limits::past_values`. Call it before memory is
/// allocated.
void expect_past(const SourceLocation& place, std::size_t frames, std::size_t channels);

/// Permitted members of a combinator's record.
struct Members {
  std::span<const std::string_view> options, chains;
  std::size_t most = 1;  ///< largest number of chains of one name
};
/// Throws load_error if a record has other members.
void expect_only(const Members& members, const LayerRecord& record);

}  // namespace inlay::io

#if !defined(INLAY_COMPILED)
#include "inlay/io/record.ipp"
#endif
