// Memory runs out at every single allocation of loading, copying and making states: each ends in std::bad_alloc or
// load_error, nothing is lost, and the model that was to be loaded computes what it did before.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <dispatched/SmallAmp.hpp>
#include <inlay/compat/rtneural.hpp>
#include <inlay/inlay.hpp>
#include <inlay/run_time.hpp>
#include <memory>
#include <new>
#include <sstream>
#include <string>

#include "support/plain_nam.hpp"
#include "support/plain_proteus.hpp"

namespace {

// Counters of the allocator below. Tests use one thread; others may exist.
std::atomic<long> blocks = 0;      // that are in use
std::atomic<long> remaining = -1;  // allocations that succeed before one fails; none fails if it is below 0

void* allocate(std::size_t bytes, std::size_t alignment) {
  if (remaining >= 0 && remaining-- == 0) throw std::bad_alloc();
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment < sizeof(void*) ? sizeof(void*) : alignment, bytes ? bytes : 1) != 0)
    throw std::bad_alloc();
  ++blocks;
  return memory;
}
void release(void* memory) {
  if (memory) --blocks;
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t bytes) { return allocate(bytes, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }
void* operator new[](std::size_t bytes) { return allocate(bytes, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }
void* operator new(std::size_t bytes, std::align_val_t at) { return allocate(bytes, static_cast<std::size_t>(at)); }
void* operator new[](std::size_t bytes, std::align_val_t at) { return allocate(bytes, static_cast<std::size_t>(at)); }
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

namespace {

using namespace inlay;

/// Runs `action` again and again, and lets allocation 0, 1, 2, ... of it fail until it succeeds. `unchanged` tells
/// whether what `action` would have changed is as it was. Returns the number of failures.
template <class Action, class Unchanged>
long fail_everywhere(Action&& action, Unchanged&& unchanged) {
  for (long n = 0;; ++n) {
    const long before = blocks;
    bool failed = false;
    remaining = n;
    try {
      action();
    } catch (const std::bad_alloc&) {
      failed = true;
    } catch (const load_error& error) {
      remaining = -1;
      ADD_FAILURE() << "allocation " << n << ": " << error.what();
      return n;
    }
    const bool reached = remaining < 0;  // the counter was used up: an allocation failed
    remaining = -1;
    if (!failed) {
      EXPECT_FALSE(reached) << "allocation " << n << " failed, and nobody was told";
      return n;
    }
    EXPECT_EQ(blocks, before) << "blocks after allocation " << n << " failed";
    EXPECT_TRUE(unchanged()) << "after allocation " << n << " failed";
    if (::testing::Test::HasFailure()) return n;
  }
}
template <class Action>
long fail_everywhere(Action&& action) {
  return fail_everywhere(action, [] { return true; });
}

using Values = std::array<float, 100>;

Values output(auto&& process) {
  Values x{}, y{};
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 37 % 19) / 19 - 0.5f;
  process(x, y);
  return y;
}

/// A recurrent network in RTNeural's form, of one channel in and out.
std::string rtneural(double scale) {
  std::ostringstream text;
  const auto list = [&](std::size_t count) {
    text << "[";
    for (std::size_t i = 0; i < count; ++i) text << (i ? "," : "") << scale * (0.1 + 0.01 * static_cast<double>(i % 7));
    text << "]";
  };
  text << R"({"in_shape": [null, null, 1], "layers": [{"type": "lstm", "activation": "", "shape": [null, null, 2],
    "weights": [[)";
  list(8);
  text << "], [";
  list(8);
  text << ",";
  list(8);
  text << "], ";
  list(8);
  text << R"(]}, {"type": "dense", "activation": "", "shape": [null, null, 1], "weights": [[[0.4], [-0.3]], [0.1]]}]})";
  return text.str();
}
std::string aidax() {
  std::string text = rtneural(1);
  text.insert(1, R"("in_skip": 1, "in_gain": 2.0, "samplerate": 48000, )");
  return text;
}

/// A file of inlay's own with combinators, a change of rate and a window, prewarmed.
std::string own() {
  std::string zeros;
  for (int i = 1; i < 80; ++i) zeros += ",0";
  return R"({"format": "inlay", "version": 1, "prewarm": 70, "metadata": {"name": "x"}, "layers": [
    {"type": "residual", "layers": [
      {"type": "conv1d", "in": 1, "out": 1, "kernel_size": 2, "dilation": 70, "groups": 1,
       "kernel": {"shape": [2, 1, 1], "data": [0, 0]}}, {"type": "tanh", "size": 1}]},
    {"type": "concat", "branches": [[{"type": "identity", "size": 1}], [{"type": "pad", "in": 1, "out": 2}]]},
    {"type": "windowed", "window": 6, "hop": 2, "layers": [{"type": "relu", "size": 3}]}],
    "check": {"input": {"shape": [80, 1], "data": [0)" +
         zeros +
         R"(]}, "output": {"shape": [2, 3], "data": [0,0,0,0,0,0]}, "skip": 10, "stride": 2, "tolerance": 1e-4}})";
}

std::string wavenet() {
  return plain::WaveNet(Document(R"({
    "layers": [{"input_size": 1, "condition_size": 1, "channels": 2, "head_size": 1, "kernel_size": 2,
                "dilations": [1, 2], "activation": "Tanh", "gated": true, "head_bias": true}],
    "head": null, "head_scale": 1})"))
      .document(plain::noise(2, 1))
      .dump();
}

const std::string& text_of_proteus() {
  static const std::string text = plain::proteus("GRU", 3, 1).dump();
  return text;
}

}  // namespace

TEST(AllocationFailure, loading_a_file_of_every_format) {
  const std::string texts[] = {rtneural(1), aidax(), own(), wavenet(), text_of_proteus()};
  for (const std::string& text : texts) {
    SCOPED_TRACE(text.substr(0, 60));
    ASSERT_NO_THROW(Model<float>::load_text(text)) << text;  // what is made once and kept is made here
    EXPECT_GT(fail_everywhere([&] { Model<float>::load_text(text); }), 100);
  }
  EXPECT_GT(fail_everywhere([&] { Model<double>::load_text(texts[2]); }), 100);
}

TEST(AllocationFailure, refusing_a_file) {
  const std::string damaged = rtneural(1).replace(rtneural(1).find("-0.3"), 4, "null");
  const auto load = [&] {
    try {
      Model<float>::load_text(damaged);
      ADD_FAILURE() << "accepted";
    } catch (const load_error&) {
    }
  };
  load();
  EXPECT_GT(fail_everywhere(load), 100);
}

TEST(AllocationFailure, replacing_a_model) {
  const std::string first = rtneural(1), second = rtneural(0.5);
  auto model = Model<float>::load_text(first);
  const auto play = [&] { return output([&](const Values& x, Values& y) { model.reset(), model.process(x, y); }); };
  const Values before = play();
  fail_everywhere([&] { model = Model<float>::load_text(second); }, [&] { return play() == before; });
  EXPECT_NE(play(), before);
}

TEST(AllocationFailure, copies_and_states_of_a_model) {
  for (const std::string& text : {own(), wavenet()}) {
    auto model = Model<float>::load_text(text);
    EXPECT_GT(fail_everywhere([&] { Model<float> copy(model); }), 3);
    EXPECT_GT(fail_everywhere([&] { Model<float>::State state = model.new_state(); }), 3);
    const auto state = model.new_state();
    auto other = model.new_state();
    EXPECT_GT(fail_everywhere([&] { other = state; }), 3);
  }
}

TEST(AllocationFailure, loading_into_a_model_type) {
  using Type = ModelT<LSTM<1, 2>, Dense<2, 1>>;
  const std::string first = rtneural(1), second = rtneural(0.5);
  const auto model = std::make_unique<Type>();
  model->load_text(first);
  const auto play = [&] { return output([&](const Values& x, Values& y) { model->reset(), model->process(x, y); }); };
  const Values before = play();
  EXPECT_GT(fail_everywhere([&] { model->load_text(second); }, [&] { return play() == before; }), 100);
  EXPECT_NE(play(), before);
}

TEST(AllocationFailure, loading_into_a_type_for_several_processors) {
  const std::string first = rtneural(1), second = rtneural(0.5);
  SmallAmp amp;
  amp.load_text(first);
  const auto play = [&] { return output([&](const Values& x, Values& y) { amp.reset(), amp.process(x, y); }); };
  const Values before = play();
  EXPECT_GT(fail_everywhere([&] { amp.load_text(second); }, [&] { return play() == before; }), 100);
  EXPECT_NE(play(), before);
  EXPECT_GT(fail_everywhere([&] { SmallAmp copy(amp); }), 1);
  EXPECT_GT(fail_everywhere([&] { SmallAmp::State state; }), 0);
}

TEST(AllocationFailure, loading_by_rtneurals_names) {
  using Type = RTNeural::ModelT<float, 1, 1, RTNeural::LSTMLayerT<float, 1, 2>, RTNeural::DenseT<float, 2, 1>>;
  const auto first = nlohmann::json::parse(rtneural(1)), second = nlohmann::json::parse(rtneural(0.5));
  const auto model = std::make_unique<Type>();
  model->parseJson(first);
  const auto play = [&] {
    return output([&](const Values& x, Values& y) {
      model->reset();
      for (std::size_t i = 0; i < x.size(); ++i) y[i] = model->forward(&x[i]);
    });
  };
  const Values before = play();
  EXPECT_GT(fail_everywhere([&] { model->parseJson(second); }, [&] { return play() == before; }), 50);
  EXPECT_NE(play(), before);
  EXPECT_GT(fail_everywhere([&] { RTNeural::json_parser::parseJson<float>(first); }), 100);
}
