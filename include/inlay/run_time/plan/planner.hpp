/// Planner: converts the records of a file to a program.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inlay/core/compiler.hpp"
#include "inlay/core/tile_frames.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/io/record.hpp"
#include "inlay/run_time/kernels.hpp"
#include "inlay/run_time/plan/program.hpp"
#include "inlay/run_time/plan/signal.hpp"
#include "inlay/run_time/plan/windowed_operation.hpp"
#include "inlay/run_time/registry.hpp"

namespace inlay::INLAY_ISA::plan {

/// Upper limits of the number of channels, and of the input frames per output frame.
inline constexpr std::size_t most_channels = std::size_t{1} << 16, slowest = std::size_t{1} << 26;

/// Visits the records once and appends operations to a program. A layer is one operation. A combinator is a few
/// elementwise operations on the signals of its inner layers. Throws load_error. To add a combinator, add a row to the
/// table in `layer`.
template <class T>
class Planner {
  using Operation = run_time::Operation<T>;
  using Map = run_time::MapFunction;

 public:
  Planner(Program<T>& program, const run_time::Kernels<T>& kernels) : program_(program), kernels_(kernels) {}

  /// Adds an input of the program.
  Signal input(std::size_t channels) {
    const Channels in = program_.buffer(channels);
    return {{in}, in};
  }

  /// Adds the layers of a chain and returns their output.
  Signal chain(const io::ChainRecord& record, Signal x, const Signal& condition) {
    for (const io::LayerRecord& each : record.layers) x = layer({each, x, condition});
    return x;
  }

  /// Returns the channels of a signal as contiguous rows of one buffer. Copies them if they are not contiguous.
  Channels together(const Signal& x) {
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

  double bound = 0;  ///< largest stated error of a layer's lossy policy

 private:
  /// A layer, its input and its side channels.
  struct BuildContext {
    const io::LayerRecord& record;
    const Signal& x;
    const Signal& condition;
  };
  struct Combinator {
    io::Members members;
    Signal (Planner::*build)(const BuildContext&);
  };

  static inline const io::Members zeros_around{{"size", "before", "after"}, {}};

  Signal layer(const BuildContext& here) {
    static const std::map<std::string_view, Combinator> combinators{
        {"identity", {{{"size"}, {}}, &Planner::identity}},
        {"residual", {{{}, {"layers"}}, &Planner::residual}},
        {"parallel", {{{}, {"branches"}, unbounded}, &Planner::parallel}},
        {"concat", {{{}, {"branches"}, unbounded}, &Planner::concat}},
        {"split", {{{}, {"branches"}, 2}, &Planner::split}},
        {"gate", {{{"size"}, {"activation", "gate"}}, &Planner::gate}},
        {"blend", {{{"size"}, {"activation", "gate"}}, &Planner::blend}},
        {"mixin", {{{"size"}, {"layers"}}, &Planner::mixin}},
        {"film", {{{"size"}, {"layers"}}, &Planner::film}},
        {"append_condition", {{{"size", "condition_size"}, {}}, &Planner::append_condition}},
        {"conditioned_by", {{{}, {"source", "layers"}}, &Planner::conditioned_by}},
        {"residual_skip", {{{}, {"path", "residual", "skip"}}, &Planner::residual_skip}},
        {"slice", {{{"in", "out", "begin"}, {}}, &Planner::slice}},
        {"pad", {{{"in", "out"}, {}}, &Planner::pad}},
        {"windowed", {{{"window", "hop"}, {"layers"}}, &Planner::windowed}},
        {"time_pad", {zeros_around, &Planner::time_pad}},
    };
    const auto found = combinators.find(io::type_of(here.record));
    if (found == combinators.end()) return leaf(here);
    expect_only(found->second.members, here.record);
    return (this->*found->second.build)(here);
  }

  /// Adds a layer that is not a combinator: a built-in layer or a registered one.
  Signal leaf(const BuildContext& here) {
    auto operation = kernels_.layer(here.record, here.x.count());
    if (!operation) operation = run_time::make_added_layer<T>(here.record, here.x.count());
    if (!operation)
      throw load_error(here.record.type.place, "a layer that inlay::Model has",
                       io::concat({"\"", io::type_of(here.record), "\""}));
    return put(here, std::move(operation), {&here.record, here.x.count()});
  }

  /// Adds an operation as the next step of the program. Returns its output.
  Signal put(const BuildContext& here, std::unique_ptr<Operation> operation, run_time::Weights weights) {
    const Signal& x = here.x;
    const LayerShape shape = operation->shape();
    expect_width(here, shape.in);
    if (shape.out > most_channels)
      refuse(here.record, io::concat({"at most ", std::to_string(most_channels), " channels"}), shape.out);
    if (shape.past != unbounded)
      io::expect_past(io::place_of(here.record, here.record.values.contains("dilation") ? "dilation" : "kernel_size"),
                      shape.past, shape.in);
    const Rate rate = x.pace.rate();
    const Channels in = together(x), out = program_.buffer(shape.out);
    Signal y{{out}, out, x.past, x.latency + shape.latency * rate.in / rate.out, x.pace};
    if (shape.past == unbounded || x.past == unbounded) y.past = unbounded;
    else y.past += shape.past * rate.in / rate.out;
    y.pace.change(program_.size(), shape.rate);
    if (y.pace.tile() == 0)
      refuse(here.record, io::concat({"at most ", std::to_string(tile_frames), " frames for one"}),
             y.pace.max_output_frames(1));
    if (y.pace.rate().in > slowest) refuse(here.record, "a rate that a network has", y.pace.rate().in);
    bound = std::max(bound, operation->bound());
    if (shape.condition == 0) program_.add(std::move(operation), out, {in}, weights);
    else program_.add(std::move(operation), out, {in, side_channels(here, shape.condition)}, weights);
    return y;
  }

  /// Returns the first `count` side channels in one buffer.
  Channels side_channels(const BuildContext& here, std::size_t count) {
    if (here.condition.count() < count)
      refuse(here.record, io::concat({std::to_string(count), " side channels"}), here.condition.count());
    return together(here.condition.slice(0, count));
  }

  Signal identity(const BuildContext& here) { return sized(here); }
  Signal residual(const BuildContext& here) { return plus_inside(here, here.x, "layers", here.x); }
  Signal parallel(const BuildContext& here) {
    Signal y = inside(here, "branches", here.x);
    for (std::size_t i = 1; i < branches(here); ++i) y = plus_inside(here, y, "branches", here.x, i);
    return y;
  }
  Signal concat(const BuildContext& here) {
    Signal y = inside(here, "branches", here.x);
    for (std::size_t i = 1; i < branches(here); ++i) y = beside(here.record, y, inside(here, "branches", here.x, i));
    return y;
  }
  static std::size_t branches(const BuildContext& here) { return here.record.chains.find("branches")->second.size(); }
  Signal split(const BuildContext& here) {
    const std::size_t at = width_of(io::chain_of(here.record, "branches"));
    if (at >= here.x.count()) refuse(here.record, "branches that share its channels", here.x.count());
    const Signal first = inside(here, "branches", here.x.slice(0, at));
    return beside(here.record, first, inside(here, "branches", here.x.slice(at, here.x.count() - at), 1));
  }
  Signal gate(const BuildContext& here) {
    const Halves half = halves(here);
    return map(Map::product, here, half.activated, {half.activated, half.gate});
  }
  Signal blend(const BuildContext& here) {
    const Halves half = halves(here);
    return map(Map::blend, here, half.a, {half.a, half.activated, half.gate});
  }
  Signal mixin(const BuildContext& here) { return plus_inside(here, sized(here), "layers", needed_condition(here)); }
  Signal film(const BuildContext& here) {
    const Signal made = inside(here, "layers", needed_condition(here));
    const std::size_t size = sized(here).count();
    if (made.count() == size) return map(Map::scale, here, here.x, {here.x, made});
    if (made.count() != 2 * size) refuse(here.record, "layers that give a scale, or a scale and a shift", made.count());
    return map(Map::modulate, here, here.x, {here.x, made.slice(0, size), made.slice(size, size)});
  }
  Signal append_condition(const BuildContext& here) {
    const std::size_t size = number_of(here.record, "condition_size");
    if (here.condition.count() < size) refuse(here.record, "as many side channels", here.condition.count());
    return beside(here.record, sized(here), here.condition.slice(0, size));
  }
  Signal conditioned_by(const BuildContext& here) {
    const Signal source = inside(here, "source", here.x);
    return chain(io::chain_of(here.record, "layers"), here.x, source);
  }
  Signal residual_skip(const BuildContext& here) {
    const std::size_t at = width_of(io::chain_of(here.record, "path"));
    if (at >= here.x.count()) refuse(here.record, "channels for a head", here.x.count());
    const Signal through = here.x.slice(0, at), head = here.x.slice(at, here.x.count() - at);
    const Signal a = inside(here, "path", through);
    const Signal collected = plus_inside(here, head, "skip", a);
    return beside(here.record, plus_inside(here, through, "residual", a), collected);
  }
  Signal slice(const BuildContext& here) {
    expect_width(here, number_of(here.record, "in"));
    const std::size_t begin = number_of(here.record, "begin"), out = number_of(here.record, "out");
    if (out == 0 || begin > here.x.count() || out > here.x.count() - begin)
      refuse(here.record, "some of its channels", begin);
    return here.x.slice(begin, out);
  }
  Signal pad(const BuildContext& here) {
    expect_width(here, number_of(here.record, "in"));
    const std::size_t out = number_of(here.record, "out");
    if (out < here.x.count() || out > most_channels) refuse(here.record, "no fewer channels than come in", out);
    Signal y = here.x;
    if (out > here.x.count()) y.parts.push_back({silence, 0, out - here.x.count()});
    return y;
  }

  Signal windowed(const BuildContext& here) {
    const std::size_t window = positive(here.record, "window"), hop = positive(here.record, "hop");
    io::expect_past(io::place_of(here.record, "window"), window, here.x.count());
    auto operation = std::make_unique<WindowedOperation<T>>(here.x.count(), window, hop);
    for (const io::LayerRecord& record : io::chain_of(here.record, "layers").layers) {
      if (io::type_of(record) == "time_pad") add_zeros(*operation, record);
      else add_layer(*operation, record);
    }
    operation->finish();
    return put(here, std::move(operation), {});
  }
  void add_zeros(WindowedOperation<T>& window, const io::LayerRecord& record) {
    expect_only(zeros_around, record);
    const std::size_t before = number_of(record, "before"), after = number_of(record, "after");
    const std::size_t width = window.shape().out, size = number_of(record, "size");
    if (size != width) throw wrong_width(io::place_of(record, "size"), width, size);
    io::expect_past(io::place_of(record, "before"), before, width);
    io::expect_past(io::place_of(record, "after"), after, width);
    window.add_zeros(before, after);
  }
  void add_layer(WindowedOperation<T>& window, const io::LayerRecord& record) {
    Program<T> program;
    Planner inner(program, kernels_);
    const Signal in = inner.input(window.shape().out), none = inner.input(0);
    const Signal out = inner.layer({record, in, none});
    const Pace& pace = out.pace;
    if (pace.tile() < tile_frames)
      throw load_error(record.place, "a layer in a window that gives no more frames than it takes", "more");
    program.finish(in.parts[0], inner.together(out), none.parts[0], kernels_, pace.tile(), pace.one_to_one());
    bound = std::max(bound, inner.bound);
    if (window.room() > std::size_t{1} << 26) refuse(record, "a window of fewer values", window.room());
    window.add(std::move(program), out.count(), pace, out.past == 0 && pace.one_to_one());
  }
  /// A time_pad outside of a window must have no zeros.
  Signal time_pad(const BuildContext& here) {
    for (const char* name : {"before", "after"})
      if (number_of(here.record, name) != 0)
        throw load_error(io::place_of(here.record, name), "0 outside of a window",
                         std::to_string(number_of(here.record, name)));
    return sized(here);
  }

  // --- building blocks of combinators ---

  /// Adds an inner chain of a combinator.
  Signal inside(const BuildContext& here, const char* name, const Signal& x, std::size_t index = 0) {
    return chain(io::chain_of(here.record, name, index), x, here.condition);
  }
  static const Signal& needed_condition(const BuildContext& here) {
    if (here.condition.count() == 0) throw load_error(here.record.place, "side channels for this layer", "none");
    return here.condition;
  }

  /// Input of a gate: its first half, the activation of that, and the gate of its second half.
  struct Halves {
    Signal a, activated, gate;
  };
  Halves halves(const BuildContext& here) {
    const std::size_t size = number_of(here.record, "size");
    expect_width(here, 2 * size);
    const Signal none;
    const BuildContext without_condition{here.record, here.x, none};
    const Signal a = here.x.slice(0, size);
    const Signal activated = inside(without_condition, "activation", a);
    return {a, activated, inside(without_condition, "gate", here.x.slice(size, size))};
  }

  /// Adds an elementwise function of simultaneous signals that have as many channels as `like`.
  template <std::size_t Inputs>
  Signal map(Map function, const BuildContext& here, const Signal& like, const Signal (&in)[Inputs]) {
    Channels at[Inputs];
    Signal y = like;
    for (std::size_t i = 0; i < Inputs; ++i) {
      align(here.record, y, in[i]);
      if (in[i].count() != like.count())
        refuse(here.record, io::concat({std::to_string(like.count()), " channels"}), in[i].count());
      at[i] = together(in[i]);
    }
    y.clock = program_.buffer(like.count());
    y.parts = {y.clock};
    auto operation = kernels_.map(function, like.count());
    if constexpr (Inputs == 2) program_.add(std::move(operation), y.clock, {at[0], at[1]});
    else program_.add(std::move(operation), y.clock, {at[0], at[1], at[2]});
    return y;
  }
  /// Adds a + inner(x), where `inner` is an inner chain. If possible, the last step of the inner chain adds `a`;
  /// otherwise the sum is a step of its own.
  Signal plus_inside(const BuildContext& here, const Signal& a, const char* name, const Signal& x,
                     std::size_t index = 0) {
    const std::size_t known = program_.buffers();
    Signal b = inside(here, name, x, index);
    const bool alike = a.count() == b.count();
    if (alike && a.is_silent()) return align(here.record, b, a), b;
    const auto is_one = [](const Signal& s) { return s.parts.size() == 1 && !s.is_silent(); };
    if (!alike || !is_one(a) || !is_one(b)) return map(Map::sum, here, a, {a, b});
    // A buffer that the inner chain created has no other users, so the sum can overwrite it.
    const Channels term = b.parts[0], sum = term.buffer >= known ? term : program_.buffer(term.count);
    if (!program_.add_to_last(term, a.parts[0], sum)) return map(Map::sum, here, a, {a, b});
    align(here.record, b, a);
    b.parts = {sum};
    b.clock = sum;
    return b;
  }

  /// Returns the input, after checking the option "size".
  static const Signal& sized(const BuildContext& here) {
    expect_width(here, number_of(here.record, "size"));
    return here.x;
  }
  /// Throws load_error unless the input has `width` channels.
  static void expect_width(const BuildContext& here, std::size_t width) {
    if (here.x.count() == width) return;
    for (const char* name : {"in", "size", "channels"})
      if (here.record.values.contains(name)) throw wrong_width(io::place_of(here.record, name), here.x.count(), width);
    throw wrong_width(here.record.place, here.x.count(), width);
  }
  static load_error wrong_width(const io::SourceLocation& place, std::size_t channels, std::size_t found) {
    return load_error(place, io::concat({std::to_string(channels), ", the channels that come in"}),
                      std::to_string(found));
  }

  Program<T>& program_;
  const run_time::Kernels<T>& kernels_;
};

}  // namespace inlay::INLAY_ISA::plan
