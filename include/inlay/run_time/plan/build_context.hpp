/// BuildContext: a layer of a file, its input and its side channels. Checks of its options.
#pragma once

#include <cstddef>
#include <string>

#include "inlay/core/compiler.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/io/record.hpp"
#include "inlay/run_time/plan/signal.hpp"

namespace inlay::INLAY_ISA::plan {

/// A layer, its input and its side channels.
struct BuildContext {
  const io::LayerRecord& record;
  const Signal& x;
  const Signal& condition;
};

/// The error that an option has the value `found` instead of the number of input channels.
inline load_error width_error(const io::SourceLocation& place, std::size_t channels, std::size_t found) {
  return load_error(place, io::concat({channels, ", the number of input channels"}), std::to_string(found));
}
/// Throws load_error unless the input has `width` channels.
inline void expect_width(const BuildContext& context, std::size_t width) {
  const std::size_t channels = context.x.count();
  if (channels == width) return;
  for (const char* name : {"in", "size", "channels"})
    if (context.record.values.contains(name)) throw width_error(io::place_of(context.record, name), channels, width);
  throw width_error(context.record.place, channels, width);
}
/// Returns the input. Throws load_error unless the option "size" is its number of channels.
inline const Signal& input_of_size(const BuildContext& context) {
  expect_width(context, io::number_of(context.record, "size"));
  return context.x;
}
/// Returns the side channels. Throws load_error if there are none.
inline const Signal& required_condition(const BuildContext& context) {
  if (context.condition.count() == 0)
    throw load_error(context.record.place, "a network with side channels, which this layer reads", "none");
  return context.condition;
}

}  // namespace inlay::INLAY_ISA::plan
