// A model of any file: `process` of Model<float> and of Model<double> gives the same bits for every way of cutting a
// signal. So do copies, other states, and a state after a reset, also with `forward` in between.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <inlay/io/read_model.hpp>
#include <inlay/run_time.hpp>
#include <span>
#include <string_view>
#include <vector>

#include "fuzz/signal.hpp"

namespace {

constexpr std::size_t frames = 200;
using Cuts = std::vector<std::size_t>;

/// Output of a state for one way of cutting the signal; a cut of 0 is one frame through `forward`.
template <class T>
struct Run {
  Run(const inlay::Model<T>& model, typename inlay::Model<T>::State& state, fuzz::Rows<T>& in, fuzz::Rows<T>& condition,
      const Cuts& cuts)
      : out(model.out_size(), model.max_output_frames(frames)) {
    for (std::size_t t = 0, i = 0; t < frames; ++i) {
      const std::size_t cut = cuts[i % cuts.size()];
      if (cut == 0) frame(model, state, in, condition, t++);
      else t += buffer(model, state, in, condition, t, std::min(cut, frames - t));
    }
  }

  std::size_t count = 0;
  fuzz::Rows<T> out;

 private:
  std::size_t buffer(const inlay::Model<T>& model, typename inlay::Model<T>::State& state, fuzz::Rows<T>& in,
                     fuzz::Rows<T>& condition, std::size_t t, std::size_t size) {
    const std::vector<T*> x = in.from(t), side = condition.from(t), y = out.from(count);
    count += model.process(state, x.data(), y.data(), size, inlay::Condition<T>(side.data()));
    return size;
  }
  void frame(const inlay::Model<T>& model, typename inlay::Model<T>::State& state, fuzz::Rows<T>& in,
             fuzz::Rows<T>& condition, std::size_t t) {
    std::vector<T> x(model.in_size()), side(model.condition_size()), y(model.max_output_frames(1) * model.out_size());
    for (std::size_t c = 0; c < x.size(); ++c) x[c] = in.at(c, t);
    for (std::size_t c = 0; c < side.size(); ++c) side[c] = condition.at(c, t);
    const std::size_t made = model.forward(state, std::span<const T>(x), std::span<T>(y), std::span<const T>(side));
    for (std::size_t f = 0; f < made; ++f, ++count)
      for (std::size_t c = 0; c < model.out_size(); ++c) out.at(c, count) = y[f * model.out_size() + c];
  }
};

template <class T>
void expect_same(Run<T>& a, Run<T>& b) {
  fuzz::require(a.count == b.count);
  for (std::size_t c = 0; c < a.out.channels(); ++c)
    for (std::size_t t = 0; t < a.count; ++t) fuzz::require(fuzz::same(a.out.at(c, t), b.out.at(c, t)));
}

template <class T>
void run(inlay::Model<T> model, fuzz::Random& random) {
  if (model.max_output_frames(frames) * model.out_size() > 1 << 16 || model.in_size() + model.condition_size() > 512)
    return;  // slow, and nothing new
  fuzz::Rows<T> in(model.in_size(), frames), condition(model.condition_size(), frames);
  in.fill(random);
  condition.fill(random);
  const Cuts uneven{1, 1 + random.below(9), 64, 1 + random.below(70), 3, 1 + random.below(130)};
  const Cuts mixed{0, 1 + random.below(9), 0, 64, 0, 0, 1 + random.below(70)};

  auto first = model.new_state(), second = model.new_state();
  Run<T> whole(model, first, in, condition, {frames}), cut(model, second, in, condition, uneven);
  expect_same(whole, cut);

  auto copied = second;  // goes on as the state that it is a copy of
  Run<T> after(model, second, in, condition, mixed), after_copy(model, copied, in, condition, mixed);
  expect_same(after, after_copy);

  const inlay::Model<T> copy = model;
  model = inlay::Model<T>(copy);
  copy.reset(first);
  Run<T> again(copy, first, in, condition, {64, 1});
  expect_same(whole, again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Random random(data, size);
  try {
    inlay::io::ModelFile file = inlay::io::read_model_text(std::string_view(reinterpret_cast<const char*>(data), size));
    // Few mutations pass a check; without one a network runs whatever it computes.
    if (random.below(8) > 0) file.check.reset();
    run(inlay::Model<float>::of(file), random);
    run(inlay::Model<double>::of(file), random);
  } catch (const inlay::load_error& error) {
    fuzz::require(!error.place().empty());
  }
  return 0;
}
