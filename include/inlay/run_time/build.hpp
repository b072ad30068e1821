/// Turns the records of a file into a program.
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
#include "inlay/core/extent.hpp"
#include "inlay/core/map.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/model/condition.hpp"
#include "inlay/model/gate.hpp"
#include "inlay/run_time/layers.hpp"
#include "inlay/run_time/operation.hpp"
#include "inlay/run_time/program.hpp"
#include "inlay/run_time/record.hpp"
#include "inlay/run_time/signal.hpp"
#include "inlay/run_time/windowed.hpp"

namespace inlay::INLAY_ISA::run_time {

/// Walks through the records once. Combinators are operations of a few kinds on the signals of what they hold, each
/// with the function of the combinator that it stands for. Throws load_error.
template <class B>
class Builder {
  using T = typename B::scalar;

  struct Plus {
    INLAY_INLINE auto operator()(auto a, auto b) const noexcept { return plus(a, b); }
  };
  struct Product {
    template <class R>
    INLAY_INLINE R operator()(R activated, R gate) const noexcept {
      return Gate<Tanh<1, B>, Tanh<1, B>>::template mix<B>(activated, activated, gate);
    }
  };
  struct Mix {
    template <class R>
    INLAY_INLINE R operator()(R x, R activated, R gate) const noexcept {
      return Blend<Tanh<1, B>, Tanh<1, B>>::template mix<B>(x, activated, gate);
    }
  };
  struct Modulate {
    INLAY_INLINE auto operator()(auto... x) const noexcept {
      return BasicFiLM<1, Dense<1, 1, B>>::template apply<B>(x...);
    }
  };

 public:
  explicit Builder(Program<B>& program) : program_(program) {}

  Signal input(std::size_t channels) {
    const Channels in = program_.buffer(channels);
    return {{in}, in};
  }

  Signal chain(const io::ChainRecord& record, Signal x, const Signal& condition, const std::string& number = {}) {
    for (std::size_t i = 0; i < record.layers.size(); ++i) {
      const std::string index = std::to_string(i);
      x = layer({record.layers[i], x, condition, number.empty() ? index : io::concat({number, ".", index})});
    }
    return x;
  }

  /// The channels of a signal as rows of one buffer.
  Channels together(const Signal& x) {
    if (x.parts.size() == 1 && !x.is_silent()) return x.parts[0];
    const Channels out = program_.buffer(x.count());
    std::size_t row = 0;
    for (const Channels& part : x.parts) {
      const Channels to{out.buffer, row, part.count};
      row += part.count;
      if (part.buffer == silence) program_.add(std::make_unique<ZeroOperation<B>>(part.count), to, {x.clock});
      else program_.add(std::make_unique<CopyOperation<B>>(part.count), to, {part});
    }
    return out;
  }

  double bound = 0;  ///< the largest error that the mathematics of any layer states

 private:
  /// A layer, and what comes to it.
  struct Here {
    const io::LayerRecord& record;
    const Signal& x;
    const Signal& condition;
    std::string number;
  };
  struct Combinator {
    Members members;
    Signal (Builder::*build)(const Here&);
  };

  static inline const Members zeros_around{{"size", "before", "after"}, {}};

  Signal layer(const Here& here) {
    static const std::map<std::string_view, Combinator> combinators{
        {"identity", {{{"size"}, {}}, &Builder::identity}},
        {"residual", {{{}, {"layers"}}, &Builder::residual}},
        {"parallel", {{{}, {"branches"}, unbounded}, &Builder::parallel}},
        {"concat", {{{}, {"branches"}, unbounded}, &Builder::concat}},
        {"split", {{{}, {"branches"}, 2}, &Builder::split}},
        {"gate", {{{"size"}, {"activation", "gate"}}, &Builder::gate}},
        {"blend", {{{"size"}, {"activation", "gate"}}, &Builder::blend}},
        {"mixin", {{{"size"}, {"layers"}}, &Builder::mixin}},
        {"film", {{{"size"}, {"layers"}}, &Builder::film}},
        {"append_condition", {{{"size", "condition_size"}, {}}, &Builder::append_condition}},
        {"conditioned_by", {{{}, {"source", "layers"}}, &Builder::conditioned_by}},
        {"residual_skip", {{{}, {"path", "residual", "skip"}}, &Builder::residual_skip}},
        {"slice", {{{"in", "out", "begin"}, {}}, &Builder::slice}},
        {"pad", {{{"in", "out"}, {}}, &Builder::pad}},
        {"windowed", {{{"window", "hop"}, {"layers"}}, &Builder::windowed}},
        {"time_pad", {zeros_around, &Builder::time_pad}},
    };
    const auto found = combinators.find(type_of(here.record));
    if (found == combinators.end()) return leaf(here);
    expect_only(found->second.members, here.record);
    return (this->*found->second.build)(here);
  }

  Signal leaf(const Here& here) {
    const auto make = LayerMaker<B>::find(type_of(here.record));
    if (!make)
      throw load_error(here.record.type.place, "a layer that inlay::Model has",
                       io::concat({"\"", type_of(here.record), "\""}));
    Made<B> made = make(here.record, here.number, here.x.count());
    bound = std::max(bound, made.bound);
    return put(here, std::move(made));
  }

  /// The next step of the program.
  Signal put(const Here& here, Made<B> made) {
    const Signal& x = here.x;
    const Rate rate = x.pace.rate();
    const Channels in = together(x), out = program_.buffer(made.out);
    Signal y{{out}, out, x.reach, x.latency + made.latency * rate.in / rate.out, x.pace};
    if (made.reach == unbounded || x.reach == unbounded) y.reach = unbounded;
    else y.reach += made.reach * rate.in / rate.out;
    y.pace.change(program_.size(), made.rate);
    if (y.pace.tile() == 0)
      refuse(here.record, io::concat({"at most ", std::to_string(tile_frames), " frames for one"}),
             y.pace.most_frames(1));
    program_.add(std::move(made.operation), out, {in});
    return y;
  }

  Signal identity(const Here& here) { return sized(here); }
  Signal residual(const Here& here) { return plus_inside(here, here.x, "layers", here.x); }
  Signal parallel(const Here& here) {
    Signal y = inside(here, "branches", here.x);
    for (std::size_t i = 1; i < branches(here); ++i) y = plus_inside(here, y, "branches", here.x, i);
    return y;
  }
  Signal concat(const Here& here) {
    Signal y = inside(here, "branches", here.x);
    for (std::size_t i = 1; i < branches(here); ++i) y = beside(here.record, y, inside(here, "branches", here.x, i));
    return y;
  }
  static std::size_t branches(const Here& here) { return here.record.chains.find("branches")->second.size(); }
  Signal split(const Here& here) {
    const std::size_t at = width_of(chain_of(here.record, "branches"));
    if (at >= here.x.count()) refuse(here.record, "branches that share its channels", here.x.count());
    const Signal first = inside(here, "branches", here.x.slice(0, at));
    return beside(here.record, first, inside(here, "branches", here.x.slice(at, here.x.count() - at), 1));
  }
  Signal gate(const Here& here) {
    const Halves half = halves(here);
    return map<Product>(here, half.activated, {half.activated, half.gate});
  }
  Signal blend(const Here& here) {
    const Halves half = halves(here);
    return map<Mix>(here, half.a, {half.a, half.activated, half.gate});
  }
  Signal mixin(const Here& here) { return plus_inside(here, sized(here), "layers", needed_condition(here)); }
  Signal film(const Here& here) {
    const Signal made = inside(here, "layers", needed_condition(here));
    const std::size_t size = sized(here).count();
    if (made.count() == size) return map<Modulate>(here, here.x, {here.x, made});
    if (made.count() != 2 * size) refuse(here.record, "layers that give a scale, or a scale and a shift", made.count());
    return map<Modulate>(here, here.x, {here.x, made.slice(0, size), made.slice(size, size)});
  }
  Signal append_condition(const Here& here) {
    const std::size_t size = number_of(here.record, "condition_size");
    if (here.condition.count() < size) refuse(here.record, "as many side channels", here.condition.count());
    return beside(here.record, sized(here), here.condition.slice(0, size));
  }
  Signal conditioned_by(const Here& here) {
    const Signal source = inside(here, "source", here.x);
    return chain(chain_of(here.record, "layers"), here.x, source, io::concat({here.number, ".layers"}));
  }
  Signal residual_skip(const Here& here) {
    const std::size_t at = width_of(chain_of(here.record, "path"));
    if (at >= here.x.count()) refuse(here.record, "channels for a head", here.x.count());
    const Signal through = here.x.slice(0, at), head = here.x.slice(at, here.x.count() - at);
    const Signal a = inside(here, "path", through);
    const Signal collected = plus_inside(here, head, "skip", a);
    return beside(here.record, plus_inside(here, through, "residual", a), collected);
  }
  Signal slice(const Here& here) {
    expect_width(here, number_of(here.record, "in"));
    const std::size_t begin = number_of(here.record, "begin"), out = number_of(here.record, "out");
    if (out == 0 || begin > here.x.count() || out > here.x.count() - begin)
      refuse(here.record, "some of its channels", begin);
    return here.x.slice(begin, out);
  }
  Signal pad(const Here& here) {
    constexpr std::size_t most_channels = std::size_t{1} << 16;
    expect_width(here, number_of(here.record, "in"));
    const std::size_t out = number_of(here.record, "out");
    if (out < here.x.count() || out > most_channels) refuse(here.record, "no fewer channels than come in", out);
    Signal y = here.x;
    if (out > here.x.count()) y.parts.push_back({silence, 0, out - here.x.count()});
    return y;
  }

  Signal windowed(const Here& here) {
    const std::size_t window = positive(here.record, "window"), hop = positive(here.record, "hop");
    expect_past(here.record, "window", window, here.x.count());
    auto operation = std::make_unique<WindowedOperation<B>>(here.x.count(), window, hop);
    std::size_t width = here.x.count(), i = 0;
    for (const io::LayerRecord& record : chain_of(here.record, "layers").layers) {
      const std::string number = io::concat({here.number, ".layers.", std::to_string(i++)});
      if (type_of(record) == "time_pad") add_zeros(*operation, record, width);
      else width = add_layer(*operation, record, width, number);
    }
    operation->finish();
    return put(here, {std::move(operation), width, window - 1, 0, {hop, 1}});
  }
  void add_zeros(WindowedOperation<B>& window, const io::LayerRecord& record, std::size_t width) {
    expect_only(zeros_around, record);
    const std::size_t before = number_of(record, "before"), after = number_of(record, "after");
    if (number_of(record, "size") != width)
      throw wrong_width(place_of(record, "size"), width, number_of(record, "size"));
    expect_past(record, "before", before, width);
    expect_past(record, "after", after, width);
    window.add_zeros(before, after, width);
  }
  /// Returns how many channels the layer gives.
  std::size_t add_layer(WindowedOperation<B>& window, const io::LayerRecord& record, std::size_t width,
                        std::string number) {
    Program<B> program;
    Builder inner(program);
    const Signal in = inner.input(width), none = inner.input(0);
    const Signal out = inner.layer({record, in, none, std::move(number)});
    if (out.pace.tile() < tile_frames)
      throw load_error(record.place, "a layer in a window that gives no more frames than it takes", "more");
    bound = std::max(bound, inner.bound);
    program.finish(in.parts[0], inner.together(out), none.parts[0]);
    window.add(std::move(program), out.count(), out.pace, out.reach == 0 && out.pace.one_to_one());
    return out.count();
  }
  /// Zeros around a stream: there are none.
  Signal time_pad(const Here& here) {
    for (const char* name : {"before", "after"})
      if (number_of(here.record, name) != 0)
        throw load_error(place_of(here.record, name), "0 outside of a window",
                         std::to_string(number_of(here.record, name)));
    return sized(here);
  }

  // --- what combinators are made of ---

  Signal inside(const Here& here, const char* name, const Signal& x, std::size_t index = 0) {
    return chain(chain_of(here.record, name, index), x, here.condition, io::concat({here.number, ".", name}));
  }
  static const Signal& needed_condition(const Here& here) {
    if (here.condition.count() == 0) throw load_error(here.record.place, "side channels for this layer", "none");
    return here.condition;
  }

  struct Halves {
    Signal a, activated, gate;
  };
  Halves halves(const Here& here) {
    const std::size_t size = number_of(here.record, "size");
    expect_width(here, 2 * size);
    const Signal none;
    const Here without_condition{here.record, here.x, none, here.number};
    const Signal a = here.x.slice(0, size);
    const Signal activated = inside(without_condition, "activation", a);
    return {a, activated, inside(without_condition, "gate", here.x.slice(size, size))};
  }

  /// F of signals that go side by side, each as wide as `like`.
  template <class F, std::size_t Inputs>
  Signal map(const Here& here, const Signal& like, const Signal (&in)[Inputs]) {
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
    auto operation = std::make_unique<MapOperation<B, Inputs, F>>(like.count());
    if constexpr (Inputs == 2) program_.add(std::move(operation), y.clock, {at[0], at[1]});
    else program_.add(std::move(operation), y.clock, {at[0], at[1], at[2]});
    return y;
  }
  /// a + what the layers inside make of x.
  Signal plus_inside(const Here& here, const Signal& a, const char* name, const Signal& x, std::size_t index = 0) {
    const std::size_t known = program_.buffers();
    Signal b = inside(here, name, x, index);
    const bool alike = a.count() == b.count();
    if (alike && a.is_silent()) return align(here.record, b, a), b;
    const auto is_one = [](const Signal& s) { return s.parts.size() == 1 && !s.is_silent(); };
    if (!alike || !is_one(a) || !is_one(b)) return map<Plus>(here, a, {a, b});
    // A buffer that is new is nobody else's.
    const Channels term = b.parts[0], sum = term.buffer >= known ? term : program_.buffer(term.count);
    if (!program_.add_to_last(term, a.parts[0], sum)) return map<Plus>(here, a, {a, b});
    align(here.record, b, a);
    b.parts = {sum};
    b.clock = sum;
    return b;
  }

  static const Signal& sized(const Here& here) {
    expect_width(here, number_of(here.record, "size"));
    return here.x;
  }
  static void expect_width(const Here& here, std::size_t width) {
    if (here.x.count() != width) throw wrong_width(here.record.place, here.x.count(), width);
  }
  static load_error wrong_width(const io::Place& place, std::size_t channels, std::size_t found) {
    return load_error(place, io::concat({std::to_string(channels), ", the channels that come in"}),
                      std::to_string(found));
  }

  Program<B>& program_;
};

}  // namespace inlay::INLAY_ISA::run_time
