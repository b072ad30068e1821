/// Turns the records of a file into a program.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "inlay/core/extent.hpp"
#include "inlay/core/layer_traits.hpp"
#include "inlay/core/map.hpp"
#include "inlay/io/error.hpp"
#include "inlay/io/model_file.hpp"
#include "inlay/model/condition.hpp"
#include "inlay/model/gate.hpp"
#include "inlay/run_time/layers.hpp"
#include "inlay/run_time/operation.hpp"
#include "inlay/run_time/program.hpp"

namespace inlay::run_time {

/// Channels that may lie apart, and what is known of their way from the input.
struct Signal {
  std::vector<Channels> parts;
  std::size_t reach = 0;    ///< frames before the present one that it depends on, or `unbounded`
  std::size_t latency = 0;  ///< frames of the input by which it is late
  Rate rate{};              ///< frames of it for frames of the input

  std::size_t count() const noexcept {
    std::size_t sum = 0;
    for (const Channels& c : parts) sum += c.count;
    return sum;
  }
};

/// Walks through the records once. Combinators are operations of a few kinds on the signals of what they hold, each
/// with the function of the combinator that it stands for. Throws load_error.
template <class B>
class Builder {
  using T = typename B::scalar;
  using Record = io::LayerRecord;

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
  explicit Builder(Program<T>& program) : program_(program) {}

  Signal input(std::size_t channels) { return {{program_.buffer(channels)}}; }

  Signal chain(const io::ChainRecord& record, Signal x, const Signal& condition, const std::string& number = {}) {
    for (std::size_t i = 0; i < record.layers.size(); ++i) {
      const std::string index = std::to_string(i);
      x = layer(record.layers[i], std::move(x), condition, number.empty() ? index : io::concat({number, ".", index}));
    }
    return x;
  }

  /// The channels of a signal as rows of one buffer.
  Channels together(const Signal& x) {
    if (x.parts.size() == 1 && x.parts[0].buffer != silence) return x.parts[0];
    const Channels out = program_.buffer(x.count());
    std::size_t row = 0;
    for (const Channels& part : x.parts) {
      const Channels to{out.buffer, row, part.count};
      row += part.count;
      if (part.buffer == silence) program_.add(std::make_unique<ZeroOperation<T>>(part.count), to, {clock(x)});
      else program_.add(std::make_unique<CopyOperation<T>>(part.count), to, {part});
    }
    return out;
  }

  /// Channels that a chain takes, which one of its first layers says.
  static std::size_t width_of(const io::ChainRecord& chain) {
    const Record& first = chain.layers.front();
    for (const char* name : {"in", "size"})
      if (first.values.contains(name)) {
        const bool halves =
            std::get<std::string>(first.type.value) == "gate" || std::get<std::string>(first.type.value) == "blend";
        return size_of_option(first, name) * (halves ? 2 : 1);
      }
    if (first.chains.empty()) throw load_error(first.place, "its number of channels, \"in\" or \"size\"", "none");
    std::size_t width = 0;
    const bool shared = std::get<std::string>(first.type.value) == "split";
    for (const auto& [name, chains] : first.chains)
      if (name == "layers" || name == "branches")
        for (const io::ChainRecord& inner : chains) width = shared ? width + width_of(inner) : width_of(inner);
    if (width == 0) throw load_error(first.place, "a layer that says how many channels it takes", "none");
    return width;
  }

  double bound = 0;  ///< the largest error that the mathematics of any layer states

 private:
  static constexpr std::size_t silence = unbounded;  ///< the buffer of channels that are zero

  /// Any channels of the rate of `x`.
  static Channels clock(const Signal& x) {
    return *std::find_if(x.parts.begin(), x.parts.end(), [](const Channels& c) { return c.buffer != silence; });
  }

  Signal layer(const Record& record, Signal x, const Signal& condition, const std::string& number) {
    const std::string& type = std::get<std::string>(record.type.value);
    refuse_unknown_members(record, type);
    const auto inside = [&](const char* name, Signal in, const Signal& c, std::size_t index = 0) {
      return chain(chain_of(record, name, index), std::move(in), c, io::concat({number, ".", name}));
    };
    if (type == "identity") return sized(record, x);
    if (type == "residual") return sum(record, x, inside("layers", x, condition));
    if (type == "parallel" || type == "concat") {
      Signal y = inside("branches", x, condition);
      for (std::size_t i = 1; i < count_of(record, "branches"); ++i) {
        const Signal branch = inside("branches", x, condition, i);
        y = type == "parallel" ? sum(record, y, branch) : beside(record, y, branch);
      }
      return y;
    }
    if (type == "split") {
      const std::size_t at = width_of(chain_of(record, "branches", 0));
      if (at >= x.count()) refuse(record, "branches that share its channels", x.count());
      return beside(record, inside("branches", slice(x, 0, at), condition),
                    inside("branches", slice(x, at, x.count() - at), condition, 1));
    }
    if (type == "gate" || type == "blend") {
      const std::size_t size = size_of_option(record, "size");
      expect_width(record, x, 2 * size);
      const Signal a = slice(x, 0, size), activated = inside("activation", a, {}),
                   gate = inside("gate", slice(x, size, size), {});
      if (type == "gate") return map<Product>(record, activated, {activated, gate});
      return map<Mix>(record, a, {a, activated, gate});
    }
    if (type == "mixin") return sum(record, sized(record, x), inside("layers", expected(record, condition), condition));
    if (type == "film") {
      const Signal made = inside("layers", expected(record, condition), condition);
      const std::size_t size = sized(record, x).count();
      if (made.count() == size) return map<Modulate>(record, x, {x, made});
      if (made.count() != 2 * size) refuse(record, "layers that give a scale, or a scale and a shift", made.count());
      return map<Modulate>(record, x, {x, slice(made, 0, size), slice(made, size, size)});
    }
    if (type == "append_condition") {
      if (condition.count() < size_of_option(record, "condition_size"))
        refuse(record, "as many side channels", condition.count());
      return beside(record, sized(record, x), slice(condition, 0, size_of_option(record, "condition_size")));
    }
    if (type == "conditioned_by") return inside("layers", x, inside("source", x, condition));
    if (type == "residual_skip") {
      const std::size_t at = width_of(chain_of(record, "path", 0));
      if (at >= x.count()) refuse(record, "channels for a head", x.count());
      const Signal through = slice(x, 0, at), a = inside("path", through, condition);
      const Signal next = sum(record, through, inside("residual", a, condition));
      return beside(record, next, sum(record, slice(x, at, x.count() - at), inside("skip", a, condition)));
    }
    if (type == "slice") {
      expect_width(record, x, size_of_option(record, "in"));
      const std::size_t begin = size_of_option(record, "begin"), out = size_of_option(record, "out");
      if (out == 0 || begin > x.count() || out > x.count() - begin) refuse(record, "some of its channels", begin);
      return slice(x, begin, out);
    }
    if (type == "pad") {
      expect_width(record, x, size_of_option(record, "in"));
      const std::size_t out = size_of_option(record, "out");
      if (out < x.count() || out > most_channels) refuse(record, "no fewer channels than come in", out);
      if (out > x.count()) x.parts.push_back({silence, 0, out - x.count()});
      return x;
    }
    return leaf(record, type, x, number);
  }

  Signal leaf(const Record& record, const std::string& type, const Signal& x, const std::string& number) {
    const auto make = LayerMaker<B>::find(type);
    if (!make) throw load_error(record.type.place, "a layer that inlay::Model has", io::concat({"\"", type, "\""}));
    Made<T> made = make(record, number, x.count());
    bound = std::max(bound, made.bound);
    const Channels in = together(x), out = program_.buffer(made.out);
    program_.add(std::move(made.operation), out, {in});
    Signal y{{out}, x.reach, x.latency + made.latency * x.rate.in / x.rate.out, x.rate * made.rate};
    if (made.reach == unbounded || x.reach == unbounded) y.reach = unbounded;
    else y.reach += made.reach * x.rate.in / x.rate.out;
    return y;
  }

  /// F of signals that go side by side, the first of which says how wide they are.
  template <class F, std::size_t Inputs>
  Signal map(const Record& record, const Signal& like, const Signal (&in)[Inputs]) {
    Channels at[Inputs];
    Signal y = like;
    for (std::size_t i = 0; i < Inputs; ++i) {
      align(record, y, in[i]);
      if (in[i].count() != like.count())
        refuse(record, io::concat({std::to_string(like.count()), " channels"}), in[i].count());
      at[i] = together(in[i]);
    }
    y.parts = {program_.buffer(like.count())};
    auto operation = std::make_unique<MapOperation<B, Inputs, F>>(like.count());
    if constexpr (Inputs == 2) program_.add(std::move(operation), y.parts[0], {at[0], at[1]});
    else program_.add(std::move(operation), y.parts[0], {at[0], at[1], at[2]});
    return y;
  }

  Signal sum(const Record& record, const Signal& a, const Signal& b) {
    const auto silent = [](const Signal& x) { return x.parts.size() == 1 && x.parts[0].buffer == silence; };
    if (silent(a) && a.count() == b.count()) return b;
    return map<Plus>(record, a, {a, b});
  }

  static Signal beside(const Record& record, Signal a, const Signal& b) {
    align(record, a, b);
    a.parts.insert(a.parts.end(), b.parts.begin(), b.parts.end());
    return a;
  }

  static Signal slice(const Signal& x, std::size_t begin, std::size_t count) {
    Signal y = x;
    y.parts.clear();
    for (const Channels& part : x.parts) {
      const std::size_t skipped = std::min(begin, part.count), taken = std::min(count, part.count - skipped);
      begin -= skipped;
      count -= taken;
      if (taken > 0) y.parts.push_back({part.buffer, part.first + (part.buffer == silence ? 0 : skipped), taken});
    }
    return y;
  }

  /// Refuses a branch that is late, or of another rate; what is known of both goes to `a`.
  static void align(const Record& record, Signal& a, const Signal& b) {
    if (a.rate != b.rate) throw load_error(record.place, "branches of one rate", "another in one of them");
    if (a.latency != b.latency)
      throw load_error(record.place, io::concat({"a latency of ", std::to_string(a.latency), " frames in each branch"}),
                       std::to_string(b.latency));
    a.reach = std::max(a.reach, b.reach);
  }

  struct Members {
    std::vector<std::string_view> options, chains;
  };
  /// What the records of combinators hold. Layers look after their own.
  static void refuse_unknown_members(const Record& record, std::string_view type) {
    static const std::map<std::string_view, Members> combinators{
        {"identity", {{"size"}, {}}},
        {"residual", {{}, {"layers"}}},
        {"parallel", {{}, {"branches"}}},
        {"concat", {{}, {"branches"}}},
        {"split", {{}, {"branches"}}},
        {"gate", {{"size"}, {"activation", "gate"}}},
        {"blend", {{"size"}, {"activation", "gate"}}},
        {"mixin", {{"size"}, {"layers"}}},
        {"film", {{"size"}, {"layers"}}},
        {"append_condition", {{"size", "condition_size"}, {}}},
        {"conditioned_by", {{}, {"source", "layers"}}},
        {"residual_skip", {{}, {"path", "residual", "skip"}}},
        {"slice", {{"in", "out", "begin"}, {}}},
        {"pad", {{"in", "out"}, {}}},
    };
    const auto found = combinators.find(type);
    if (found == combinators.end()) return;
    const auto known = [](const auto& names, std::string_view name) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    const auto complain = [](const io::Place& place, std::string_view name) {
      throw load_error(place, io::concat({"no \"", name, "\" in this layer"}), "one");
    };
    for (const auto& [name, value] : record.values)
      if (!known(found->second.options, name)) complain(value.place, name);
    for (const auto& [name, tensor] : record.tensors) complain(tensor.place, name);
    for (const auto& [name, chains] : record.chains) {
      if (!known(found->second.chains, name)) complain(chains[0].place, name);
      const std::size_t most = type == "split" ? 2 : name == "branches" ? chains.size() : 1;
      if (chains.size() > most) complain(chains[most].place, name);
    }
  }

  // What a record says.
  [[noreturn]] static void refuse(const Record& record, std::string expected, std::size_t found) {
    throw load_error(record.place, std::move(expected), std::to_string(found));
  }
  static std::size_t size_of_option(const Record& record, std::string_view name) {
    const auto found = record.values.find(name);
    const auto* value = found == record.values.end() ? nullptr : std::get_if<std::size_t>(&found->second.value);
    if (!value) throw load_error(record.place, io::concat({"a whole number \"", name, "\""}), "none");
    return *value;
  }
  static const io::ChainRecord& chain_of(const Record& record, std::string_view name, std::size_t index) {
    const auto found = record.chains.find(name);
    if (found == record.chains.end() || index >= found->second.size())
      throw load_error(record.place, io::concat({"an array of layers \"", name, "\""}), "none");
    return found->second[index];
  }
  static std::size_t count_of(const Record& record, std::string_view name) {
    return record.chains.find(name)->second.size();
  }

  static const Signal& sized(const Record& record, const Signal& x) {
    expect_width(record, x, size_of_option(record, "size"));
    return x;
  }
  static void expect_width(const Record& record, const Signal& x, std::size_t width) {
    if (x.count() != width)
      throw load_error(record.place, io::concat({std::to_string(x.count()), ", the channels that come in"}),
                       std::to_string(width));
  }
  static const Signal& expected(const Record& record, const Signal& condition) {
    if (condition.count() == 0) throw load_error(record.place, "side channels for this layer", "none");
    return condition;
  }

  static constexpr std::size_t most_channels = std::size_t{1} << 16;

  Program<T>& program_;
};

}  // namespace inlay::run_time
