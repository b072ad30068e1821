/// Planner: converts the records of a file to a program.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "inlay/core/compiler.hpp"
#include "inlay/core/layer_shape.hpp"
#include "inlay/core/tile_frames.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/limits.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/io/record.hpp"
#include "inlay/run_time/kernels.hpp"
#include "inlay/run_time/operation.hpp"
#include "inlay/run_time/plan/build_context.hpp"
#include "inlay/run_time/plan/combinators.hpp"
#include "inlay/run_time/plan/costs.hpp"
#include "inlay/run_time/plan/program.hpp"
#include "inlay/run_time/plan/signal.hpp"
#include "inlay/run_time/registry.hpp"

namespace inlay::INLAY_ISA::plan {

/// Visits the records once and appends operations to a program. A layer is one operation. A combinator
/// (combinators.hpp) is a few elementwise operations on the signals of its inner layers. Throws load_error.
template <class T>
class Planner {
  using OperationPtr = std::unique_ptr<run_time::Operation<T>>;

 public:
  using scalar = T;

  Planner(Program<T>& program, const run_time::Kernels<T>& kernels) : program_(program), kernels_(kernels) {}

  const run_time::Kernels<T>& kernels() const noexcept { return kernels_; }

  double bound = 0;      ///< largest stated error of a layer's lossy policy
  std::size_t macs = 0;  ///< multiply-accumulates per input frame
  Costs costs;           ///< of the layers that were added

  /// Adds an input of the program.
  Signal input(std::size_t channels) {
    const Channels in = program_.buffer(channels);
    return {{in}, in};
  }

  /// Adds the layers of the network and returns their output. Between them the program may be cut into stages.
  Signal network(const io::ChainRecord& record, Signal x, const Signal& condition) {
    for (const io::LayerRecord& each : record.layers) {
      may_cut_ = true;
      x = layer({each, x, condition});
    }
    return x;
  }

  /// Adds the layers of a chain and returns their output.
  Signal chain(const io::ChainRecord& record, Signal x, const Signal& condition) {
    for (const io::LayerRecord& each : record.layers) x = layer({each, x, condition});
    return x;
  }

  /// Adds a layer or a combinator and returns its output.
  Signal layer(const BuildContext& context) {
    const Combinator<Planner>* const combinator = CombinatorTable<Planner>::find(io::type_of(context.record));
    if (!combinator) return leaf(context);
    may_cut_ = false;
    expect_only(combinator->members, context.record);
    return combinator->build(*this, context);
  }

  /// Returns the channels of a signal as contiguous rows of one buffer. Copies them if they are not contiguous.
  Channels contiguous(const Signal& x) {
    if (x.parts.size() == 1 && !x.is_silent()) return x.parts[0];
    const Channels out = program_.buffer(x.count());
    std::size_t row = 0;
    for (const Channels& part : x.parts) {
      const Channels to{out.buffer, row, part.count};
      row += part.count;
      if (part.buffer == silence) program_.add(kernels_.zeros(part.count), to, {x.clock});
      else program_.add(kernels_.copy(part.count), to, {part});
    }
    return out;
  }

  // --- building blocks of combinators ---

  /// Adds an operation as the next step of the program. Returns its output.
  Signal add_operation(const BuildContext& context, OperationPtr operation, run_time::Weights weights) {
    const Signal& x = context.x;
    const LayerShape shape = operation->shape();
    expect_width(context, shape.in);
    if (shape.out > limits::channels)
      refuse(context.record, io::concat({"at most ", limits::channels, " channels"}), shape.out);
    if (shape.past != unbounded) {
      const bool has_dilation = context.record.values.contains("dilation");
      io::expect_past(io::place_of(context.record, has_dilation ? "dilation" : "kernel_size"), shape.past, shape.in);
    }
    const Rate rate = x.pace.rate();
    Channels in = contiguous(x);
    Pace pace = x.pace;
    pace.change(program_.size(), shape.rate);
    if (pace.tile() == 0 && may_cut_) {  // what follows runs for pieces of the frames so far
      in = program_.cut(in, x.pace.tile());
      pace = x.pace;
      pace.cut();
      pace.change(program_.size(), shape.rate);
    }
    const Channels out = program_.buffer(shape.out);
    Signal y{{out}, out, x.past, x.latency, pace};
    y.latency.add(shape.latency, rate);
    if (shape.past == unbounded || x.past == unbounded) y.past = unbounded;
    else y.past = bounded(x.past + (std::uint64_t{shape.past} * rate.in + rate.out - 1) / rate.out);
    if (pace.tile() == 0)
      refuse(context.record, io::concat({"at most ", tile_frames, " output frames per input frame"}),
             pace.max_output_frames(1));
    if (pace.max_output_frames(1) > limits::frames_per_input)
      refuse(context.record, io::concat({"at most ", limits::frames_per_input, " output frames per input frame"}),
             pace.max_output_frames(1));
    if (y.pace.rate().in > limits::frames_per_output)
      refuse(context.record, io::concat({"at most ", limits::frames_per_output, " input frames per output frame"}),
             y.pace.rate().in);
    if (y.pace.changes() > limits::rate_changes)
      refuse(context.record, io::concat({"at most ", limits::rate_changes, " layers in a row that change the rate"}),
             y.pace.changes());
    bound = std::max(bound, operation->bound());
    costs.add(shape, rate);
    macs = bounded(macs + std::uint64_t{shape.macs} * rate.out / rate.in);
    if (shape.condition == 0) program_.add(std::move(operation), out, {in}, weights);
    else program_.add(std::move(operation), out, {in, side_channels(context, shape.condition)}, weights);
    return y;
  }

  /// Adds an elementwise function of simultaneous signals that have as many channels as `like`.
  template <std::size_t Inputs>
  Signal map(MapFunction function, const io::LayerRecord& record, const Signal& like, const Signal (&in)[Inputs]) {
    Channels rows[Inputs];
    Signal y = like;
    for (std::size_t i = 0; i < Inputs; ++i) {
      align(record, y, in[i]);
      if (in[i].count() != like.count()) refuse(record, io::concat({like.count(), " channels"}), in[i].count());
      rows[i] = contiguous(in[i]);
    }
    y.clock = program_.buffer(like.count());
    y.parts = {y.clock};
    auto operation = kernels_.map(function, like.count());
    costs.add({.in = Inputs * like.count(), .out = like.count()}, like.pace.rate());
    if constexpr (Inputs == 2) program_.add(std::move(operation), y.clock, {rows[0], rows[1]});
    else program_.add(std::move(operation), y.clock, {rows[0], rows[1], rows[2]});
    return y;
  }

  /// Adds a + F(x), where F is an inner chain of `context.record`. If possible, the last step of F adds `a`; otherwise
  /// the sum is a step of its own.
  Signal add_chain(const BuildContext& context, const Signal& a, const io::ChainRecord& inner, const Signal& x) {
    const std::size_t known = program_.buffers();
    Signal b = chain(inner, x, context.condition);
    const bool same_count = a.count() == b.count();
    if (same_count && a.is_silent()) return align(context.record, b, a), b;
    const auto is_contiguous = [](const Signal& s) { return s.parts.size() == 1 && !s.is_silent(); };
    if (!same_count || !is_contiguous(a) || !is_contiguous(b)) return map(MapFunction::sum, context.record, a, {a, b});
    // A buffer that the inner chain created has no other users, so the sum can overwrite it.
    const Channels term = b.parts[0], sum = term.buffer >= known ? term : program_.buffer(term.count);
    if (!program_.add_to_last(term, a.parts[0], sum)) return map(MapFunction::sum, context.record, a, {a, b});
    align(context.record, b, a);
    b.parts = {sum};
    b.clock = sum;
    return b;
  }

 private:
  /// Adds a layer that is not a combinator: a built-in layer or a registered one.
  Signal leaf(const BuildContext& context) {
    const std::size_t width = context.x.count();
    auto operation = kernels_.layer(context.record, width);
    if (!operation) operation = run_time::make_added_layer<T>(context.record, width);
    if (!operation)
      throw load_error(context.record.type.place, "a layer type that inlay::Model supports",
                       io::concat({"\"", io::type_of(context.record), "\""}));
    return add_operation(context, std::move(operation), {&context.record, width});
  }

  /// Returns the first `count` side channels in one buffer.
  Channels side_channels(const BuildContext& context, std::size_t count) {
    if (context.condition.count() < count)
      refuse(context.record, io::concat({"at least ", count, " side channels"}), context.condition.count());
    return contiguous(context.condition.slice(0, count));
  }

  Program<T>& program_;
  bool may_cut_ = false;  ///< true before a layer of the network that is not part of a combinator
  const run_time::Kernels<T>& kernels_;
};

}  // namespace inlay::INLAY_ISA::plan
