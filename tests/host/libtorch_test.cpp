// LibTorch on models and references that export_models.py writes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <inlay/host/libtorch.hpp>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "host/engine_harness.hpp"

namespace {

namespace host = inlay::host;
using host::LibTorch;

static_assert(host::Engine<LibTorch> && !host::is_real_time<LibTorch>);
static_assert(std::copy_constructible<LibTorch> && std::is_nothrow_move_constructible_v<LibTorch>);

using harness::bytes, harness::expect_near, harness::models, harness::reference, harness::Signal;
using Bound = harness::Bound<LibTorch>;

void expect_reference(const host::Graph& graph, const std::string& name, std::size_t in = 1, std::size_t out = 1) {
  harness::expect_reference<LibTorch>(graph, name, in, out);
}
template <class Error = std::invalid_argument>
std::string message(const host::Graph& graph) {
  return harness::message<LibTorch, Error>(graph);
}

host::Graph cnn(const std::string& name = "cnn.pt") {
  return {.file = models() / name, .in = {{.shape = {1, 1, 70}, .hop = 64}}};
}
host::Graph lstm(std::int64_t frames = 16) {
  return {.file = models() / "lstm.pt",
          .in = {{.shape = {frames, 1, 1}}},
          .carry = {{.out = "1", .in = "h", .shape = {1, 1, 16}}, {.out = "2", .in = "c", .shape = {1, 1, 16}}}};
}
host::Graph rnn(std::int64_t frames = 16) {
  return {.file = models() / "rnn.pt",
          .in = {{.shape = {frames, 1, 1}}},
          .carry = {{.out = "1", .in = "h", .shape = {1, 1, 16}}}};
}
host::Graph knobs() {
  return {.file = models() / "knobs.pt",
          .in = {{.name = "audio", .shape = {1, 1, 48}}, {.name = "knobs", .shape = {1, 2}, .values = true}},
          .out = {{.name = "0"}, {.name = "1", .values = true}}};
}
host::Graph count(const std::string& name) {
  return {.file = models() / name,
          .in = {{.shape = {1, 1, 4}}},
          .carry = {{.out = "1", .in = "s", .shape = {1}, .initial = {5}}}};
}

TEST(LibTorchTest, CnnOnWindows) {
  const LibTorch engine(cnn());
  EXPECT_TRUE(engine.stateless());
  const host::Ports ports = engine.ports();
  ASSERT_EQ(ports.in.size(), 1u);
  ASSERT_EQ(ports.out.size(), 1u);
  EXPECT_EQ(ports.in[0].name, "x");
  EXPECT_EQ(ports.in[0].hop, 64u);
  EXPECT_EQ(ports.in[0].frames(), 70u);
  EXPECT_EQ(ports.out[0].hop, 64u);
  for (const char* name : {"cnn.pt", "cnn_traced.pt", "cnn_frozen.pt"}) expect_reference(cnn(name), "cnn");
}

TEST(LibTorchTest, FromMemory) {
  const std::string file = bytes("cnn.pt");
  expect_reference({.bytes = std::as_bytes(std::span(file)), .in = {{.shape = {1, 1, 70}, .hop = 64}}}, "cnn");
}

TEST(LibTorchTest, TakesTheLastFramesOfAnOutput) {
  auto [x, y] = reference("cnn", 1, 1);
  Bound bound{LibTorch({.file = models() / "cnn.pt", .in = {{.shape = {1, 1, 70}, .hop = 32}}, .out = {{.hop = 32}}})};
  expect_near(bound.play(x), y);
}

TEST(LibTorchTest, RecurrentNetworksCarryTheirStates) {
  EXPECT_FALSE(LibTorch(lstm()).stateless());
  expect_reference(lstm(16), "lstm");
  expect_reference(rnn(16), "rnn");
  expect_reference(rnn(1), "rnn");
}

TEST(LibTorchTest, ResetRepeatsASignal) {
  auto [x, y] = reference("rnn", 1, 1);
  x[0].resize(48), y[0].resize(48);
  Bound bound{LibTorch(rnn())};
  expect_near(bound.play(x), y);
  bound.engine.reset();
  expect_near(bound.play(x), y);
}

TEST(LibTorchTest, InitialStates) {
  const Signal zeros{std::vector<float>(12)};
  const Signal expected{{5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7}};
  for (const char* name : {"count.pt", "in_place.pt"}) {
    Bound bound{LibTorch(count(name))};
    EXPECT_EQ(bound.play(zeros), expected);
    bound.engine.reset();
    EXPECT_EQ(bound.play(zeros), expected);
  }
}

TEST(LibTorchTest, AStateMayBeAViewOfAnInput) {
  expect_reference({.file = models() / "cache.pt",
                    .in = {{.shape = {1, 1, 64}}},
                    .carry = {{.out = "1", .in = "past", .shape = {1, 1, 6}}}},
                   "cnn");
}

TEST(LibTorchTest, StatesInsideTheModule) {
  const LibTorch engine({.file = models() / "inside.pt", .in = {{.shape = {16, 1, 1}}}});
  EXPECT_FALSE(engine.stateless());
  auto [x, y] = reference("rnn", 1, 1);
  x[0].resize(160), y[0].resize(160);
  Bound first{engine};
  expect_near(first.play(x), y);
  Bound second{first.engine};
  expect_near(second.play(x), y);
  first.engine.reset();
  expect_near(first.play(x), y);
}

TEST(LibTorchTest, Channels) {
  expect_reference({.file = models() / "mix.pt", .in = {{.shape = {1, 2, 32}}}}, "mix", 2, 3);
  expect_reference({.file = models() / "mix_last.pt",
                    .in = {{.shape = {32, 1, 2}, .channels_last = true}},
                    .out = {{.channels_last = true}}},
                   "mix", 2, 3);
}

TEST(LibTorchTest, Values) {
  Bound bound{LibTorch(knobs())};
  EXPECT_EQ(bound.ports.in[1].channels, 2u);
  EXPECT_FALSE(bound.ports.in[1].streams());
  EXPECT_FALSE(bound.ports.out[1].streams());
  const Signal x{std::vector<float>(48, 0.25f)};
  bound.in[1][0] = 2, bound.in[1][1] = -1;
  EXPECT_EQ(bound.play(x), Signal{std::vector<float>(48, -0.5f)});
  EXPECT_EQ(bound.out[1][0], -0.5f);
  bound.in[1][1] = 1;
  EXPECT_EQ(bound.play(x), Signal{std::vector<float>(48, 1.5f)});
  EXPECT_EQ(bound.out[1][0], 1.5f);
}

TEST(LibTorchTest, PortsAreInTheOrderOfTheLists) {
  host::Graph graph = knobs();
  std::swap(graph.in[0], graph.in[1]);
  graph.out.erase(graph.out.begin());
  Bound bound{LibTorch(graph)};
  EXPECT_EQ(bound.ports.in[0].name, "knobs");
  EXPECT_EQ(bound.ports.in[1].name, "audio");
  ASSERT_EQ(bound.ports.out.size(), 1u);
  bound.in[0][1] = 3;
  EXPECT_TRUE(bound.engine.run(bound.job));
  EXPECT_EQ(bound.out[0][0], 3.0f);
}

TEST(LibTorchTest, ArgumentsWithDefaults) {
  Bound bound{LibTorch({.file = models() / "default.pt", .in = {{.shape = {1, 1, 4}}}})};
  EXPECT_EQ(bound.play({{1, 2, 3, 4}}), (Signal{{2, 4, 6, 8}}));
}

TEST(LibTorchTest, CopiesRunAtTheSameTime) {
  const auto [x, y] = reference("rnn", 1, 1);
  LibTorch engine(rnn());
  std::vector<std::thread> threads;
  std::vector<Signal> results(3);
  for (Signal& result : results)
    threads.emplace_back([&, &x = x, copy = engine]() mutable { result = Bound(std::move(copy)).play(x); });
  for (std::thread& thread : threads) thread.join();
  for (const Signal& result : results) expect_near(result, y);
}

#ifdef __linux__
TEST(LibTorchTest, StartsNoThreads) {
  const auto threads = [] {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
  };
  const auto before = threads();
  at::set_num_threads(4);
  Bound bound{LibTorch({.file = models() / "wide.pt", .in = {{.shape = {1, 1, 2052}, .hop = 2048}}})};
  EXPECT_TRUE(bound.engine.run(bound.job));
  std::thread([&] {
    EXPECT_TRUE(bound.engine.run(bound.job));
    EXPECT_LE(threads(), before + 1);
  }).join();
}
#endif

TEST(LibTorchTest, RunNeedsBind) {
  LibTorch engine(cnn());
  host::Job job;
  engine.reset();
  EXPECT_FALSE(engine.run(job));
  EXPECT_THROW(engine.bind(job), std::invalid_argument);
  Bound bound{engine};
  bound.engine = engine;
  EXPECT_FALSE(bound.engine.run(bound.job));
}

TEST(LibTorchTest, Errors) {
  const auto expect = [](const std::string& found, const std::string& expected) {
    EXPECT_NE(found.find(expected), std::string::npos) << found << "\nexpected: " << expected;
  };
  expect(message({}), "inlay::host: the model: neither a file nor its bytes are given");
  expect(message<std::runtime_error>({.file = "missing.pt"}), "inlay::host: missing.pt: there is no file missing.pt");
  expect(message<std::runtime_error>({.file = models() / "cnn.bin"}), "inlay::host: cnn.bin: ");
  const std::string garbage = "garbage";
  expect(message<std::runtime_error>({.bytes = std::as_bytes(std::span(garbage))}), "inlay::host: the model: ");

  host::Graph graph = cnn();
  graph.in[0].name = "audio";
  expect(message(graph), "cnn.pt: no input 'audio', found 'x'");
  graph = cnn();
  graph.out = {{.name = "1"}};
  expect(message(graph), "cnn.pt: no output '1', found '0'");
  graph = cnn();
  graph.carry = {{.out = "1", .in = "hidden"}};
  expect(message(graph), "cnn.pt: no input 'hidden', found 'x'");

  expect(message({.file = models() / "cnn.pt"}), "cnn.pt: input 'x': TorchScript says nothing of shapes");
  graph = cnn();
  graph.in[0].shape = {1, 1, -1};
  expect(message(graph), "cnn.pt: input 'x': expected dimensions above 0, found {1, 1, ?}");
  graph.in[0].shape = {1, 2, 70};
  expect(message<std::runtime_error>(graph), "cnn.pt: cannot run with x {1, 2, 70}: ");
  graph = cnn();
  graph.out = {{.shape = {1, 1, 70}}};
  expect(message(graph), "cnn.pt: output '0': expected the graph's shape {1, 1, 64}, found {1, 1, 70}");
  graph = cnn();
  graph.in[0].hop = 0;
  expect(message(graph), "cnn.pt: 'x' has 70 frames, '0' 64");

  graph = lstm();
  graph.carry.pop_back();
  expect(message(graph), "lstm.pt: input 'c' is not described");
  graph = lstm();
  graph.carry[1].shape = {};
  expect(message(graph), "lstm.pt: input 'c': TorchScript says nothing of shapes");
  graph = lstm();
  graph.carry[0].shape = {16};
  expect(message<std::runtime_error>(graph), "lstm.pt: cannot run with x {16, 1, 1}, h {16}, c {1, 1, 16}: ");
  graph = knobs();
  graph.in.pop_back();
  expect(message(graph), "knobs.pt: input 'knobs' is not described");

  expect(message({.file = models() / "grows.pt",
                  .in = {{.shape = {1, 1, 4}}},
                  .carry = {{.out = "1", .in = "s", .shape = {2}}}}),
         "grows.pt: output '1': expected the graph's shape {4}, found {2}");
  const auto found = [](const std::string& name) {
    return host::Graph{.file = models() / name, .in = {{.shape = {4}}}};
  };
  expect(message(found("double.pt")), "double.pt: output '0': expected float on the CPU, found CPUDoubleType");
  expect(message(found("tuples.pt")), "tuples.pt: input 'state': expected a tensor, found Tuple");
  expect(message<std::runtime_error>(found("lists.pt")), "forward returns a GenericList");
}

}  // namespace
