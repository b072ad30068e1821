/// What the parts around a model cost: Guarded, ModelSlot, an exchange, denormal numbers. Prints tables of Markdown.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <inlay/engine.hpp>
#include <inlay/plugin/guarded.hpp>
#include <inlay/plugin/model_slot.hpp>
#include <inlay/plugin/smoothed_values.hpp>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace inlay;  // NOLINT(google-build-using-namespace)
using Clock = std::chrono::steady_clock;

/// Visitor that fills tensors with small numbers, and biases with zeros: silence then decays to denormal numbers.
struct Numbers {
  unsigned next = 1;
  void option(auto&&...) {}
  void number(auto&&...) {}
  template <Tensor X>
  void tensor(std::string_view name, X& x) {
    if (name.find("bias") != std::string_view::npos) return;
    for (std::size_t i = 0; i < size_of(x); ++i) {
      next = next * 1664525 + 1013904223;
      x.set(i, static_cast<typename X::value_type>(0.6 * (double(next) / 4294967296.0 - 0.5)));
    }
  }
  void optional_tensor(std::string_view name, auto& x, auto) { tensor(name, x); }
  void chain(std::string_view, auto& layers, std::size_t = 0) {
    layers.for_each([&](auto i) { layers.template layer<i>().visit(*this); });
  }
};

template <class M>
std::unique_ptr<M> made() {
  auto model = std::make_unique<M>();
  Numbers numbers;
  model->layers().visit(numbers);
  model->reset();
  return model;
}

std::vector<float> tone(std::size_t frames) {
  std::vector<float> x(frames);
  for (std::size_t t = 0; t < frames; ++t)
    x[t] = 0.5f * std::sin(0.02f * float(t)) + 0.2f * std::sin(0.173f * float(t));
  return x;
}

/// Runs all subjects in turns and returns the median time of each in ns.
std::vector<double> medians(const std::vector<std::function<void()>>& subjects, int rounds) {
  std::vector<std::vector<double>> times(subjects.size());
  for (int round = -5; round < rounds; ++round)
    for (std::size_t s = 0; s < subjects.size(); ++s) {
      const auto start = Clock::now();
      subjects[s]();
      const double ns = std::chrono::duration<double, std::nano>(Clock::now() - start).count();
      if (round >= 0) times[s].push_back(ns);
    }
  std::vector<double> result;
  for (auto& each : times) {
    std::nth_element(each.begin(), each.begin() + std::ptrdiff_t(each.size() / 2), each.end());
    result.push_back(each[each.size() / 2]);
  }
  return result;
}

template <class M>
void costs(const char* name, std::size_t frames) {
  const auto model = made<M>();
  const auto x = tone(48000 / frames * frames);
  std::vector<float> y(x.size()), z(x.size()), w(x.size());
  Guarded<M> guarded(*model);
  ModelSlot<M> slot({.fade_frames = 64});
  slot.publish(*model);
  for (int i = 0; i < 100; ++i) slot.process(x, w);  // fades in
  slot.reset(), model->reset();
  const auto blocks = [&](const std::vector<float>& in, std::vector<float>& out, auto&& process) {
    for (std::size_t t = 0; t < in.size(); t += frames) {
      const float* const from = in.data() + t;
      float* const to = out.data() + t;
      process(&from, &to);
    }
  };
  const auto alone = [&] { blocks(x, y, [&](auto in, auto out) { model->process(in, out, frames); }); };
  const auto with_guard = [&] { blocks(x, z, [&](auto in, auto out) { guarded.process(in, out, frames); }); };
  const auto in_slot = [&] { blocks(x, w, [&](auto in, auto out) { slot.process(in, out, frames); }); };
  alone(), with_guard(), in_slot();
  if (y != z || y != w) {
    std::printf("%s: outputs differ\n", name);
    return;
  }
  const auto ns = medians({alone, with_guard, in_slot}, 150);
  const double per = double(x.size());
  std::printf("| %s | %zu | %.2f | %+.2f | %+.2f |\n", name, frames, ns[0] / per, (ns[1] - ns[0]) / per,
              (ns[2] - ns[0]) / per);
}

/// Time of the calls around an exchange, over that of a call of one model.
template <class M>
void exchange(const char* name, std::size_t frames) {
  const auto model = made<M>();
  const auto x = tone(frames);
  std::vector<float> y(frames);
  ModelSlot<M> slot({.fade_frames = 2048});
  std::vector<double> before, during;
  for (int round = 0; round < 60; ++round) {
    slot.publish(*model);
    for (std::size_t t = 0; t < 8192; t += frames) {
      const auto start = Clock::now();
      slot.process(x, y);
      const double ns = std::chrono::duration<double, std::nano>(Clock::now() - start).count();
      (slot.fading() ? during : before).push_back(ns);
    }
  }
  std::sort(before.begin(), before.end());
  std::sort(during.begin(), during.end());
  std::printf("| %s | %zu | %.2f | %.2f |\n", name, frames, during[during.size() / 2] / before[before.size() / 2],
              during[during.size() * 99 / 100] / before[before.size() / 2]);
}

/// Time of a minute of silence after a signal, and of a signal of denormal numbers, over that of the signal. Without
/// and with NoDenormals.
template <class M>
void silence(const char* name) {
  using T = typename M::scalar;
  const auto model = made<M>();
  std::vector<T> in(4800), out(4800), nothing(4800), denormal(4800);
  for (std::size_t t = 0; t < in.size(); ++t) {
    in[t] = static_cast<T>(0.5 * std::sin(0.02 * double(t)));
    denormal[t] = in[t] * std::numeric_limits<T>::min();
  }
  const auto seconds = [&](const std::vector<T>& x, int calls, bool guarded) {
    std::vector<double> times;
    for (int i = 0; i < calls; ++i) {
      const auto start = Clock::now();
      if (guarded) {
        const NoDenormals no_denormals;
        model->process(x, out);
      } else {
        model->process(x, out);
      }
      times.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    }
    std::nth_element(times.begin(), times.begin() + std::ptrdiff_t(times.size() / 2), times.end());
    return times[times.size() / 2];
  };
  std::printf("| %s |", name);
  for (const bool guarded : {false, true}) {
    seconds(in, 100, guarded);
    const double loud = seconds(in, 200, guarded), quiet = seconds(nothing, 600, guarded);
    std::printf(" %.2f | %.2f |", quiet / loud, seconds(denormal, 200, guarded) / loud);
  }
  std::printf("\n");
}

}  // namespace

int main() {
  using D = XsimdBackend<double>;
  using Lstm8 = ModelT<LSTM<1, 8>, Dense<8, 1>>;
  using Lstm20 = ModelT<LSTM<1, 20>, Dense<20, 1>>;
  using Small = ModelT<Conv1D<1, 8, 3>, Tanh<8>, Conv1D<8, 1, 3>>;
  std::printf("ns a sample\n\n| network | frames | alone | + Guarded | + ModelSlot |\n|---|---|---|---|---|\n");
  for (const std::size_t frames : {32, 64, 512}) {
    costs<Small>("two convolutions, 8 channels", frames);
    costs<Lstm8>("LSTM 8", frames);
    costs<Lstm20>("LSTM 20", frames);
  }
  std::printf("\nTime of a call during an exchange, over that of a call of one model\n\n");
  std::printf("| network | frames | median | 99th percentile |\n|---|---|---|---|\n");
  for (const std::size_t frames : {64, 512}) {
    exchange<Lstm8>("LSTM 8", frames);
    exchange<Lstm20>("LSTM 20", frames);
  }
  std::printf("\nTime of a minute of silence after a signal, and of a denormal signal, over that of the signal\n\n");
  std::printf("| network | silence | denormal | NoDenormals: silence | denormal |\n|---|---|---|---|---|\n");
  silence<ModelT<LSTM<1, 20>, Dense<20, 1>>>("LSTM 20");
  silence<ModelT<GRU<1, 20>, Dense<20, 1>>>("GRU 20");
  silence<ModelT<RNN<1, 20>, Dense<20, 1>>>("RNN 20");
  silence<ModelT<ReLURNN<1, 20>, Dense<20, 1>>>("ReLU RNN 20");
  silence<ModelT<RateCorrected<LSTM<1, 20>>, Dense<20, 1>>>("RateCorrected LSTM 20");
  silence<ModelT<LSTM<1, 20, D>, Dense<20, 1, D>>>("LSTM 20, double");
  silence<ModelT<GRU<1, 20, D>, Dense<20, 1, D>>>("GRU 20, double");
}
