// inlay::Model, whose sizes are known at run time, against PyTorch, Keras and NAM Core.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <inlay/inlay.hpp>
#include <inlay/io/read_model.hpp>
#include <inlay/io/record.hpp>
#include <inlay/run_time.hpp>
#include <inlay/run_time/typed_or_dynamic_model.hpp>
#include <nlohmann/json.hpp>
#include "support/every_golden.hpp"
#include "support/golden.hpp"
#include "support/paths.hpp"

using namespace inlay;

namespace {

/// Calls `f(load)` for the kernels that a program gets without asking, which may be of two instruction sets, and for
/// each instruction set that both the program and the processor have. `load(path)` loads a model that runs on them.
/// Returns the number of instruction sets.
template <class T, class F>
std::size_t on_each_isa(F&& f) {
  f([](const std::filesystem::path& path) { return Model<T>::load(path); });
  std::size_t count = 0;
  for (const char* isa : {"sse2", "avx2", "avx512", "neon", "wasm_simd"}) {
    const auto load = [&](const std::filesystem::path& path) { return Model<T>::load(path, {.isa = isa}); };
    try {
      load(test_file(sizeof(T) == 4 ? "golden/torch/dense_3_5.f32.json" : "golden/torch/dense_3_5.f64.json"));
    } catch (const load_error&) {
      continue;  // the program or the processor does not have it
    }
    SCOPED_TRACE(isa);
    f(load);
    ++count;
  }
  return count;
}

/// A tensor with numbers that look random.
std::string tensor(const char* shape, std::size_t count) {
  std::ostringstream text;
  text << R"({"shape": [)" << shape << R"(], "data": [0)";
  std::uint32_t number = 1;
  for (std::size_t i = 1; i < count; ++i) {
    number = number * 1664525 + 1013904223;
    text << ',' << static_cast<int>(number >> 24) - 128 << "e-4";
  }
  text << "]}";
  return text.str();
}

}  // namespace

// Tiles of few frames are computed frame by frame where that is faster, with the same bits.
TEST(RunTimeModel, tiles_of_few_frames) {
  const std::string text =
      R"({"format": "inlay", "version": 1, "layers": [
          {"type": "conv1d", "in": 2, "out": 256, "kernel_size": 3, "dilation": 1, "groups": 1, "kernel": )" +
      tensor("3, 2, 256", 1536) + R"(},
          {"type": "conv_transpose1d", "in": 256, "out": 128, "kernel_size": 4, "stride": 2, "kernel": )" +
      tensor("4, 256, 128", 131072) + R"(},
          {"type": "residual", "layers": [{"type": "conv1d", "in": 128, "out": 128, "kernel_size": 3, "dilation": 2,
           "groups": 1, "kernel": )" +
      tensor("3, 128, 128", 49152) + R"(, "bias": )" + tensor("128", 128) + "}]}]}";
  constexpr std::size_t frames = 30;
  std::vector<float> in(2 * frames);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = std::sin(static_cast<float>(i * i));
  for (const char* isa : {"", "sse2", "avx2", "avx512"}) {
    std::vector<float> whole;
    try {
      auto model = Model<float>::load_text(text, {.isa = isa});
      for (const std::size_t cut : {frames, std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}}) {
        std::vector<float> out(128 * 2 * frames);
        model.reset();
        for (std::size_t first = 0; first < frames; first += cut) {
          const float* const from[] = {in.data() + first, in.data() + frames + first};
          float* to[128];
          for (std::size_t c = 0; c < 128; ++c) to[c] = out.data() + c * 2 * frames + 2 * first;
          const std::size_t count = std::min(cut, frames - first);
          ASSERT_EQ(model.process(from, to, count), 2 * count);
        }
        if (whole.empty()) whole = out;
        EXPECT_TRUE(out == whole) << isa << ", " << cut;
      }
    } catch (const load_error&) {
      continue;  // the program or the processor does not have it
    }
  }
}

TEST(RunTimeModel, knows_its_inputs_without_a_check) {
  for (const char* name : {"rfft_32", "irfft_32", "magnitude_5", "complex_product_5", "overlap_add_beside",
                           "along_features", "per_feature", "conv2d_stack", "gate_of_leaky_relu"}) {
    const io::ModelFile file = io::read_model(test_file("golden/torch/" + std::string(name) + ".f32.json"));
    EXPECT_EQ(io::width_of(file.chain), file.check->input.shape[1]) << name;
  }
}

TEST(RunTimeModel, of_every_golden_in_float) {
  const std::size_t count = on_each_isa<float>([](auto load) {
    expect_every_golden("torch", ".f32.json", stack, load);
    expect_every_golden("keras", ".json", stack, load);
    expect_every_golden("nam", ".json", stack, load);
  });
  EXPECT_GT(count, 0u);
  RecordProperty("instruction_sets", static_cast<int>(count));
}
#ifndef INLAY_TEST_FEW_BACKENDS
TEST(RunTimeModel, of_every_golden_in_double) {
  EXPECT_GT(on_each_isa<double>([](auto load) { expect_every_golden("torch", ".f64.json", 1e-12, load); }), 0u);
}
#endif

namespace {

/// Compares a model with the recorded output of NAM Core, in blocks of uneven sizes.
void as_nam_core(const std::string& name, const std::string& golden, bool prewarm = true) {
  const std::filesystem::path folder = inlay_test::fixtures() + "/nam";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "there is no " << folder;
  io::ModelFile file = io::read_model(folder / (name + ".nam"));
  if (!prewarm) file.info.prewarm = 0;
  auto model = Model<>::of(file);
  const auto wanted = nlohmann::json::parse(io::read_text(folder / golden));
  const std::vector<float> x = wanted["input"], y = wanted["output"];
  std::vector<float> out(x.size());
  for (std::size_t round = 0; round < 2; ++round, model.reset()) {
    for (std::size_t t = 0, cut = 1; t < x.size(); t += cut, cut = cut % 200 + 7) {
      const std::size_t count = std::min(cut, x.size() - t);
      model.process(std::span(x).subspan(t, count), std::span(out).subspan(t, count));
    }
    for (std::size_t t = 0; t < x.size(); ++t) ASSERT_NEAR(out[t], y[t], 1e-5) << name << ", frame " << t;
  }
}

}  // namespace

TEST(RunTimeModel, plays_files_of_nam) {
  for (const char* name : {"linear_synthetic", "convnet_synthetic", "lstm", "wavenet", "wavenet_gated_synthetic",
                           "wavenet_a1_standard", "A2"}) {
    as_nam_core(name, std::string(name) + ".noprewarm.golden.json", false);
    as_nam_core(name, std::string(name) + ".golden.json");
  }
}

TEST(RunTimeModel, or_a_type_where_one_fits) {
  using Lstm20 = ModelT<LSTM<1, 20>, Dense<20, 1>>;
  using Any = TypedOrDynamicModel<ModelT<LSTM<1, 8>, Dense<8, 1>>, Lstm20>;
  const std::filesystem::path known = test_file("golden/torch/lstm20_dense.f32.json"),
                              unknown = test_file("golden/torch/gru16_gru8_dense.f32.json");
  Any a = Any::load(known), b = Any::load(unknown);
  EXPECT_EQ(a.index(), 1u);
  EXPECT_EQ(b.index(), 2u);
  Lstm20 type;
  type.load(known);
  auto model = Model<>::load(unknown);
  for (int t = 0; t < 50; ++t) {
    const float x = std::sin(0.1f * float(t));
    float y = 0;
    EXPECT_EQ(a.forward(&x, &y), 1u);
    EXPECT_EQ(y, type.forward(x));
    EXPECT_EQ(b.forward(&x, &y), 1u);
    EXPECT_EQ(y, model.forward(x));
  }
  EXPECT_THROW(Any::load(std::filesystem::path("there is none")), load_error);
}

TEST(RunTimeModel, says_what_it_is) {
  const auto model = Model<>::load(std::filesystem::path(test_file("golden/torch/wavenet_small.f32.json")));
  EXPECT_EQ(model.in_size(), 1u);
  EXPECT_EQ(model.out_size(), 1u);
  EXPECT_EQ(model.receptive_field(), 1u + 2 * 2 * (1 + 4 + 32));
  EXPECT_EQ(model.latency(), 0u);
  EXPECT_TRUE(model.one_to_one());
  EXPECT_FALSE(model.sample_rate());
  const auto late = Model<>::load(std::filesystem::path(test_file("golden/torch/delay_3.f32.json")));
  EXPECT_EQ(late.latency(), 3u);
}

TEST(RunTimeModel, voices_and_copies_are_apart) {
  auto model = Model<>::load(std::filesystem::path(test_file("golden/torch/lstm20_dense.f32.json")));
  const float first = model.forward(0.5f);
  Model<>::State voice = model.new_state();
  EXPECT_EQ(model.forward(voice, 0.5f), first);
  Model<> other = model;  // in the middle of its signal
  EXPECT_EQ(other.forward(0.1f), model.forward(0.1f));
  model.reset();
  EXPECT_EQ(model.forward(0.5f), first);
  EXPECT_NE(other.forward(0.5f), first);
}

TEST(RunTimeModel, a_copy_runs_in_memory_of_its_own) {
  // Some steps of this model write two signals, some add one.
  auto model = Model<>::load(std::filesystem::path(test_file("golden/nam/wavenet_a1_standard.json")));
  auto original = std::make_unique<Model<>>(model);
  for (const float x : {0.5f, -0.25f}) EXPECT_EQ(original->forward(x), model.forward(x));
  Model<> copy = *original;
  original.reset();
  EXPECT_EQ(copy.forward(0.75f), model.forward(0.75f));
  const std::vector<float> x(100, 0.125f);
  std::vector<float> y(100), expected(100);
  copy.process(x, y);
  model.process(x, expected);
  EXPECT_EQ(y, expected);
}

TEST(RunTimeModel, runs_several_voices_in_one_call) {
  const auto model = Model<>::load(std::filesystem::path(test_file("golden/torch/lstm20_dense.f32.json")));
  const std::vector<float> x[2]{std::vector<float>(100, 0.5f), std::vector<float>(100, -0.25f)};
  std::vector<float> alone[2]{std::vector<float>(100), std::vector<float>(100)}, y[2]{alone[0], alone[1]};
  for (std::size_t v = 0; v < 2; ++v) {
    Model<>::State state = model.new_state();
    model.process(state, x[v], alone[v]);
  }
  Model<>::State states[2]{model.new_state(), model.new_state()};
  Model<>::State* const voices[2]{&states[0], &states[1]};
  const float* const in[2]{x[0].data(), x[1].data()};
  float* const out[2]{y[0].data(), y[1].data()};
  model.process(voices, in, out, 100);
  EXPECT_EQ(y[0], alone[0]);
  EXPECT_EQ(y[1], alone[1]);
  EXPECT_NE(y[0], y[1]);
}

TEST(RunTimeModel, agrees_with_the_type) {
  const std::filesystem::path path = test_file("golden/torch/mixed.f32.json");
  ModelT<Dense<1, 8>, Tanh<8>, Conv1D<8, 4, 3, 2>, Tanh<4>, GRU<4, 8>, Dense<8, 1>> type;
  type.load(path);
  auto model = Model<>::load(path);
  std::vector<float> x(500), a(500), b(500);
  for (std::size_t t = 0; t < x.size(); ++t) x[t] = float(t % 37) / 37 - 0.5f;
  type.process(x, a);
  model.process(x, b);
  for (std::size_t t = 0; t < x.size(); ++t) ASSERT_NEAR(a[t], b[t], 2e-6);
  type.reset(), model.reset();
  for (std::size_t t = 0; t < x.size(); ++t) ASSERT_NEAR(type.forward(x[t]), model.forward(x[t]), 2e-6);
}

namespace {

/// Applies `change` to a golden file, loads it, and expects an error at `place`.
template <class F>
void refused(const std::string& name, F change, const std::string& place) {
  auto document =
      nlohmann::json::parse(io::read_text(std::filesystem::path(test_file("golden/torch/" + name + ".f32.json"))));
  change(document);
  try {
    Model<>::load(document);
    FAIL() << "was loaded";
  } catch (const load_error& error) {
    EXPECT_EQ(error.place(), place) << error.what();
  }
}

}  // namespace

TEST(RunTimeModel, refuses_what_does_not_fit_together) {
  using Json = nlohmann::json;
  refused("dense_mlp", [](Json& j) { j["layers"][1]["size"] = 7; }, "layers[1].size");
  refused("dense_mlp", [](Json& j) { j["layers"][2]["in"] = 9; }, "layers[2].in");
  refused("dense_mlp", [](Json& j) { j["layers"][2]["out"] = 5; }, "layers[2].kernel");
  refused("dense_mlp", [](Json& j) { j["layers"][2]["more"] = 5; }, "layers[2].more");
  refused("dense_mlp", [](Json& j) { j["layers"][1]["type"] = "tanhh"; }, "layers[1].type");
  refused("dense_mlp", [](Json& j) { j["check"]["output"]["data"][3] = 5; }, "check.output.data[3]");
  refused("parallel", [](Json& j) { j["layers"][0]["name"] = 5; }, "layers[0].name");
  refused("parallel", [](Json& j) { j["layers"][0].erase("branches"); }, "layers[0]");
  refused(
      "residual_dense", [](Json& j) { j["layers"][0]["layers"].push_back({{"type", "pad"}, {"in", 5}, {"out", 9}}); },
      "layers[0]");
}

TEST(RunTimeModel, refuses_windows_and_features_that_do_not_fit) {
  using Json = nlohmann::json;

  refused("windowed", [](Json& j) { j["layers"][0]["window"] = 0; }, "layers[0].window");
  refused("windowed", [](Json& j) { j["layers"][0]["window"] = std::size_t{1} << 31; }, "layers[0].window");
  refused("windowed", [](Json& j) { j["layers"][0].erase("hop"); }, "layers[0]");
  refused(
      "windowed",
      [&](Json& j) {
        j["layers"][0]["layers"].push_back({{"type", "time_pad"}, {"size", 77}, {"before", 1}, {"after", 0}});
      },
      "layers[0].layers[3].size");
  refused(
      "dense_mlp",
      [](Json& j) { j["layers"].push_back({{"type", "time_pad"}, {"size", 4}, {"before", 1}, {"after", 0}}); },
      "layers[7].before");
  refused("conv2d_3_5_f7_k3x3", [](Json& j) { j["layers"][0]["features"] = 5; }, "layers[0].features");
  refused("per_feature", [](Json& j) { j["layers"][0]["features"] = 4; }, "layers[0].features");
  refused("along_features", [](Json& j) { j["layers"][0]["layers"][0]["in"] = 3; }, "layers[0].layers[0].in");
  refused("spectral_mask", [](Json& j) { j["layers"][0]["hop"] = 65; }, "layers[0].hop");
  refused("spectral_mask", [](Json& j) { j["layers"][0]["window"] = 63; }, "layers[0].layers[0]");
  refused(
      "spectral_mask",
      [](Json& j) {
        j["layers"][0]["layers"].push_back({{"type", "max_pool1d"}, {"size", 64}, {"kernel_size", 2}, {"stride", 2}});
      },
      "layers[0].layers");
  refused("spectral_mask", [](Json& j) { j["layers"][0]["spread"] = 1; }, "layers[0].spread");
  refused("windowed", [](Json& j) { j["layers"][0]["spread"] = true; }, "layers[0].spread");
  refused(
      "spectral_mask", [](Json& j) { j["layers"][0]["spread"] = true, j["layers"][0]["hop"] = 1; }, "layers[0].hop");
  refused("overlap_add_beside", [](Json& j) { j["layers"][0]["branches"][0][0]["frames"] = 12; }, "layers[0]");
  refused("overlap_add_beside", [](Json& j) { j["layers"][0]["branches"][1][0]["spread"] = true; }, "layers[0]");
  refused("rfft_32", [](Json& j) { j["layers"][0]["samples"] = 224; }, "layers[0].samples");
  refused("gather_5_7", [](Json& j) { j["layers"][0]["index"]["data"][3] = 5; }, "layers[0].index.data[3]");
  refused("gather_5_7", [](Json& j) { j["layers"][0]["index"]["data"][3] = 0.5; }, "layers[0].index.data[3]");
  refused(
      "conv2d_3_5_f7_k3x3", [](Json& j) { j["layers"][0]["kernel_size_features"] = 8; },
      "layers[0].kernel_size_features");
  refused("conv2d_3_5_f7_k3x3", [](Json& j) { j["layers"][0]["padding"] = "causal"; }, "layers[0].padding");
  refused("batchnorm2d_3_f5", [](Json& j) { j["layers"][0]["channels"] = 5; }, "layers[0].channels");
  refused("conv_transpose1d_3_5_k4_s2", [](Json& j) { j["layers"][0]["stride"] = 65; }, "layers[0]");
}

namespace {

/// A file with these layers. Its check is silence.
nlohmann::json silent(nlohmann::json layers, std::size_t in, std::size_t out) {
  const auto zeros = [](std::size_t channels) {
    return nlohmann::json{{"shape", {4, channels}}, {"data", std::vector<double>(4 * channels)}};
  };
  nlohmann::json check{{"dtype", "float32"}, {"skip", 0}, {"stride", 1}, {"tolerance", 1e-6}};
  check["input"] = zeros(in);
  check["output"] = zeros(out);
  return {{"format", "inlay"}, {"version", 1}, {"layers", std::move(layers)}, {"check", std::move(check)}};
}

}  // namespace

namespace {

/// Compares a network whose frames are spread over a hop with the same network whose frames are computed at once: the
/// same bits, a hop later, however the signal is cut and whatever its state was.
template <class T>
void spreads(const std::string& name, std::size_t hop, std::size_t prewarm, bool per_feature = false) {
  SCOPED_TRACE(name);
  const std::string path = test_file("golden/torch/" + name + (sizeof(T) == 8 ? ".f64.json" : ".f32.json"));
  const auto model = [&](bool spread) {
    std::ifstream stream(path);
    auto json = nlohmann::json::parse(stream);
    if (per_feature) {
      nlohmann::json layer = {{"type", "per_feature"}, {"features", 1}};
      layer["layers"] = std::move(json["layers"]);
      json["layers"] = nlohmann::json::array();
      json["layers"].push_back(std::move(layer));
    }
    io::ModelFile file = io::read_model_of(json);
    file.info.prewarm = prewarm;
    io::ChainRecord& chain = per_feature ? file.chain.layers[0].chains.find("layers")->second[0] : file.chain;
    for (io::LayerRecord& layer : chain.layers)
      if (io::type_of(layer) == "overlap_add") layer.values["spread"].value = spread;
    std::vector<double>& y = file.check->output.values;
    if (spread) std::rotate(y.begin(), y.end() - static_cast<std::ptrdiff_t>(hop), y.end());
    if (spread) std::fill_n(y.begin(), hop, 0.0);
    return Model<T>::of(file);
  };
  auto at_once = model(false), spread = model(true);
  EXPECT_EQ(spread.latency(), at_once.latency() + hop);
  EXPECT_EQ(spread.macs_per_sample(), at_once.macs_per_sample());
  if (at_once.receptive_field() == unbounded) EXPECT_EQ(spread.receptive_field(), unbounded);
  else EXPECT_EQ(spread.receptive_field(), at_once.receptive_field() + hop);

  std::vector<T> x(700), expected(x.size()), y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(i * 37 % 64) / 64 - T(0.5);
  at_once.process({x.data(), x.size()}, {expected.data(), x.size()});
  const std::size_t cuts[][3] = {{1, 1, 1}, {700, 1, 1}, {5, 31, 64}, {hop, 1, hop - 1}, {130, 3, 77}};
  auto copy = spread;
  for (const auto& cut : cuts) {
    spread.reset();
    for (std::size_t first = 0, i = 0, n = 0; first < x.size(); first += n, ++i) {
      n = std::min(cut[i % 3], x.size() - first);
      if (n == 1 && cut[0] == 1) y[first] = spread.forward(x[first]);
      else spread.process({x.data() + first, n}, {y.data() + first, n});
      if (i == 4) copy = spread, spread = copy;  // in the middle of a frame
    }
    const auto late = static_cast<std::ptrdiff_t>(hop);
    EXPECT_TRUE(std::equal(y.begin() + late, y.end(), expected.begin()));
  }
}

}  // namespace

TEST(RunTimeModel, spreads_the_work_of_a_frame_over_a_hop) {
  spreads<float>("spectral_mask", 16, 0);
  spreads<double>("spectral_mask", 16, 100);  // a signal that starts within a frame
  spreads<float>("spectral_gtcrn", 16, 100);
  spreads<double>("overlap_add_learned", 9, 0);
  spreads<float>("spectral_mask", 16, 100, true);
}

TEST(RunTimeModel, refuses_branches_of_one_rate_at_different_times) {
  const auto strided = [](std::size_t kernel) {
    nlohmann::json conv{{"type", "conv1d"}, {"in", 1},     {"out", 1},   {"kernel_size", kernel},
                        {"dilation", 1},    {"groups", 1}, {"stride", 2}};
    conv["kernel"] = {{"shape", {kernel, 1, 1}}, {"data", std::vector<double>(kernel, 1.0)}};
    return conv;
  };
  auto branches = nlohmann::json::array();
  for (std::size_t kernel : {2u, 3u}) branches.push_back(nlohmann::json::array({strided(kernel)}));
  try {
    Model<>::load(silent({{{"type", "parallel"}, {"branches", branches}}}, 1, 1));
    FAIL() << "was loaded";
  } catch (const load_error& error) {
    EXPECT_EQ(error.place(), "layers[0]") << error.what();
  }
}

TEST(RunTimeModel, gives_silence_where_that_is_all_there_is) {
  auto model = Model<>::load(silent(
      {{{"type", "pad"}, {"in", 1}, {"out", 3}}, {{"type", "slice"}, {"in", 3}, {"out", 2}, {"begin", 1}}}, 1, 2));
  std::vector<float> in(100, 1.0f), a(100, 1.0f), b(100, 1.0f);
  const float* const x = in.data();
  float* const y[2] = {a.data(), b.data()};
  EXPECT_EQ(model.process(&x, y, in.size()), in.size());
  EXPECT_EQ(a, std::vector<float>(100));
  EXPECT_EQ(b, std::vector<float>(100));
}

TEST(RunTimeModel, refuses_absurd_sizes_before_it_asks_for_memory) {
  using Json = nlohmann::json;
  const std::uint64_t huge = std::uint64_t{1} << 40;
  refused("dense_mlp", [&](Json& j) { j["layers"][2]["out"] = huge; }, "layers[2].out");
  refused("lstm_1_8", [&](Json& j) { j["layers"][0]["out"] = huge; }, "layers[0].out");
  refused("conv1d_4_6_k3_d2", [&](Json& j) { j["layers"][0]["dilation"] = huge; }, "layers[0].dilation");
  refused("conv1d_4_6_k3_d2", [&](Json& j) { j["layers"][0]["kernel_size"] = huge; }, "layers[0].kernel_size");
  refused("conv1d_4_6_k3_d2", [&](Json& j) { j["layers"][0]["kernel_size"] = 0; }, "layers[0].kernel_size");
  refused("conv1d_4_6_k3_d2", [&](Json& j) { j["layers"][0].erase("kernel_size"); }, "layers[0]");
  refused("conv1d_4_6_k3_d2", [&](Json& j) { j["layers"][0].erase("dilation"); }, "layers[0]");
  refused("conv1d_4_6_k3_d2", [&](Json& j) { j["layers"][0]["groups"] = 3; }, "layers[0].groups");
  refused("conv1d_4_6_k3_d2", [&](Json& j) { j["layers"][0]["stride"] = 0; }, "layers[0].stride");
  const std::uint64_t largest = std::numeric_limits<std::size_t>::max();  // sums with it overflow
  refused("conv1d_4_6_k3_d2", [&](Json& j) { j["layers"][0]["stride"] = largest; }, "layers[0].stride");
  refused("max_pool1d_5_k3_s2", [&](Json& j) { j["layers"][0]["stride"] = largest; }, "layers[0].stride");
  refused("windowed", [&](Json& j) { j["layers"][0]["hop"] = largest; }, "layers[0].hop");
}
