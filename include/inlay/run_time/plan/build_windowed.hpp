/// The combinators "windowed" and "time_pad" of a run-time model.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "inlay/core/compiler.hpp"
#include "inlay/core/tile_frames.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/limits.hpp"
#include "inlay/io/record.hpp"
#include "inlay/run_time/plan/build_context.hpp"
#include "inlay/run_time/plan/pace.hpp"
#include "inlay/run_time/plan/program.hpp"
#include "inlay/run_time/plan/signal.hpp"
#include "inlay/run_time/plan/windowed_operation.hpp"

namespace inlay::INLAY_ISA::plan {

/// Throws load_error if a signal inside of a window has too many values.
template <class T>
void expect_room(const WindowedOperation<T>& window, const io::LayerRecord& record) {
  if (window.room() > limits::window_values)
    refuse(record, io::concat({"a window of at most ", limits::window_values, " values"}), window.room());
}

inline constexpr std::string_view time_pad_options[] = {"size", "before", "after"};

/// Appends a time_pad to a window.
template <class T>
void add_time_pad(WindowedOperation<T>& window, const io::LayerRecord& record) {
  expect_only({time_pad_options, {}}, record);
  const std::size_t before = io::number_of(record, "before"), after = io::number_of(record, "after");
  const std::size_t width = window.shape().out, size = io::number_of(record, "size");
  if (size != width) throw width_error(io::place_of(record, "size"), width, size);
  io::expect_past(io::place_of(record, "before"), before, width);
  io::expect_past(io::place_of(record, "after"), after, width);
  window.add_zeros(before, after);
  expect_room(window, record);
}

/// Appends a layer to a window. `Planner` plans the program of the layer.
template <class Planner, class T>
INLAY_COLD void add_window_layer(Planner& planner, WindowedOperation<T>& window, const io::LayerRecord& record) {
  Program<T> program;
  Planner inner(program, planner.kernels());
  const Signal in = inner.input(window.shape().out), none = inner.input(0);
  const Signal out = inner.layer({record, in, none});
  const Pace& pace = out.pace;
  if (pace.tile() < tile_frames)
    throw load_error(record.place, "a layer that does not increase the number of frames, inside of \"windowed\"",
                     "one that does");
  program.finish(in.parts[0], inner.contiguous(out), none.parts[0], planner.kernels(), pace.tile(), pace.one_to_one());
  planner.bound = std::max(planner.bound, inner.bound);
  planner.costs.state += inner.costs.state + program.room();
  planner.costs.windows += inner.costs.windows;
  window.add(std::move(program), out.count(), pace, out.past == 0 && pace.one_to_one(), inner.macs, inner.costs.work);
  expect_room(window, record);
}

template <class Planner>
INLAY_COLD Signal build_windowed(Planner& planner, const BuildContext& context) {
  const std::size_t channels = context.x.count();
  const std::size_t window = io::positive(context.record, "window"), hop = io::positive(context.record, "hop");
  io::expect_past(io::place_of(context.record, "window"), window, channels);
  if (hop > limits::option)
    throw load_error(io::place_of(context.record, "hop"), io::concat({"a whole number from 1 to ", limits::option}),
                     std::to_string(hop));
  auto operation = std::make_unique<WindowedOperation<typename Planner::scalar>>(channels, window, hop);
  for (const io::LayerRecord& record : io::chain_of(context.record, "layers").layers) {
    if (io::type_of(record) == "time_pad") add_time_pad(*operation, record);
    else add_window_layer(planner, *operation, record);
  }
  planner.costs.state += 2 * operation->room();
  planner.costs.windows += operation->work();
  planner.costs.work += operation->work() / static_cast<double>(hop) * context.x.pace.frames_per_input();
  return planner.add_operation(context, std::move(operation), {});
}

/// A time_pad outside of a window must have no zeros.
template <class Planner>
Signal build_time_pad(Planner&, const BuildContext& context) {
  for (const char* name : {"before", "after"}) {
    const std::size_t frames = io::number_of(context.record, name);
    if (frames != 0)
      throw load_error(io::place_of(context.record, name), "0, as this layer is not inside of \"windowed\"",
                       std::to_string(frames));
  }
  return input_of_size(context);
}

}  // namespace inlay::INLAY_ISA::plan
