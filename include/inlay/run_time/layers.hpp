/// The layers of a file, by the name of their type, with dynamic sizes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "inlay/core/dynamic.hpp"
#include "inlay/engine.hpp"
#include "inlay/io/fill.hpp"
#include "inlay/run_time/operation.hpp"

namespace inlay::run_time {

/// A layer that was read from a file.
template <class T>
struct Made {
  std::unique_ptr<Operation<T>> operation;
  std::size_t out;          ///< channels
  std::size_t reach = 0;    ///< frames that it looks back, or `unbounded`
  std::size_t latency = 0;  ///< in frames
  Rate rate{};
  double bound = 0;  ///< the error that its mathematics states
};

/// Makes layers of backend B from their records. Throws load_error.
template <class B>
class LayerMaker {
  using T = typename B::scalar;
  using Make = Made<T> (*)(const io::LayerRecord&, const std::string& number, std::size_t in);
  static constexpr std::size_t any = dynamic;

  /// `in` is the width of what comes before.
  template <class L>
  static Made<T> make(const io::LayerRecord& record, const std::string& number, std::size_t in) {
    auto operation = std::make_unique<LayerOperation<L>>();
    io::Fill fill(record, number, in);
    operation->layer.visit(fill);
    fill.finish();
    inlay::detail::prepare(operation->layer);
    Made<T> made{std::move(operation), option(record, "out", in)};
    if (L::receptive_field == unbounded) made.reach = unbounded;
    made.bound = io::policy_bound<L>();
    return made;
  }

  /// The value of an option that chooses the type, where there is one of that kind.
  template <class V>
  static V option(const io::LayerRecord& record, std::string_view name, V otherwise) {
    const auto found = record.values.find(name);
    if (found == record.values.end()) return otherwise;
    const V* value = std::get_if<V>(&found->second.value);
    return value ? *value : otherwise;
  }

  /// Calls `f.template operator()<Gate>()` with the gate that the record names; `Fill` complains of another.
  template <class F>
  static Made<T> with_gate(const io::LayerRecord& record, F&& f) {
    const auto name = option(record, "recurrent_activation", std::string());
    if (name == HardSigmoidGate::name) return f.template operator()<HardSigmoidGate>();
    if (name == HardSigmoidKeras2Gate::name) return f.template operator()<HardSigmoidKeras2Gate>();
    return f.template operator()<SigmoidGate>();
  }
  static Made<T> lstm(const io::LayerRecord& record, const std::string& number, std::size_t in) {
    return with_gate(record, [&]<class Gate> { return make<BasicLSTM<any, any, Gate, B>>(record, number, in); });
  }
  static Made<T> gru(const io::LayerRecord& record, const std::string& number, std::size_t in) {
    return with_gate(record, [&]<class Gate> {
      if (option(record, "reset_after", true)) return make<BasicGRU<any, any, true, Gate, B>>(record, number, in);
      return make<BasicGRU<any, any, false, Gate, B>>(record, number, in);
    });
  }
  static Made<T> rnn(const io::LayerRecord& record, const std::string& number, std::size_t in) {
    if (option(record, "activation", std::string()) == ReLUActivation::name)
      return make<ReLURNN<any, any, B>>(record, number, in);
    return make<RNN<any, any, B>>(record, number, in);
  }
  static Made<T> conv1d(const io::LayerRecord& record, const std::string& number, std::size_t in) {
    const auto size = [&](std::string_view name) { return option(record, name, std::size_t{1}); };
    const std::size_t groups = size("groups"), reach = size("kernel_size") - 1;
    const auto refuse = [&](const char* name, std::string expected, std::size_t found) {
      throw load_error(record.values.find(name)->second.place, std::move(expected), std::to_string(found));
    };
    if (groups == 0 || in % groups != 0 || size("out") % groups != 0)
      refuse("groups", "a divisor of both numbers of channels", groups);
    remembers_at_most(record, "dilation", size("dilation"), reach * in);
    Made<T> made = make<BasicConv1D<any, any, any, any, any, true, B, any>>(record, number, in);
    made.reach = reach * size("dilation");
    made.rate = {size("stride"), 1};
    return made;
  }
  static Made<T> delay(const io::LayerRecord& record, const std::string& number, std::size_t in) {
    const std::size_t frames = option(record, "frames", std::size_t{1});
    remembers_at_most(record, "frames", frames, in);
    Made<T> made = make<Delay<any, any, B>>(record, number, in);
    made.reach = made.latency = frames;
    return made;
  }
  /// Refuses a past of `frames` times `channels` values that no network has, before memory is asked for.
  static void remembers_at_most(const io::LayerRecord& record, const char* name, std::size_t frames,
                                std::size_t channels) {
    constexpr std::size_t most = std::size_t{1} << 26;
    if (channels == 0 || frames <= most / channels) return;
    throw load_error(record.values.find(name)->second.place,
                     io::concat({"a past of at most ", std::to_string(most), " values"}), std::to_string(frames));
  }
  static Made<T> prelu(const io::LayerRecord& record, const std::string& number, std::size_t in) {
    const auto alpha = record.tensors.find("alpha");
    const bool one = alpha != record.tensors.end() && alpha->second.values.size() == 1;
    if (one) return make<BasicPReLU<any, 1, B>>(record, number, in);
    return make<PReLU<any, B>>(record, number, in);
  }

 public:
  /// Null where there is no such type.
  static Make find(std::string_view type) {
    static const std::map<std::string_view, Make> makers{
        {"dense", make<Dense<any, any, B>>},
        {"conv1d", conv1d},
        {"lstm", lstm},
        {"gru", gru},
        {"rnn", rnn},
        {"delay", delay},
        {"batchnorm1d", make<BatchNorm1D<any, B>>},
        {"softmax", make<Softmax<any, B>>},
        {"prelu", prelu},
        {"snake", make<Snake<any, B>>},
        {"tanh", make<Tanh<any, B>>},
        {"sigmoid", make<Sigmoid<any, B>>},
        {"hard_sigmoid", make<HardSigmoid<any, B>>},
        {"hard_sigmoid_keras2", make<HardSigmoidKeras2<any, B>>},
        {"relu", make<ReLU<any, B>>},
        {"leaky_relu", make<LeakyReLU<any, B>>},
        {"elu", make<ELU<any, B>>},
        {"softplus", make<Softplus<any, B>>},
        {"silu", make<SiLU<any, B>>},
        {"gelu", make<GELU<any, B>>},
        {"gelu_tanh", make<TanhGELU<any, B>>},
        {"hardtanh", make<Hardtanh<any, B>>},
        {"leaky_hardtanh", make<LeakyHardtanh<any, B>>},
        {"hardswish", make<HardSwish<any, B>>},
        {"softsign", make<Softsign<any, B>>},
        {"scale", make<Scale<any, B>>},
    };
    const auto found = makers.find(type);
    return found == makers.end() ? nullptr : found->second;
  }
};

}  // namespace inlay::run_time
