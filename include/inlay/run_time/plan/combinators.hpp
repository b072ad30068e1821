/// Combinators of a run-time model: one function for each, and their table.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/record.hpp"
#include "inlay/run_time/kernels.hpp"
#include "inlay/run_time/plan/build_context.hpp"
#include "inlay/run_time/plan/build_windowed.hpp"
#include "inlay/run_time/plan/limits.hpp"
#include "inlay/run_time/plan/signal.hpp"

namespace inlay::INLAY_ISA::plan {

/// A combinator: the permitted members of its record, and the function that adds it to a planner's program and returns
/// its output.
template <class Planner>
struct Combinator {
  io::Members members;
  Signal (*build)(Planner& planner, const BuildContext& context);
};

template <class Planner>
Signal build_identity(Planner&, const BuildContext& context) {
  return input_of_size(context);
}

template <class Planner>
Signal build_residual(Planner& planner, const BuildContext& context) {
  return planner.add_inner_chain(context, context.x, "layers", context.x);
}

inline std::size_t branch_count(const BuildContext& context) {
  return context.record.chains.find("branches")->second.size();
}
template <class Planner>
Signal build_parallel(Planner& planner, const BuildContext& context) {
  Signal y = planner.inner_chain(context, "branches", context.x);
  for (std::size_t i = 1; i < branch_count(context); ++i)
    y = planner.add_inner_chain(context, y, "branches", context.x, i);
  return y;
}
template <class Planner>
Signal build_concat(Planner& planner, const BuildContext& context) {
  Signal y = planner.inner_chain(context, "branches", context.x);
  for (std::size_t i = 1; i < branch_count(context); ++i)
    y = concatenate(context.record, y, planner.inner_chain(context, "branches", context.x, i));
  return y;
}
template <class Planner>
Signal build_split(Planner& planner, const BuildContext& context) {
  const std::size_t channels = context.x.count();
  const std::size_t first_size = io::width_of(io::chain_of(context.record, "branches"));
  if (first_size >= channels)
    refuse(context.record, io::concat({"more input channels than the first branch, ", std::to_string(first_size)}),
           channels);
  const Signal first = planner.inner_chain(context, "branches", context.x.slice(0, first_size));
  const Signal second_input = context.x.slice(first_size, channels - first_size);
  return concatenate(context.record, first, planner.inner_chain(context, "branches", second_input, 1));
}

/// The signals of a gate: the first half of its input, the activation of that, and the gate of the second half.
struct GateSignals {
  Signal x, activated, gate;
};
template <class Planner>
GateSignals gate_signals(Planner& planner, const BuildContext& context) {
  const std::size_t size = io::number_of(context.record, "size");
  expect_width(context, 2 * size);
  const Signal none;
  const BuildContext without_condition{context.record, context.x, none};
  const Signal x = context.x.slice(0, size);
  const Signal activated = planner.inner_chain(without_condition, "activation", x);
  return {x, activated, planner.inner_chain(without_condition, "gate", context.x.slice(size, size))};
}
template <class Planner>
Signal build_gate(Planner& planner, const BuildContext& context) {
  const GateSignals s = gate_signals(planner, context);
  return planner.map(run_time::MapFunction::product, context, s.activated, {s.activated, s.gate});
}
template <class Planner>
Signal build_blend(Planner& planner, const BuildContext& context) {
  const GateSignals s = gate_signals(planner, context);
  return planner.map(run_time::MapFunction::blend, context, s.x, {s.x, s.activated, s.gate});
}

template <class Planner>
Signal build_mixin(Planner& planner, const BuildContext& context) {
  const Signal &x = input_of_size(context), &condition = required_condition(context);
  return planner.add_inner_chain(context, x, "layers", condition);
}
template <class Planner>
Signal build_film(Planner& planner, const BuildContext& context) {
  using run_time::MapFunction;
  const Signal y = planner.inner_chain(context, "layers", required_condition(context));
  const std::size_t size = input_of_size(context).count();
  if (y.count() == size) return planner.map(MapFunction::scale, context, context.x, {context.x, y});
  if (y.count() != 2 * size)
    refuse(context.record,
           io::concat({"inner layers with ", std::to_string(size), " output channels (scale) or ",
                       std::to_string(2 * size), " (scale and shift)"}),
           y.count());
  return planner.map(MapFunction::modulate, context, context.x, {context.x, y.slice(0, size), y.slice(size, size)});
}
template <class Planner>
Signal build_append_condition(Planner&, const BuildContext& context) {
  const std::size_t size = io::number_of(context.record, "condition_size");
  if (context.condition.count() < size)
    refuse(context.record, io::concat({"at least ", std::to_string(size), " side channels"}),
           context.condition.count());
  return concatenate(context.record, input_of_size(context), context.condition.slice(0, size));
}
template <class Planner>
Signal build_conditioned_by(Planner& planner, const BuildContext& context) {
  const Signal source = planner.inner_chain(context, "source", context.x);
  return planner.chain(io::chain_of(context.record, "layers"), context.x, source);
}

template <class Planner>
Signal build_residual_skip(Planner& planner, const BuildContext& context) {
  const std::size_t channels = context.x.count(), path_size = io::width_of(io::chain_of(context.record, "path"));
  if (path_size >= channels)
    refuse(context.record, io::concat({"more input channels than the path, ", std::to_string(path_size)}), channels);
  const Signal x = context.x.slice(0, path_size), head = context.x.slice(path_size, channels - path_size);
  const Signal activated = planner.inner_chain(context, "path", x);
  const Signal skip_sum = planner.add_inner_chain(context, head, "skip", activated);
  return concatenate(context.record, planner.add_inner_chain(context, x, "residual", activated), skip_sum);
}

template <class Planner>
Signal build_slice(Planner&, const BuildContext& context) {
  const std::size_t channels = context.x.count();
  expect_width(context, io::number_of(context.record, "in"));
  const std::size_t begin = io::number_of(context.record, "begin"), out = io::number_of(context.record, "out");
  if (out == 0 || begin > channels || out > channels - begin)
    refuse(context.record, io::concat({"a slice inside of the ", std::to_string(channels), " input channels"}), begin);
  return context.x.slice(begin, out);
}
template <class Planner>
Signal build_pad(Planner&, const BuildContext& context) {
  const std::size_t channels = context.x.count();
  expect_width(context, io::number_of(context.record, "in"));
  const std::size_t out = io::number_of(context.record, "out");
  if (out < channels || out > max_channels)
    refuse(context.record,
           io::concat({"from ", std::to_string(channels), " to ", std::to_string(max_channels), " output channels"}),
           out);
  Signal y = context.x;
  if (out > channels) y.parts.push_back({silence, 0, out - channels});
  return y;
}

/// Returns the combinator of a type, or null if the type is not a combinator. To add a combinator, add a row.
template <class Planner>
const Combinator<Planner>* find_combinator(std::string_view type) {
  static const std::map<std::string_view, Combinator<Planner>> combinators{
      {"identity", {{{"size"}, {}}, &build_identity<Planner>}},
      {"residual", {{{}, {"layers"}}, &build_residual<Planner>}},
      {"parallel", {{{}, {"branches"}, unbounded}, &build_parallel<Planner>}},
      {"concat", {{{}, {"branches"}, unbounded}, &build_concat<Planner>}},
      {"split", {{{}, {"branches"}, 2}, &build_split<Planner>}},
      {"gate", {{{"size"}, {"activation", "gate"}}, &build_gate<Planner>}},
      {"blend", {{{"size"}, {"activation", "gate"}}, &build_blend<Planner>}},
      {"mixin", {{{"size"}, {"layers"}}, &build_mixin<Planner>}},
      {"film", {{{"size"}, {"layers"}}, &build_film<Planner>}},
      {"append_condition", {{{"size", "condition_size"}, {}}, &build_append_condition<Planner>}},
      {"conditioned_by", {{{}, {"source", "layers"}}, &build_conditioned_by<Planner>}},
      {"residual_skip", {{{}, {"path", "residual", "skip"}}, &build_residual_skip<Planner>}},
      {"slice", {{{"in", "out", "begin"}, {}}, &build_slice<Planner>}},
      {"pad", {{{"in", "out"}, {}}, &build_pad<Planner>}},
      {"windowed", {{{"window", "hop"}, {"layers"}}, &build_windowed<Planner>}},
      {"time_pad", {time_pad_members(), &build_time_pad<Planner>}},
  };
  const auto found = combinators.find(type);
  return found == combinators.end() ? nullptr : &found->second;
}

}  // namespace inlay::INLAY_ISA::plan
