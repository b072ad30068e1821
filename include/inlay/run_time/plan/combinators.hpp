/// Combinators of a run-time model: the formulas of the typed ones, and those that only rearrange channels.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string_view>

#include "inlay/combinators/append_condition.hpp"
#include "inlay/combinators/conditioned_by.hpp"
#include "inlay/combinators/film.hpp"
#include "inlay/combinators/gate.hpp"
#include "inlay/combinators/mixin.hpp"
#include "inlay/combinators/parallel.hpp"
#include "inlay/combinators/residual.hpp"
#include "inlay/combinators/residual_skip.hpp"
#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/limits.hpp"
#include "inlay/io/record.hpp"
#include "inlay/run_time/plan/build_blocks.hpp"
#include "inlay/run_time/plan/build_context.hpp"
#include "inlay/run_time/plan/build_features.hpp"
#include "inlay/run_time/plan/build_overlap_add.hpp"
#include "inlay/run_time/plan/build_windowed.hpp"
#include "inlay/run_time/plan/formula_plan.hpp"
#include "inlay/run_time/plan/signal.hpp"

namespace inlay::INLAY_ISA::plan {

/// A combinator: its type, the permitted members of its record, and the function that adds it to a planner's program
/// and returns its output.
template <class Planner>
struct Combinator {
  std::string_view type;
  io::Members members;
  Signal (*build)(Planner& planner, const BuildContext& context);
};

template <class Planner>
INLAY_COLD Signal build_identity(Planner&, const BuildContext& context) {
  return input_of_size(context);
}

template <class Planner>
INLAY_COLD Signal build_slice(Planner&, const BuildContext& context) {
  const std::size_t channels = context.x.count();
  expect_width(context, io::number_of(context.record, "in"));
  const std::size_t begin = io::number_of(context.record, "begin"), out = io::number_of(context.record, "out");
  if (out == 0 || begin > channels || out > channels - begin)
    refuse(context.record, io::concat({"a slice inside of the ", channels, " input channels"}), begin);
  return context.x.slice(begin, out);
}
template <class Planner>
INLAY_COLD Signal build_pad(Planner&, const BuildContext& context) {
  const std::size_t channels = context.x.count();
  expect_width(context, io::number_of(context.record, "in"));
  const std::size_t out = io::number_of(context.record, "out");
  if (out < channels || out > limits::channels)
    refuse(context.record, io::concat({"from ", channels, " to ", limits::channels, " output channels"}), out);
  Signal y = context.x;
  if (out > channels) y.parts.push_back({silence, 0, out - channels});
  return y;
}

/// Combinators by the name of their type in a file. To add one, add a row.
template <class Planner>
class CombinatorTable {
  using Row = Combinator<Planner>;
  template <class Formula>
  static constexpr Row row{Formula::type, members_of<Formula>(), &build<Formula, Planner>};

  static constexpr std::string_view size[] = {"size"}, layers[] = {"layers"}, slice[] = {"in", "out", "begin"},
                                    pad[] = {"in", "out"}, windowed[] = {"window", "hop"},
                                    overlap_add[] = {"window", "hop", "spread"},
                                    tfilm[] = {"size", "block_size", "offset"}, blocks[] = {"block_size", "offset"},
                                    features[] = {"features"};
  static constexpr Row rows[] = {
      row<formula::Residual>,
      row<formula::Parallel>,
      row<formula::Concat>,
      row<formula::Split>,
      row<formula::Gate>,
      row<formula::Blend>,
      row<formula::Mixin>,
      row<formula::FiLM>,
      row<formula::AppendCondition>,
      row<formula::ConditionedBy>,
      row<formula::ResidualSkip>,
      {"identity", {size, {}}, &build_identity<Planner>},
      {"slice", {slice, {}}, &build_slice<Planner>},
      {"pad", {pad, {}}, &build_pad<Planner>},
      {"along_features", {features, layers}, &build_features<AlongFeaturesOperation, Planner>},
      {"per_feature", {features, layers}, &build_features<PerFeatureOperation, Planner>},
      {"overlap_add", {overlap_add, layers}, &build_overlap_add<Planner>},
      {"block_control", {blocks, layers}, &build_block_control<Planner>},
      {"tfilm", {tfilm, layers}, &build_tfilm<Planner>},
      {"windowed", {windowed, layers}, &build_windowed<Planner>},
      {"time_pad", {time_pad_options, {}}, &build_time_pad<Planner>},
  };

 public:
  /// Returns null if the type is not a combinator.
  static const Row* find(std::string_view type) {
    const Row* const found =
        std::find_if(std::begin(rows), std::end(rows), [&](const Row& row) { return row.type == type; });
    return found == std::end(rows) ? nullptr : found;
  }
};

}  // namespace inlay::INLAY_ISA::plan
