// Neural Amp Modeler's .nam files: against NAM Core where its outputs are at hand, and otherwise against a plain
// evaluation of what the format says.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <inlay/io/write_model.hpp>
#include <string>
#include <utility>
#include <vector>

#include <inlay/inlay.hpp>
#include <inlay/run_time.hpp>
#include "support/document.hpp"
#include "support/golden.hpp"
#include "support/paths.hpp"
#include "support/plain_nam.hpp"

using namespace inlay;

namespace {

// --- NAM Core -----------------------------------------------------------------------------------------------------

std::filesystem::path fixtures() {
  if (const char* folder = std::getenv("INLAY_FIXTURES")) return folder;
  return inlay_test::fixtures();
}

io::TensorRecord signal(std::vector<double> values) {
  return {.place = {}, .shape = {values.size(), 1}, .values = std::move(values), .row_places = {}};
}

/// The input of what NAM Core ran, silence before the signal included.
io::Check input_of(const Document& run) {
  io::Check check;
  check.skip = run.whole("/prewarm_zeros");
  std::vector<double> input(check.skip);
  for (double x : run.numbers("/input")) input.push_back(x);
  check.input = signal(std::move(input));
  return check;
}

/// Loads a file, which runs its check.
using Load = void (*)(const io::ModelFile&);
template <class Type>
void load_type(const io::ModelFile& file) {
  io::fill_model(*std::make_unique<Type>(), file);
}
// Most files are loaded as users load them: types take seconds to compile, and nam_test loads what is large into types.
template <class T>
void load(const io::ModelFile& file) {
  Model<T>::of(file);
}

class NamFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(fixtures() / "nam")) GTEST_SKIP() << "no reference files in " << fixtures();
  }

  static io::ModelFile file(const std::string& name, const io::ReadOptions& options = {}) {
    return Document::of_file(fixtures() / "nam" / (name + ".nam")).read(options);
  }

  /// Runs a golden output as the file's check, with silence and without.
  static void expect_golden(const std::string& name, Load loaded = load<float>) {
    for (const char* run : {"", ".noprewarm"}) expect_golden_of(file(name), name + run, loaded);
  }
  static void expect_golden_of(io::ModelFile model_file, const std::string& run, Load loaded = load<float>) {
    const Document golden = Document::of_file(fixtures() / "nam" / (run + ".golden.json"));
    io::Check check = input_of(golden);
    check.output = signal(golden.numbers("/output"));
    check.tolerance = 1e-5;
    EXPECT_LE(model_file.info.prewarm, std::max<std::size_t>(check.skip, 24000)) << run;
    model_file.check = std::move(check);
    EXPECT_NO_THROW(loaded(model_file)) << run;
  }
};

template <std::size_t Size, std::size_t Kernel, std::size_t Dilation, class Activation>
using NamLayer = ResidualSkip<Sequential<Conv1D<Size, Size, Kernel, Dilation>, Mixin<DenseNoBias<1, Size>>, Activation>,
                              Dense<Size, Size>>;

TEST_F(NamFiles, linear) { expect_golden("linear_synthetic", load_type<ModelT<Conv1D<1, 1, 40, 1>>>); }

TEST_F(NamFiles, convnet) { expect_golden("convnet_synthetic"); }

TEST_F(NamFiles, lstm) {
  io::ModelFile model_file = file("lstm");
  EXPECT_EQ(model_file.info.prewarm, 24000u);
  io::LayerRecord& layer = model_file.chain.layers[0];
  EXPECT_EQ(layer.tensors.at("initial_hidden").shape, std::vector<std::size_t>{3});
  EXPECT_EQ(layer.tensors.at("initial_cell").shape, std::vector<std::size_t>{3});
  // From zero state, half a second of silence leads to the same.
  layer.tensors.erase("initial_hidden");
  layer.tensors.erase("initial_cell");
  expect_golden_of(std::move(model_file), "lstm", load_type<ModelT<LSTM<1, 3>, Dense<3, 1>>>);
}

TEST_F(NamFiles, wavenet) {
  using Type = ModelT<InputAsCondition<DenseNoBias<1, 3>, Pad<3, 6>, NamLayer<3, 3, 1, Tanh<3>>,
                                       NamLayer<3, 3, 2, Tanh<3>>, Split<DenseNoBias<3, 2>, DenseNoBias<3, 2>>,
                                       NamLayer<2, 3, 8, Tanh<2>>, Slice<4, 2, 2>, Dense<2, 1>, Scale<1>>>;
  expect_golden("wavenet", load_type<Type>);
  expect_golden("wavenet");
  const ModelInfo info = file("wavenet").info;
  EXPECT_EQ(info.sample_rate, 48000);
  EXPECT_EQ(info.prewarm, Type::receptive_field);
  EXPECT_EQ(Document(info.metadata).number("/loudness"), -20.020729064941406);
  EXPECT_EQ(Document(info.metadata).number("/input_level_dbu"), 18.3);
}

TEST_F(NamFiles, wavenet_gated) { expect_golden("wavenet_gated_synthetic"); }
TEST_F(NamFiles, wavenet_a1_standard) { expect_golden("wavenet_a1_standard"); }
TEST_F(NamFiles, a2_in_its_smaller_size) { expect_golden_of(file("A2", {.size = 0.49}), "A2.size0.0"); }

// nam_test.cpp loads these files into types, and runs NAM Core's output as their check.
TEST_F(NamFiles, are_what_other_converters_make_of_them) {
  for (const auto& [nam, inlay] : {std::pair{"wavenet_a1_standard", "wavenet_a1_standard"}, {"A2", "wavenet_a2"}}) {
    const Document converted = Document::of_file(test_file("golden/nam/") + inlay + ".json");
    io::ModelFile model_file = file(nam);
    model_file.check = converted.read().check;
    EXPECT_TRUE(Document(io::write_model(model_file))["/layers"] == converted["/layers"]) << nam;
  }
}

// --- a plain evaluation -------------------------------------------------------------------------------------------

io::TensorRecord signal(const plain::Signal& from) {
  io::TensorRecord to{.place = {}, .shape = {from.size(), from[0].size()}, .values = {}, .row_places = {}};
  for (const auto& frame : from) to.values.insert(to.values.end(), frame.begin(), frame.end());
  return to;
}

/// Loads a document, `out` being what it makes of `in`.
void expect_output(const Document& document, const plain::Signal& in, const plain::Signal& out) {
  io::ModelFile file = document.read();
  io::Check check;
  check.input = signal(in);
  check.output = signal(out);
  check.tolerance = 1e-12;
  file.check = std::move(check);
  EXPECT_NO_THROW(load<double>(file));
}

/// Loads a WaveNet of this config, with as many weights as it needs and not one more or less.
void expect_plain(const Document& config, std::size_t in_size) {
  const plain::Signal x = plain::noise(80, in_size);
  plain::WaveNet net(config);
  const Document document = net.document(x);
  expect_output(document, x, net.run(x));
  for (int change : {-1, 1}) {
    const Document wrong = change < 0 ? document.without("/weights/0") : document.with("/weights/-", "0");
    try {
      wrong.read();
      ADD_FAILURE() << change << " weights too many";
    } catch (const load_error& error) {
      EXPECT_EQ(error.place(), "weights");
      EXPECT_EQ(error.expected(), std::to_string(net.used) + " numbers, as config says");
    }
  }
}

TEST(NamWaveNet, blended_with_everything_else) {
  const Document config(R"({
    "condition_dsp": {"version": "0.7.0", "architecture": "WaveNet", "config": {"layers": [
      {"input_size": 1, "condition_size": 1, "channels": 2, "kernel_size": 2, "dilations": [3],
       "activation": "Softsign", "head_size": 2, "head_bias": true}]}},
    "layers": [
      {"input_size": 1, "condition_size": 2, "channels": 4, "bottleneck": 2, "dilations": [1, 3],
       "kernel_sizes": [2, 3], "activation": ["Tanh", {"type": "LeakyHardtanh", "min_val": -0.2, "max_slope": 0.1}],
       "gating_mode": "blended", "secondary_activation": [null, "Fasttanh"],
       "groups_input": 2, "groups_input_mixin": 2,
       "layer1x1": {"active": true, "groups": 2},
       "head1x1": {"active": true, "out_channels": 3, "groups": 1},
       "conv_pre_film": {"active": true, "shift": true, "groups": 1},
       "conv_post_film": {"active": true, "shift": true, "groups": 2},
       "input_mixin_pre_film": {"active": true, "shift": false, "groups": 2},
       "input_mixin_post_film": {"active": true, "shift": true, "groups": 1},
       "activation_pre_film": {"active": true, "shift": false, "groups": 1},
       "activation_post_film": {"active": true, "shift": true, "groups": 2},
       "layer1x1_post_film": {"active": true, "shift": true, "groups": 1},
       "head1x1_post_film": {"active": true, "shift": false, "groups": 1},
       "slimmable": null,
       "head": {"out_channels": 2, "kernel_size": 3, "bias": true, "head_dilation": 2}}],
    "head": {"channels": 3, "out_channels": 1, "kernel_sizes": [2, 3],
             "activation": {"type": "PReLU", "negative_slope": 0.3}},
    "head_scale": 1})");
  expect_plain(config, 1);
  const plain::Signal x = plain::noise(2, 1);
  const io::ModelFile file = plain::WaveNet(config).document(x).read();
  EXPECT_EQ(file.info.prewarm, Model<double>::of(file).receptive_field());
  // What belongs to a layer that is not there has nothing to work on.
  const Document alone = config.with("/layers/0/layer1x1/active", "false");
  EXPECT_THROW(plain::WaveNet(alone).document(x).read(), load_error);
}

TEST(NamWaveNet, gated_and_without_layer1x1) {
  const Document config(R"({
    "in_channels": 2,
    "layers": [
      {"input_size": 2, "condition_size": 2, "channels": 2, "bottleneck": 3, "dilations": [2], "kernel_size": 2,
       "activation": {"type": "PReLU", "negative_slopes": [0.1, 0.2, 0.3]},
       "gated": true, "secondary_activation": "SiLU",
       "conv_pre_film": {"active": true, "shift": false, "groups": 1},
       "conv_post_film": false,
       "layer1x1_post_film": {"active": true, "shift": true, "groups": 1},
       "head_size": 2, "head_bias": false},
      {"input_size": 2, "condition_size": 2, "channels": 3, "bottleneck": 2, "dilations": [1, 4], "kernel_size": 2,
       "activation": "Hardswish", "layer1x1": {"active": false}, "head_size": 2, "head_bias": false},
      {"input_size": 3, "condition_size": 2, "channels": 1, "bottleneck": 2, "dilations": [1, 4], "kernel_size": 2,
       "activation": "LeakyReLU", "layer1x1": {"active": false}, "head_size": 2, "head_bias": false}],
    "head": null,
    "head_scale": 1})");
  expect_plain(config, 2);
}

// --- other architectures ------------------------------------------------------------------------------------------

Document model_of(const char* architecture, std::string_view config, std::size_t weights) {
  return plain::nam("0.5.4", architecture, Document(config), weights);
}

TEST(NamConvNet, normalised_and_in_groups) {
  const std::size_t count = (2 * 2 * 2 + 4 * 4 + 1) + (2 * 4 * 2 + 4 * 4 + 1) + 4 + 1;
  std::vector<double> w = plain::weights(count);
  for (std::size_t first : {8u, 41u})  // variances and epsilons are positive
    for (std::size_t c = 0; c < 4; ++c) w[first + 4 + c] = 0.5 + double(c) / 4;
  w[24] = 0.25;
  w[57] = 0.125;
  const Document document = model_of("ConvNet", R"({"channels": 4, "dilations": [1, 5], "batchnorm": true,
                                                    "activation": "ReLU", "groups": 2, "in_channels": 2})",
                                     count)
                                .with("/weights", w);

  const plain::Signal x = plain::noise(60, 2);
  plain::Signal y = x;
  std::size_t at = 0;
  for (std::size_t dilation : {1u, 5u}) {
    const plain::Conv conv{at == 0 ? 2u : 4u, 4, 2, dilation, 2, false, at};
    y = conv.run(y);
    at += conv.count();
    for (auto& frame : y)
      for (std::size_t c = 0; c < 4; ++c) {
        const double normal = (frame[c] - w[at + c]) / std::sqrt(w[at + 4 + c] + w[at + 16]);
        frame[c] = std::max(0.0, normal * w[at + 8 + c] + w[at + 12 + c]);
      }
    at += 17;
  }
  expect_output(document, x, plain::Conv{4, 1, 1, 1, 1, true, at}.run(y));
}

TEST(NamLstm, stacked) {
  const std::size_t first = 12 * (2 + 3) + 12 + 6, second = 12 * (3 + 3) + 12 + 6, head = 2 * 3 + 2;
  const std::size_t count = first + second + head;
  Document document =
      model_of("LSTM", R"({"num_layers": 2, "input_size": 2, "hidden_size": 3, "out_channels": 2})", count);
  EXPECT_EQ(document.read().info.prewarm, 1u);
  document = document.with("/sample_rate", "44100");
  const io::ModelFile file = document.read();
  EXPECT_EQ(file.info.prewarm, 22050u);
  const io::TensorRecord& cell = file.chain.layers[1].tensors.at("initial_cell");
  EXPECT_EQ(cell.values, (std::vector<double>{plain::weight(165), plain::weight(166), plain::weight(167)}));
  std::vector<double> w = plain::weights(count);
  for (std::size_t end : {first, first + second})
    for (std::size_t i = 1; i <= 6; ++i) w[end - i] = 0;
  document = document.with("/weights", w);
  EXPECT_FALSE(document.read().chain.layers[1].tensors.contains("initial_cell"));

  const auto sigmoid = [](double z) { return 1 / (1 + std::exp(-z)); };
  const plain::Signal x = plain::noise(60, 2);
  plain::Signal y = x;
  for (std::size_t at : {std::size_t{0}, first}) {
    const std::size_t in = y[0].size(), width = in + 3;
    std::vector<double> h(3), c(3);
    for (auto& frame : y) {
      std::vector<double> seen = frame, z(12);
      seen.insert(seen.end(), h.begin(), h.end());
      for (std::size_t row = 0; row < 12; ++row) {
        z[row] = w[at + 12 * width + row];
        for (std::size_t i = 0; i < width; ++i) z[row] += w[at + row * width + i] * seen[i];
      }
      for (std::size_t u = 0; u < 3; ++u) {
        c[u] = sigmoid(z[3 + u]) * c[u] + sigmoid(z[u]) * std::tanh(z[6 + u]);
        h[u] = sigmoid(z[9 + u]) * std::tanh(c[u]);
      }
      frame = h;
    }
  }
  expect_output(document, x, plain::Conv{3, 2, 1, 1, 1, true, first + second}.run(y));
}

// --- what is refused ----------------------------------------------------------------------------------------------

Document small_wavenet() {
  const Document config(R"({
    "layers": [
      {"input_size": 1, "condition_size": 1, "channels": 2, "kernel_size": 2, "dilations": [1, 2],
       "activation": "Tanh", "head_size": 2, "head_bias": false},
      {"input_size": 2, "condition_size": 1, "channels": 2, "kernel_size": 2, "dilations": [1, 2],
       "activation": "Tanh", "head_size": 2, "head_bias": false}],
    "head": null,
    "head_scale": 1})");
  return plain::WaveNet(config).document(plain::noise(2, 1));
}

TEST(NamWaveNet, activations_as_nam_core_reads_them) {
  const auto activation = [](const char* text) {
    const io::ModelFile file = small_wavenet().with("/config/layers/0/activation", text).read();
    return file.chain.layers[0].chains.at("layers")[0].layers[2].chains.at("path")[0].layers.back();
  };
  EXPECT_EQ(std::get<std::string>(activation(R"("LeakyHardTanh")").type.value), "leaky_hardtanh");
  // One slope counts if there are both.
  const char* both = R"({"type": "PReLU", "negative_slopes": [0.5, 0.75], "negative_slope": 0.25})";
  EXPECT_EQ(activation(both).tensors.at("alpha").values, std::vector<double>{0.25});
}

TEST(NamErrors, name_the_place) {
  const Document document = small_wavenet();
  expect_read(document);
  const auto in_array = [&](const char* place, const char* key, const char* value) {
    expect_refused(document.with(std::string("/config/layers/0/") + key, value),
                   std::string("config.layers[0]") + place);
  };
  const char* film = R"({"active": true, "shift": true, "groups": 1})";
  in_array(".dilations[1]", "dilations", "[1, 65537]");
  in_array(".dilations", "dilations", "[]");
  in_array(".activation", "activation", R"("Cubic")");
  in_array(".activation.type", "activation", R"({"type": "Snake"})");
  in_array(".activation", "activation", R"({"type": "PReLU"})");
  in_array(".activation.negative_slopes", "activation", R"({"type": "PReLU", "negative_slopes": [1, 2, 3]})");
  in_array(".activation.negative_slope", "activation", R"({"type": "LeakyReLU", "negative_slope": 1e39})");
  in_array(".activation", "activation", R"(["Tanh"])");
  in_array(".gating_mode", "gating_mode", R"("open")");
  in_array("", "kernel_sizes", "[2, 2]");
  in_array(".groups_input", "groups_input", "3");
  in_array(".conv_pre_film.groups", "conv_pre_film", R"({"active": true, "groups": 2})");
  in_array(".head1x1_post_film", "head1x1_post_film", film);
  in_array(".head_size", "head", R"({"out_channels": 2, "kernel_size": 1, "bias": false})");
  in_array(".condition_size", "condition_size", "2");
  in_array(".input_size", "input_size", "2");
  in_array(".head_size", "head_size", "1");
  in_array(".channels", "channels", "65537");
  const auto refused = [&](const char* place, const char* at, const char* value) {
    expect_refused(document.with(at, value), place);
  };
  refused("weights", "/config/layers/1/head_size", "65536");
  refused("config.layers", "/config/layers", "[]");
  refused("weights[3]", "/weights/3", "1e39");
  refused("weights[4]", "/weights/4", "null");
  refused("version", "/version", R"("0.4.9")");
  refused("version", "/version", R"("0.8.0")");
  refused("sample_rate", "/sample_rate", "0");
  refused("metadata", "/metadata", R"("loud")");
  expect_refused(document.with("/config/condition_dsp", document.with("/weights/-", "0")),
                 "config.condition_dsp.weights");
}

TEST(NamErrors, sizes_are_compared_with_the_weights_before_memory_is_asked_for) {
  const char* lstm = R"({"num_layers": 256, "input_size": 65536, "hidden_size": 65536})";
  EXPECT_THROW(model_of("LSTM", lstm, 3).read(), load_error);
  EXPECT_THROW(model_of("Linear", R"({"receptive_field": 16777216, "bias": true})", 3).read(), load_error);
  // Two weights for each channel, and 16 GB of memory.
  const char* far = R"({"channels": 65536, "in_channels": 65536, "groups": 65536, "dilations": [65536],
                        "batchnorm": false, "activation": "Tanh"})";
  expect_refused(model_of("ConvNet", far, 3), "config.dilations[0]");
}

// --- a WaveNet in several sizes -----------------------------------------------------------------------------------

TEST(NamSlimmable, each_size_is_that_of_nam_core) {
  const Document golden = Document::of_file(test_file("unit/nam/slimmable.golden.json"));
  const Document document = Document::of_file(test_file("unit/nam/slimmable.nam"));
  io::Check check = input_of(golden);
  check.tolerance = 1e-6;
  const auto expect_size = [&](const std::string& name, const io::ReadOptions& options) {
    io::ModelFile file = document.read(options);
    EXPECT_LE(file.info.prewarm, check.skip);
    check.output = signal(golden.numbers("/outputs/" + name));
    file.check = check;
    EXPECT_NO_THROW(Model<float>::of(file)) << name;
  };
  expect_size("1", {});
  expect_size("1", {.size = 1});
  expect_size("0", {.size = 0});
  expect_size("0.34", {.size = 0.34});
  expect_size("0.7", {.size = 0.7});
}

TEST(NamSlimmable, sizes_beyond_the_ends_are_these) {
  const Document document = Document::of_file(test_file("unit/nam/slimmable.nam"));
  const auto width = [&](double size) {
    const io::ModelFile file = document.read({.size = size});
    const auto& layers = file.chain.layers[0].chains.at("layers")[0].layers;
    return std::get<std::size_t>(layers[0].values.at("out").value);
  };
  EXPECT_EQ(width(-1), 2u);
  EXPECT_EQ(width(std::nan("")), 2u);
  EXPECT_EQ(width(7), 6u);
}

TEST(NamSlimmable, refuses) {
  const Document document = Document::of_file(test_file("unit/nam/slimmable.nam"));
  const auto refused = [&](const std::string& place, const std::string& at, const char* value) {
    expect_refused(document.with("/config/layers/0" + at, value), "config.layers[0]" + place, {.size = 0.5});
  };
  const std::string kwargs = "/slimmable/kwargs", allowed = ".slimmable.kwargs.allowed_channels";
  refused(".slimmable.method", "/slimmable/method", R"("other")");
  refused(allowed, kwargs + "/allowed_channels", "[2, 3]");
  refused(allowed, kwargs + "/allowed_channels", "[]");
  refused(allowed + "[1]", kwargs + "/allowed_channels", "[3, 2, 6]");
  refused(allowed + "[0]", kwargs + "/allowed_channels", "[0, 6]");
  refused(allowed, kwargs + "/allowed_channels", R"("all")");
  refused(".slimmable.kwargs", kwargs, "3");
  refused(".groups_input", "/groups_input", "2");
  refused(".bottleneck", "/layer1x1/active", "false");
}

// Short ones are computed directly, long ones by FFTs.
TEST(NamLinear, is_its_impulse_response) {
  for (const std::size_t taps : {1u, 60u, 700u, 3500u}) {
    SCOPED_TRACE(taps);
    const std::string config = R"({"receptive_field": )" + std::to_string(taps) + R"(, "bias": true})";
    const plain::Signal x = plain::noise(taps + 1300, 1);
    plain::Signal y = x;
    for (std::size_t t = 0; t < x.size(); ++t) {
      y[t][0] = plain::weight(taps);
      for (std::size_t k = 0; k < taps && k <= t; ++k) y[t][0] += plain::weight(k) * x[t - k][0];
    }
    expect_output(model_of("Linear", config, taps + 1), x, y);
  }
}

TEST(NamLinear, has_the_same_bits_in_frames_and_in_buffers) {
  Model<float> frames = Model<float>::of(model_of("Linear", R"({"receptive_field": 700, "bias": true})", 701).read());
  Model<float> buffer = frames;
  std::vector<float> in, out;
  for (const auto& frame : plain::noise(2000, 1)) in.push_back(static_cast<float>(frame[0]));
  out.resize(in.size());
  const float* const from = in.data();
  float* const to = out.data();
  buffer.process(&from, &to, in.size());
  for (std::size_t t = 0; t < in.size(); ++t) ASSERT_EQ(frames.forward(in[t]), out[t]) << t;
}

TEST(NamContainer, the_size_chooses) {
  Document container(R"({"version": "0.7.0", "architecture": "SlimmableContainer", "weights": [],
                         "config": {"submodels": []}, "metadata": {"name": "of the container"}})");
  for (std::size_t taps : {1u, 2u, 3u}) {
    const std::string n = std::to_string(taps);
    const Document inside =
        model_of("Linear", R"({"receptive_field": )" + n + R"(, "bias": false})", taps).with("/sample_rate", n + "000");
    container = container.with("/config/submodels/-",
                               Document("{}").with("/max_value", 0.4 * double(taps)).with("/model", inside));
  }
  const auto taps = [&](const io::ReadOptions& options) {
    return std::get<std::size_t>(container.read(options).chain.layers[0].values.at("kernel_size").value);
  };
  EXPECT_EQ(taps({}), 3u);
  EXPECT_EQ(taps({.size = 0}), 1u);
  EXPECT_EQ(taps({.size = 0.39}), 1u);
  EXPECT_EQ(taps({.size = 0.4}), 2u);
  EXPECT_EQ(taps({.size = 1}), 3u);
  EXPECT_EQ(container.read().info.sample_rate, 3000);
  EXPECT_EQ(Document(container.read().info.metadata).text("/name"), "of the container");

  const std::string submodels = "/config/submodels";
  expect_refused(container.with(submodels + "/1/max_value", "0.4"), "config.submodels[1].max_value");
  expect_refused(container.with(submodels + "/2/max_value", "0.9"), "config.submodels[2].max_value");
  expect_refused(container.with(submodels + "/0/model/weights/-", "1"), "config.submodels[0].model.weights");
}

}  // namespace
