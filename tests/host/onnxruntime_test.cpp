// OnnxRuntime on models and references that export_models.py writes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <inlay/host/onnxruntime.hpp>
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
using host::OnnxRuntime;

static_assert(host::Engine<OnnxRuntime> && !host::is_real_time<OnnxRuntime>);
static_assert(std::copy_constructible<OnnxRuntime> && std::is_nothrow_move_constructible_v<OnnxRuntime>);

#ifndef _WIN32
[[maybe_unused]] const int without_telemetry = setenv("ORT_DISABLE_TELEMETRY", "1", 1);
#endif

using harness::bytes, harness::expect_near, harness::models, harness::reference, harness::Signal;
using Bound = harness::Bound<OnnxRuntime>;

void expect_reference(const host::Graph& graph, const std::string& name, std::size_t in = 1, std::size_t out = 1) {
  harness::expect_reference<OnnxRuntime>(graph, name, in, out);
}
template <class Error = std::invalid_argument>
std::string message(const host::Graph& graph) {
  return harness::message<OnnxRuntime, Error>(graph);
}

host::Graph cnn() { return {.file = models() / "cnn.onnx", .in = {{.hop = 64}}}; }
host::Graph lstm(std::size_t frames = 16) {
  return {.file = models() / "lstm.onnx",
          .in = {{.name = "x", .shape = {std::int64_t(frames), 1, 1}}},
          .carry = {{.out = "h_out", .in = "h"}, {.out = "c_out", .in = "c"}}};
}
host::Graph knobs() {
  return {.file = models() / "knobs.onnx",
          .in = {{.name = "audio"}, {.name = "knobs", .values = true}},
          .out = {{.name = "y"}, {.name = "level", .values = true}}};
}

TEST(OnnxRuntimeTest, CnnOnWindows) {
  const OnnxRuntime engine(cnn());
  EXPECT_TRUE(engine.stateless());
  const host::Ports ports = engine.ports();
  ASSERT_EQ(ports.in.size(), 1u);
  ASSERT_EQ(ports.out.size(), 1u);
  EXPECT_EQ(ports.in[0].name, "x");
  EXPECT_EQ(ports.in[0].hop, 64u);
  EXPECT_EQ(ports.in[0].frames(), 70u);
  EXPECT_EQ(ports.out[0].name, "y");
  EXPECT_EQ(ports.out[0].hop, 64u);
  EXPECT_FALSE(ports.multiples);
  expect_reference(cnn(), "cnn");
}

TEST(OnnxRuntimeTest, OpenDimensions) {
  host::Graph graph{.file = models() / "cnn_open.onnx", .in = {{.shape = {1, 1, 70}, .hop = 64}}};
  expect_reference(graph, "cnn");
  graph.in[0] = {.shape = {1, 1, 38}, .hop = 32};
  expect_reference(graph, "cnn");
}

TEST(OnnxRuntimeTest, TakesTheLastFramesOfAnOutput) {
  expect_reference({.file = models() / "cnn_padded.onnx", .in = {{.hop = 64}}, .out = {{.hop = 64}}}, "cnn");
}

TEST(OnnxRuntimeTest, FromMemory) {
  const std::string file = bytes("cnn.onnx");
  expect_reference({.bytes = std::as_bytes(std::span(file)), .in = {{.hop = 64}}}, "cnn");
}

TEST(OnnxRuntimeTest, LstmCarriesItsStates) {
  EXPECT_FALSE(OnnxRuntime(lstm()).stateless());
  expect_reference(lstm(16), "lstm");
  expect_reference(lstm(1), "lstm");
}

TEST(OnnxRuntimeTest, ResetRepeatsASignal) {
  auto [x, y] = reference("lstm", 1, 1);
  x[0].resize(48), y[0].resize(48);  // three runs: the other half of the states is next
  Bound bound{OnnxRuntime(lstm())};
  expect_near(bound.play(x), y);
  bound.engine.reset();
  expect_near(bound.play(x), y);
}

TEST(OnnxRuntimeTest, InitialStates) {
  Bound bound{OnnxRuntime({.file = models() / "count.onnx", .carry = {{.out = "s_out", .in = "s", .initial = {5}}}})};
  const Signal zeros{std::vector<float>(12)};
  const Signal expected{{5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7}};
  EXPECT_EQ(bound.play(zeros), expected);
  bound.engine.reset();
  EXPECT_EQ(bound.play(zeros), expected);
}

TEST(OnnxRuntimeTest, Channels) {
  expect_reference({.file = models() / "mix.onnx"}, "mix", 2, 3);
  expect_reference(
      {.file = models() / "mix_last.onnx", .in = {{.channels_last = true}}, .out = {{.channels_last = true}}}, "mix", 2,
      3);
  const OnnxRuntime all_channels({.file = models() / "cnn.onnx", .in = {{.channels = 70}}, .out = {{.channels = 64}}});
  EXPECT_EQ(all_channels.ports().in[0].channels, 70u);
  EXPECT_EQ(all_channels.ports().in[0].hop, 1u);
}

TEST(OnnxRuntimeTest, Values) {
  Bound bound{OnnxRuntime(knobs())};
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

TEST(OnnxRuntimeTest, PortsAreInTheOrderOfTheLists) {
  host::Graph graph = knobs();
  std::swap(graph.in[0], graph.in[1]);
  graph.out.pop_back();
  const host::Ports ports = OnnxRuntime(graph).ports();
  EXPECT_EQ(ports.in[0].name, "knobs");
  EXPECT_EQ(ports.in[1].name, "audio");
  EXPECT_EQ(ports.out.size(), 1u);
}

TEST(OnnxRuntimeTest, TwoRates) {
  host::Graph graph{.file = models() / "half_rate.onnx"};
  EXPECT_NE(message(graph).find("half_rate.onnx: 'x' has 64 frames, 'y' 32"), std::string::npos) << message(graph);
  graph.in = {{.hop = 64}};
  graph.out = {{.latency = 3}};
  const host::Ports ports = OnnxRuntime(graph).ports();
  EXPECT_EQ(ports.in[0].hop, 64u);
  EXPECT_EQ(ports.out[0].hop, 32u);
  EXPECT_EQ(ports.out[0].latency, 3u);
}

TEST(OnnxRuntimeTest, CopiesRunAtTheSameTime) {
  const auto [x, y] = reference("lstm", 1, 1);
  OnnxRuntime engine(lstm());
  std::vector<std::thread> threads;
  std::vector<Signal> results(3);
  for (Signal& result : results)
    threads.emplace_back([&, &x = x, copy = engine]() mutable { result = Bound(std::move(copy)).play(x); });
  for (std::thread& thread : threads) thread.join();
  for (const Signal& result : results) expect_near(result, y);
}

#ifdef __linux__
TEST(OnnxRuntimeTest, StartsNoThreads) {
  const auto threads = [] {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
  };
  const auto before = threads();
  Bound bound{OnnxRuntime(cnn())};
  EXPECT_TRUE(bound.engine.run(bound.job));
  EXPECT_EQ(threads(), before);
}
#endif

TEST(OnnxRuntimeTest, CopiesHaveTheirOwnStates) {
  auto [x, y] = reference("lstm", 1, 1);
  x[0].resize(160), y[0].resize(160);
  Bound bound{OnnxRuntime(lstm())};
  bound.play(x);
  Bound copy{bound.engine};
  expect_near(copy.play(x), y);
  bound.engine = copy.engine;  // unbound
  EXPECT_FALSE(bound.engine.run(bound.job));
}

TEST(OnnxRuntimeTest, RunNeedsBind) {
  OnnxRuntime engine(cnn());
  host::Job job;
  engine.reset();
  EXPECT_FALSE(engine.run(job));
  EXPECT_THROW(engine.bind(job), std::invalid_argument);
}

TEST(OnnxRuntimeTest, Configure) {
  bool called = false;
  const OnnxRuntime engine(cnn(), [&](Ort::SessionOptions& options) {
    called = true;
    options.SetGraphOptimizationLevel(ORT_DISABLE_ALL);
  });
  EXPECT_TRUE(called);
}

TEST(OnnxRuntimeTest, Errors) {
  const auto expect = [](const std::string& found, const std::string& expected) {
    EXPECT_NE(found.find(expected), std::string::npos) << found << "\nexpected: " << expected;
  };
  expect(message({}), "inlay::host: the model: neither a file nor its bytes are given");
  expect(message<std::runtime_error>({.file = "missing.onnx"}),
         "inlay::host: missing.onnx: there is no file missing.onnx");
  expect(message<std::runtime_error>({.file = models() / "cnn.bin"}), "inlay::host: cnn.bin: ");
  const std::string garbage = "garbage";
  expect(message<std::runtime_error>({.bytes = std::as_bytes(std::span(garbage))}), "inlay::host: the model: ");

  host::Graph graph = cnn();
  graph.in[0].name = "audio";
  expect(message(graph), "cnn.onnx: no input 'audio', found 'x'");
  graph = cnn();
  graph.out = {{.name = "audio"}};
  expect(message(graph), "cnn.onnx: no output 'audio', found 'y'");
  graph = cnn();
  graph.out = {{}, {}};
  expect(message(graph), "cnn.onnx: more outputs are described than the graph has: 'y'");
  graph = cnn();
  graph.carry = {{.out = "y", .in = "hidden"}};
  expect(message(graph), "cnn.onnx: no input 'hidden', found 'x'");

  graph = cnn();
  graph.in[0].shape = {1, 1, 64};
  expect(message(graph), "cnn.onnx: input 'x': expected the graph's shape {1, 1, 70}, found {1, 1, 64}");
  graph.in[0].shape = {1, 70};
  expect(message(graph), "cnn.onnx: input 'x': expected the graph's shape {1, 1, 70}, found {1, 70}");
  graph = cnn();
  graph.out = {{.shape = {1, 1, 70}}};
  expect(message(graph), "cnn.onnx: output 'y': expected the graph's shape {1, 1, 64}, found {1, 1, 70}");
  graph = cnn();
  graph.in[0].hop = 71;
  expect(message(graph), "cnn.onnx: input 'x': expected a hop of at most its 70 frames, found 71");
  graph = cnn();
  graph.in[0].channels = 4;
  expect(message(graph), "cnn.onnx: input 'x': expected a multiple of 4 channels, found the shape {1, 1, 70}");
  expect(message({.file = models() / "cnn.onnx"}), "cnn.onnx: 'x' has 70 frames, 'y' 64");

  const std::filesystem::path open = models() / "cnn_open.onnx";
  expect(message({.file = open}), "cnn_open.onnx: input 'x': the graph leaves dimensions open: {batch, 1, frames}");
  expect(message({.file = open, .in = {{.shape = {1, 2, 70}}}}), "expected the graph's shape {batch, 1, frames}");
  expect(message({.file = open, .in = {{.shape = {1, 1, 0}}}}), "expected dimensions above 0, found {1, 1, 0}");
  expect(message<std::runtime_error>({.file = open, .in = {{.shape = {1, 1, 2}}}}),
         "cnn_open.onnx: cannot run with x {1, 1, 2}: ");

  graph = knobs();
  graph.in.pop_back();
  expect(message(graph), "knobs.onnx: input 'knobs' is not described");
  graph = knobs();
  graph.in[0].name = "knobs";
  expect(message(graph), "knobs.onnx: input 'knobs' is described twice");
  graph = knobs();
  graph.in[1].hop = 1;
  expect(message(graph), "knobs.onnx: input 'knobs': values have no hop, found 1");
  expect(message({.file = models() / "knobs.onnx"}), "knobs.onnx: 'audio' has 48 frames, 'knobs' 2");

  graph = lstm();
  graph.carry[1].out = "h_out", graph.carry[1].in = "h";
  expect(message(graph), "lstm.onnx: input 'h': carried twice");
  graph = lstm();
  graph.carry[0].initial = {1, 2};
  expect(message(graph), "lstm.onnx: input 'h': expected 16 initial values, found 2");
  graph = lstm();
  graph.carry[0].out = "y";
  expect(message(graph), "lstm.onnx: output 'y': expected the graph's shape {16, 1, 1}, found {1, 1, 16}");
  expect(message({.file = models() / "double.onnx"}), "double.onnx: input 'x': expected float, found double");
}

}  // namespace
