// Formats other than inlay's own: which one a document is in, what becomes of it, what is refused, and writing it down.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <inlay/io/write_model.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/document.hpp"
#include "support/golden.hpp"
#include "support/paths.hpp"
#include "support/plain_nam.hpp"
#include "support/plain_proteus.hpp"

using namespace inlay;

namespace {

std::filesystem::path fixtures() {
  if (const char* folder = std::getenv("INLAY_FIXTURES")) return folder;
  return inlay_test::fixtures();
}

io::Check check_of(const std::vector<double>& input, const std::vector<double>& output, double tolerance) {
  const auto signal = [](const std::vector<double>& values) {
    return io::TensorRecord{.place = {}, .shape = {values.size(), 1}, .values = values, .row_places = {}};
  };
  io::Check check;
  check.input = signal(input);
  check.output = signal(output);
  check.tolerance = tolerance;
  return check;
}

/// A model of this type, filled from a file.
using Fill = void (*)(const io::ModelFile&);
template <class Model>
void fill(const io::ModelFile& file) {
  io::fill_model(*std::make_unique<Model>(), file);
}

void expect_output(Fill filled, io::ModelFile file, const io::Check& check) {
  file.check = check;
  EXPECT_NO_THROW(filled(file));
}

class FormatFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(fixtures() / "malformed")) GTEST_SKIP() << "no reference files in " << fixtures();
  }
};

using B = LoopBackend<double>;

void expect_proteus(Fill filled, std::size_t knobs, const char* type, std::size_t gates) {
  const Document document = plain::proteus(type, gates, knobs);
  const plain::Signal x = plain::noise(100, 1 + knobs);
  io::Check check;
  check.tolerance = 1e-12;
  check.input.shape = check.output.shape = {100, 1};
  if (knobs > 0) check.condition.shape = {100, knobs};
  for (const auto& frame : x) {
    check.input.values.push_back(frame[0]);
    check.condition.values.insert(check.condition.values.end(), frame.begin() + 1, frame.end());
  }
  for (const auto& frame : plain::run_proteus(document, x)) check.output.values.push_back(frame[0]);
  expect_output(filled, document.read(), check);
}
template <class Model>
void expect_proteus(const char* type, std::size_t gates) {
  expect_proteus(fill<Model>, Model::condition_size, type, gates);
}

}  // namespace

// --- Proteus ------------------------------------------------------------------------------------------------------

TEST(ProteusFormat, lstm) { expect_proteus<ModelT<Residual<LSTM<1, 3, B>, LSTM<3, 3, B>, Dense<3, 1, B>>>>("LSTM", 4); }
TEST(ProteusFormat, gru_with_knobs) {
  expect_proteus<ModelT<Residual<AppendCondition<1, 2, B>, GRU<3, 3, B>, GRU<3, 3, B>, Dense<3, 1, B>>>>("GRU", 3);
}
TEST(ProteusFormat, rnn_with_a_knob) {
  using TanhRNN = RNN<2, 3, B>;
  expect_proteus<ModelT<Residual<AppendCondition<1, 1, B>, TanhRNN, RNN<3, 3, B>, Dense<3, 1, B>>>>("RNN", 1);
}

TEST(ProteusFormat, without_skip_and_biases) {
  Document document = plain::proteus("LSTM", 4, 0).with("/model_data/skip", "0").with("/model_data/bias_fl", "false");
  for (const char* key : {"rec.bias_ih_l0", "rec.bias_hh_l0", "rec.bias_ih_l1", "rec.bias_hh_l1"})
    document = document.without(std::string("/state_dict/") + key);
  const io::ModelFile file = document.read();
  ASSERT_EQ(file.chain.layers.size(), 3u);
  EXPECT_EQ(file.chain.layers[1].tensors.at("bias").values, std::vector<double>(12));
  EXPECT_EQ(file.chain.layers[2].tensors.at("bias").values, std::vector<double>{plain::weight(2100)});
  EXPECT_FALSE(document.without("/state_dict/lin.bias").read().chain.layers[2].tensors.contains("bias"));
}

// In Proteus's training code, bias_fl is about the linear layer alone: the recurrent ones always have their biases.
TEST(ProteusFormat, biases_of_the_recurrent_layers_whatever_bias_fl_says) {
  const Document with_all = plain::proteus("GRU", 3, 0);
  const Document document = with_all.with("/model_data/bias_fl", "false").without("/state_dict/lin.bias");
  const auto layers = [](const Document& d) {
    return d.read().chain.layers[0].chains.at("layers")[0].layers;  // within the residual
  };
  ASSERT_NO_THROW(layers(document));
  for (std::size_t i : {0u, 1u})
    EXPECT_EQ(layers(document)[i].tensors.at("bias").values, layers(with_all)[i].tensors.at("bias").values);
  EXPECT_FALSE(layers(document)[2].tensors.contains("bias"));
  expect_refused(document.without("/state_dict/rec.bias_ih_l1"), "state_dict");
  expect_refused(document.without("/state_dict/rec.bias_hh_l0"), "state_dict");
}

TEST(ProteusFormat, refuses_a_linear_layer_without_the_bias_that_it_promises) {
  const Document document = plain::proteus("LSTM", 4, 0), without = document.without("/state_dict/lin.bias");
  expect_refused(without, "state_dict");
  // It is true where the file does not say.
  expect_refused(without.without("/model_data/bias_fl"), "state_dict");
  expect_refused(document.with("/model_data/bias_fl", R"("true")"), "model_data.bias_fl");
}

TEST(ProteusFormat, model_data_and_state_dict_say_the_same) {
  const Document document = plain::proteus("LSTM", 4, 1);
  const auto refused = [&](const std::string& place, const char* key, const std::string& value) {
    SCOPED_TRACE(key + value);
    expect_refused(document.with(std::string("/model_data/") + key, value), place);
  };
  for (const char* size : {"1", "2", "4", "6", "12", "65536"})
    refused("state_dict.rec.weight_ih_l0", "hidden_size", size);
  for (const char* size : {"1", "3", "65536"}) refused("state_dict.rec.weight_ih_l0[0]", "input_size", size);
  for (const char* size : {"2", "3", "65536"}) refused("state_dict.lin.weight", "output_size", size);
  refused("state_dict.rec.bias_hh_l1", "num_layers", "1");
  for (const char* depth : {"3", "65536"}) refused("state_dict", "num_layers", depth);
  for (const char* type : {R"("GRU")", R"("RNN")"}) refused("state_dict.rec.weight_ih_l0", "unit_type", type);
  for (const char* key : {"hidden_size", "input_size", "output_size", "num_layers"})
    for (const char* value : {"0", "-1", "65537", "1.5", R"("1")", "null", "true"})
      refused(std::string("model_data.") + key, key, value);
  for (const char* value : {"2", "-1", R"("1")", "null", "0.5"}) refused("model_data.skip", "skip", value);
  for (const char* value : {R"("lstm")", R"("")", "4", "null"}) refused("model_data.unit_type", "unit_type", value);
  for (const char* key : {"hidden_size", "input_size", "output_size", "num_layers", "unit_type", "skip"})
    expect_refused(document.without(std::string("/model_data/") + key), "model_data");
  // A row of 12 gates would also do for 12 units without gates, but not their states.
  expect_refused(document.with("/model_data/unit_type", R"("RNN")").with("/model_data/hidden_size", "12"),
                 "state_dict.rec.weight_hh_l0[0]");
  // Two channels go out, and one comes in.
  expect_refused(document.with("/model_data/output_size", "2")
                     .with("/state_dict/lin.weight/-", document["/state_dict/lin.weight/0"])
                     .with("/state_dict/lin.bias/-", "0"),
                 "model_data.skip");
  // Tensors of other networks: one that also runs backwards, one with projections.
  for (const std::string key : {"rec.weight_ih_l0_reverse", "rec.weight_hr_l0", "conv.weight"})
    expect_refused(document.with("/state_dict/" + key, "[[1.0]]"), "state_dict." + key);
}

TEST(ProteusFormat, refuses_what_does_not_fit) {
  const Document document = plain::proteus("LSTM", 4, 0);
  const auto refused = [&](const char* place, const char* at, const char* value) {
    expect_refused(document.with(at, value), place);
  };
  expect_refused(document.without("/model_data/hidden_size"), "model_data");
  refused("model_data.hidden_size", "/model_data/hidden_size", "0");
  refused("model_data.unit_type", "/model_data/unit_type", R"("Transformer")");
  refused("model_data.model", "/model_data/model", R"("GatedConvNet")");
  refused("model_data.skip", "/model_data/skip", "2");
  refused("state_dict.rec.weight_ih_l0", "/model_data/hidden_size", "65536");
  refused("state_dict.rec.weight_ih_l0", "/model_data/unit_type", R"("GRU")");
  expect_refused(document.without("/state_dict/rec.weight_hh_l1/2/0"), "state_dict.rec.weight_hh_l1[2]");
  refused("state_dict.rec.weight_hh_l1[2][1]", "/state_dict/rec.weight_hh_l1/2/1", R"("1")");
  refused("state_dict.rec.bias_ih_l0[5]", "/state_dict/rec.bias_ih_l0/5", "1e39");
  expect_refused(document.without("/state_dict/rec.bias_hh_l1"), "state_dict");
  refused("state_dict", "/model_data/num_layers", "3");
  refused("state_dict.rec.bias_hh_l1", "/model_data/num_layers", "1");
  expect_refused(document.without("/state_dict"), "root");
}

TEST_F(FormatFiles, proteus_lstm40) {
  const auto folder = fixtures() / "rtneural_dialects";
  const Document golden = Document::of_file(folder / "proteus_lstm40.golden.json");
  expect_output(fill<ModelT<Residual<LSTM<1, 40>, Dense<40, 1>>>>,
                Document::of_file(folder / "proteus_lstm40.json").read(),
                check_of(golden.numbers("/input"), golden.numbers("/output"), 1e-5));
}

// --- AIDA-X -------------------------------------------------------------------------------------------------------

TEST_F(FormatFiles, aida_x) {
  using Model = ModelT<Scale<1>, Residual<LSTM<1, 12>, Dense<12, 1>>, Scale<1>>;
  const auto folder = fixtures() / "rtneural_dialects";
  const auto path = folder / "aida_x_lstm12.json";
  const Document golden = Document::of_file(folder / "aida_x_lstm12.golden.json");
  const io::ModelFile file = Document::of_file(path).read();
  EXPECT_EQ(file.info.sample_rate, 48000);
  EXPECT_EQ(Document(file.info.metadata).text("/name"), "aida_x_lstm12");
  EXPECT_NO_THROW(std::make_unique<Model>()->load(path));  // the file's own test signal
  expect_output(fill<Model>, file, check_of(golden.numbers("/input"), golden.numbers("/output"), 1e-5));
}

TEST_F(FormatFiles, aida_x_without_its_keys_is_the_network_alone) {
  const auto folder = fixtures() / "rtneural_dialects";
  const Document document = Document::of_file(folder / "aida_x_lstm12.json").without("/in_gain").without("/out_gain");
  const Document golden = Document::of_file(folder / "aida_x_lstm12.golden.json");
  expect_output(fill<ModelT<Residual<LSTM<1, 12>, Dense<12, 1>>>>, document.read(),
                check_of(golden.numbers("/input"), golden.numbers("/output_unity_gain"), 1e-5));
  EXPECT_EQ(document.with("/in_skip", "0").read().chain.layers.size(), 2u);
  const Document no_skip = document.without("/in_skip");
  EXPECT_EQ(no_skip.with("/samplerate", "44100").read().info.sample_rate, 44100);
  // Nothing goes in, and the test signal proves nothing.
  const Document no_keys = no_skip.without("/samplerate");
  const io::ModelFile muted = no_keys.with("/in_gain", "-90").read();
  EXPECT_EQ(muted.info.sample_rate, 48000);  // that of the metadata
  EXPECT_EQ(std::get<double>(muted.chain.layers[0].values.at("scale").value), 0);
  EXPECT_FALSE(muted.check);

  const auto refused = [&](const char* gain, const std::string& key, const char* value) {
    expect_refused(no_keys.with("/in_gain", gain).with("/" + key, value), key);
  };
  refused("-90", "in_skip", "2");
  refused("-90", "in_skip", R"("1")");
  refused("-90", "in_gain", R"("0")");
  refused("-90", "out_gain", "1e9");
  refused("-90", "samplerate", R"("fast")");
  refused("-90", "samplerate", R"("-1")");
  refused("-90", "samplerate", "0");
  refused("-90", "metadata", R"("none")");
  refused("0", "output_batch", "[1, 2, 3]");
  refused("0", "input_batch", "[]");
}

// --- RTNeural -----------------------------------------------------------------------------------------------------

// RTNeural's own conv1d has none, and a file that says otherwise is of another network.
TEST(RtneuralFormat, a_conv1d_has_no_stride) {
  const Document document(R"({"in_shape": [null, null, 1], "layers": [
      {"type": "conv1d", "shape": [null, null, 1], "kernel_size": [2], "dilation": [1],
       "weights": [[[[1.0]], [[2.0]]], [0.0]]}]})");
  for (const std::string key : {"strides", "stride"}) {
    const std::string at = "/layers/0/" + key, place = "layers[0]." + key;
    for (const char* one : {"1", "[1]"}) expect_read(document.with(at, one));
    expect_refused(document.with(at, "2"), place);
    expect_refused(document.with(at, "[3]"), place + "[0]");
    expect_refused(document.with(at, R"("2")"), place);
  }
}

// --- which format -------------------------------------------------------------------------------------------------

TEST(Formats, the_content_decides) {
  const auto name = [](const char* text) { return Document(text).format(); };
  EXPECT_EQ(name(R"({"format": "inlay"})"), "inlay");
  EXPECT_EQ(name(R"({"architecture": "LSTM", "config": null})"), "Neural Amp Modeler");
  EXPECT_EQ(name(R"({"state_dict": null})"), "Proteus");
  EXPECT_EQ(name(R"({"layers": null, "in_gain": 0})"), "AIDA-X");
  EXPECT_EQ(name(R"({"layers": null})"), "RTNeural");
  try {
    name(R"({"lstm.weight_ih_l0": null})");
    FAIL();
  } catch (const load_error& error) {
    EXPECT_STREQ(error.what(),
                 "root: expected a model file of one of these formats: inlay, Neural Amp Modeler, Proteus, AIDA-X, "
                 "RTNeural, found an object with none of their keys");
  }
  EXPECT_THROW(name("[1, 2]"), load_error);
}

TEST_F(FormatFiles, those_of_keras_are_named) {
  std::size_t count = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(fixtures() / "keras")) {
    const auto ending = file.path().extension();
    if (ending != ".keras" && ending != ".h5") continue;
    ++count;
    try {
      Document::of_file(file);
      ADD_FAILURE() << file.path() << " was read";
    } catch (const load_error& error) {
      EXPECT_EQ(error.found(), ending == ".h5" ? "a Keras file (HDF5)" : "a Keras file (.keras)") << file.path();
    }
  }
  EXPECT_GT(count, 0u);
}

// The places are those of the README beside the files; those of RTNeural's format are in rtneural_test.cpp.
TEST_F(FormatFiles, malformed_files_are_refused_with_their_place) {
  const struct {
    const char *name, *place;
  } files[] = {
      {"nam_too_few_weights", "weights"},
      {"nam_too_many_weights", "weights"},
      {"nam_lstm_too_few_weights", "weights"},
      {"nam_missing_hidden_size", "config"},
      {"nam_missing_dilations", "config.layers[0]"},
      {"nam_unknown_architecture", "architecture"},
      {"nam_version_is_number", "version"},
      {"nam_channels_huge", "config.layers[0].channels"},
      {"nam_dilation_zero", "config.layers[0].dilations[1]"},
      {"nam_container_empty", "config.submodels"},
  };
  for (const auto& [name, place] : files) {
    try {
      Document::of_file(fixtures() / "malformed" / (std::string(name) + ".nam")).read();
      ADD_FAILURE() << name << " was read";
    } catch (const load_error& error) {
      EXPECT_EQ(error.place(), place) << error.what();
    }
  }
  for (const char* valid : {"valid_wavenet.nam", "valid_lstm.nam", "valid_container.nam", "valid_proteus.json"})
    EXPECT_NO_THROW(Document::of_file(fixtures() / "malformed" / valid).read()) << valid;
}

// --- numbers of which no model can be made ------------------------------------------------------------------------

TEST(UsableNumbers, a_variance_with_epsilon_is_above_0_in_rtneurals_format) {
  const auto batchnorm = [](const std::string& type, const std::string& weights) {
    return Document(R"({"in_shape": [null, null, 4], "layers": [
      {"type": "activation", "activation": "tanh", "shape": [null, null, 4]},
      {"type": ")" + type +
                    R"(", "shape": [null, null, 4], "weights": )" + weights + R"(, "epsilon": 1e-5,
       "num_filters_in": 2, "num_features_in": 2}]})");
  };
  const Document complete = batchnorm("batchnorm", "[[1, 1, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0], [1, 2, 3, 0]]");
  EXPECT_EQ(refusal(complete), "was read");
  EXPECT_EQ(refusal(complete.with("/layers/1/weights/3/2", "-1")),
            "layers[1].weights[3][2]: expected a variance that with epsilon 1e-05 is above 0, found -1");
  // Without gamma and beta.
  EXPECT_EQ(refusal(batchnorm("batchnorm", "[[0, 0, 0, 0], [1, 2, -1e-5, 1]]")),
            "layers[1].weights[1][2]: expected a variance that with epsilon 1e-05 is above 0, found -1e-05");
  const Document flat = batchnorm("batchnorm2d", "[[0, 0], [1, -0.5]]");
  EXPECT_EQ(refusal(flat),
            "layers[1].weights[1][1]: expected a variance that with epsilon 1e-05 is above 0, found -0.5");
  EXPECT_EQ(refusal(flat.with("/layers/1/epsilon", "-1")),
            "layers[1].weights[1][0]: expected a variance that with epsilon -1 is above 0, found 1");
  // 0 in the float that a model holds.
  EXPECT_EQ(refusal(flat.with("/layers/1/epsilon", "0").with("/layers/1/weights/1/0", "1e-60")),
            "layers[1].weights[1][0]: expected a variance that with epsilon 0 is above 0, found 1e-60");
}

TEST(UsableNumbers, a_variance_with_epsilon_is_above_0_in_inlays_format) {
  const Document good = Document::of_file(test_file("golden/torch/batchnorm1d_6.f32.json"));
  const Document bad = good.with("/layers/0/variance/data/4", "-2");
  EXPECT_EQ(refusal(bad),
            "layers[0].variance.data[4]: expected a variance that with epsilon 1e-05 is above 0, found -2");
  // Within layers within layers.
  const Document around(R"([{"type": "parallel", "branches": [0, [{"type": "residual", "layers": 0}]]}])");
  const Document layers = around.with("/0/branches/0", good["/layers"]).with("/0/branches/1/0/layers", bad["/layers"]);
  EXPECT_EQ(
      refusal(bad.with("/layers", layers)),
      "layers[0].branches[1][0].layers[0].variance.data[4]: expected a variance that with epsilon 1e-05 is above 0, "
      "found -2");
}

namespace {

/// A .nam file whose weights are all the same.
Document constant_nam(const char* architecture, const char* config, std::size_t weights) {
  return plain::nam("0.5.4", architecture, Document(config), 0).with("/weights", std::vector<double>(weights, 0.5));
}

Document tiny_wavenet() {
  return Document(R"({"layers": [
      {"input_size": 1, "condition_size": 1, "channels": 2, "kernel_size": 2, "dilations": [1], "activation": "Tanh",
       "head_size": 1, "head_bias": true}]})");
}

}  // namespace

TEST(UsableNumbers, a_variance_with_epsilon_is_above_0_in_nams_format) {
  const Document document = constant_nam(
      "ConvNet", R"({"channels": 2, "dilations": [1, 2], "batchnorm": true, "activation": "Tanh"})", 4 + 9 + 8 + 9 + 3);
  EXPECT_EQ(refusal(document), "was read");
  const Document bad = document.with("/weights/24", "-1");  // of the second convolution's channel 1
  EXPECT_EQ(refusal(bad), "weights[24]: expected a variance that with epsilon 0.5 is above 0, found -1");
  // Shown to a WaveNet as its condition.
  EXPECT_EQ(refusal(plain::WaveNet(tiny_wavenet()).document(plain::noise(2, 1)).with("/config/condition_dsp", bad)),
            "config.condition_dsp.weights[24]: expected a variance that with epsilon 0.5 is above 0, found -1");
}

namespace {

Document rtneural_document() {
  return plain::with_weights(R"({"in_shape": [null, null, 1], "layers": [
      {"type": "dense", "shape": [null, null, 2], "weights": [#1x2, #2], "activation": "elu"},
      {"type": "conv1d", "shape": [null, null, 4], "weights": [[#1x4, #1x4], #4],
       "kernel_size": [2], "dilation": [3], "groups": 2},
      {"type": "prelu", "shape": [null, null, 4], "weights": [[#4]]},
      {"type": "batchnorm", "shape": [null, null, 4], "weights": [#4, #4, #4, [1, 2, 3, 4]], "epsilon": 0.001},
      {"type": "conv2d", "shape": [null, null, 1, 2], "weights": [[[#2x2, #2x2]], #2],
       "num_filters_in": 2, "num_features_in": 2, "num_filters_out": 2, "kernel_size_time": 1,
       "kernel_size_feature": 2, "dilation": 1, "strides": 1, "padding": "valid"},
      {"type": "lstm", "shape": [null, null, 2], "weights": [#2x8, #2x8, #8]},
      {"type": "gru", "shape": [null, null, 1], "weights": [#2x3, #1x3, #2x3]}]})");
}

Document aidax_document() {
  return Document(R"({"in_shape": [null, null, 1],
      "layers": [{"type": "dense", "shape": [null, null, 1], "weights": [[[0.5]], [0.25]]}],
      "in_gain": -6.5, "out_gain": 3, "in_skip": 1, "samplerate": 48000,
      "input_batch": [0.0, 1.0], "output_batch": [0.25, 1.75]})");
}

Document inlay_document() {
  const Document signal = Document(R"({"shape": [2, 6]})").with("/data", std::vector<double>(12, 0.5));
  return Document::of_file(test_file("golden/torch/batchnorm1d_6.f32.json"))
      .with("/sample_rate", "48000")
      .with("/prewarm", "5")
      .with("/check/input", signal)
      .with("/check/output", signal)
      .with("/layers/-", R"({"type": "leaky_hardtanh", "size": 6, "min": -2, "max": 1.5, "min_slope": 0.25,
                             "max_slope": 0.125})")
      .with("/layers/-", R"({"type": "residual", "layers": [{"type": "elu", "size": 6, "alpha": 0.5}]})");
}

std::vector<Document> nam_documents() {
  const auto of = [](const char* architecture, const char* config, std::size_t weights) {
    return constant_nam(architecture, config, weights).with("/sample_rate", "48000");
  };
  const Document wavenet(R"({"layers": [
      {"input_size": 1, "condition_size": 1, "channels": 2, "kernel_size": 2, "dilations": [1], "gating_mode": "blended",
       "activation": {"type": "LeakyHardtanh", "min_val": -0.5, "max_val": 0.5, "min_slope": 0.1, "max_slope": 0.2},
       "secondary_activation": {"type": "PReLU", "negative_slopes": [0.1, 0.2]}, "head_size": 1, "head_bias": true}]})");
  return {of("Linear", R"({"receptive_field": 3, "bias": true})", 4),
          of("LSTM", R"({"num_layers": 1, "input_size": 1, "hidden_size": 2})", 4 * 2 * 3 + 8 + 4 + 3),
          of("ConvNet", R"({"channels": 2, "dilations": [1, 2], "batchnorm": true, "activation": "Tanh"})",
             4 + 9 + 8 + 9 + 3),
          plain::WaveNet(wavenet).document(plain::noise(2, 1))};
}

/// "/layers/0/weights/1" as the errors write it.
std::string place_of(const std::string& pointer) {
  std::string place;
  for (std::size_t at = 0; at < pointer.size();) {
    const std::size_t end = std::min(pointer.find('/', at + 1), pointer.size());
    const std::string key = pointer.substr(at + 1, end - at - 1);
    if (std::isdigit(static_cast<unsigned char>(key[0]))) place += "[" + key + "]";
    else place += (place.empty() ? "" : ".") + key;
    at = end;
  }
  return place;
}

/// Puts `value` where each of a document's numbers stands that `chosen` says yes to.
template <class Value>
void expect_each_refused(const Document& document, const Value& value, bool (*chosen)(const std::string& pointer)) {
  EXPECT_EQ(refusal(document), "was read");
  for (const std::string& pointer : document.places_of_numbers())
    if (chosen(pointer)) expect_refused(document.with(pointer, value), place_of(pointer));
}

bool is_weight(const std::string& pointer) {
  for (const char* name : {"/weights/", "/state_dict/", "/data/", "_batch/"})
    if (pointer.find(name) != std::string::npos) return true;
  return false;
}

}  // namespace

// JSON text has no such numbers; a document that a program makes may.
TEST(UsableNumbers, are_finite_in_every_format) {
  std::vector<Document> documents = nam_documents();
  for (const Document& document :
       {rtneural_document(), aidax_document(), inlay_document(), plain::proteus("GRU", 3, 1)})
    documents.push_back(document);
  for (const Document& document : documents)
    for (const double value : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
      const auto is_read = [](const std::string& pointer) {  // head_scale is not: the last weight counts
        return pointer.find("head_scale") == std::string::npos && pointer.find("/metadata/") == std::string::npos;
      };
      expect_each_refused(document, value, is_read);
    }
  const char* const weight = "/layers/0/weights/1/1";
  EXPECT_EQ(refusal(rtneural_document().with(weight, std::nan(""))),
            "layers[0].weights[1][1]: expected a finite number, found NaN");
  EXPECT_EQ(refusal(rtneural_document().with(weight, -HUGE_VAL)),
            "layers[0].weights[1][1]: expected a finite number, found -infinity");
}

TEST(UsableNumbers, are_floats_unless_the_file_says_that_they_are_doubles) {
  std::vector<Document> documents = nam_documents();
  for (const Document& document : {rtneural_document(), aidax_document(), inlay_document(), plain::proteus("GRU", 3, 1),
                                   plain::proteus("LSTM", 4, 0)})
    documents.push_back(document);
  for (const Document& document : documents)
    for (const double value : {1e39, -1e300}) expect_each_refused(document, value, is_weight);

  const Document large = inlay_document().with("/layers/0/mean/data/2", "1e39");
  EXPECT_EQ(refusal(large), "layers[0].mean.data[2]: expected a number in the range of a float, found 1e+39");
  EXPECT_EQ(refusal(large.with("/check/dtype", R"("float64")")), "was read");
  // Each of two that are added up is a float.
  Document document = plain::proteus("LSTM", 4, 0);
  for (const char* key : {"rec.bias_ih_l1", "rec.bias_hh_l1"})
    document = document.with(std::string("/state_dict/") + key + "/7", "-2e38");
  EXPECT_EQ(refusal(document),
            "state_dict.rec.bias_hh_l1[7]: expected a number that added to rec.bias_ih_l1 is in the range of a float, "
            "found -2e+38");
  // The test signal is given to the network behind the gain.
  EXPECT_EQ(refusal(aidax_document().with("/input_batch/1", "3e38")),
            "input_batch[1]: expected a number that the gains leave in the range of a float, found 3e+38");
}

TEST(UsableNumbers, counts_and_sizes_have_limits_in_every_format) {
  std::vector<Document> documents = nam_documents();
  for (const Document& document : {rtneural_document(), plain::proteus("GRU", 3, 1)}) documents.push_back(document);
  const auto is_count = [](const std::string& pointer) {
    for (const char* other : {"head_scale", "epsilon", "slope", "_val", "sample_rate"})
      if (pointer.find(other) != std::string::npos) return false;
    return !is_weight(pointer);
  };
  for (const Document& document : documents)
    for (const std::string value : {"0", "-1", "1.5", "1e300", "4294967297", "18446744073709551615"}) {
      SCOPED_TRACE(document.dump().substr(0, 200) + ", " + value);
      if (value == "0")
        expect_each_refused(document, value, [](const std::string& pointer) {
          return !is_weight(pointer) && pointer.find("_size") != std::string::npos;
        });
      else expect_each_refused(document, value, is_count);
    }
}

// --- writing ------------------------------------------------------------------------------------------------------

TEST(WriteModel, reads_back_as_it_was) {
  for (const char* name : {"golden/torch/lstm20_dense.f32.json", "golden/torch/lstm20_dense.f64.json",
                           "golden/torch/wavenet_gated.f32.json", "golden/torch/parallel.f32.json",
                           "golden/torch/append_condition.f32.json"}) {
    const Document document = Document::of_file(test_file(name));
    io::ModelFile file = document.read();
    file.info.prewarm = 7;
    const Document written(io::write_model(file));
    EXPECT_EQ(written.number("/prewarm"), 7);
    EXPECT_TRUE(written["/layers"] == document["/layers"]) << name;
    EXPECT_TRUE(written["/check"] == document["/check"]) << name;
    EXPECT_TRUE(io::write_model(written.read()) == io::write_model(file)) << name;
    EXPECT_EQ(written.read().info.prewarm, 7u);
  }
}

TEST(WriteModel, a_nam_file_becomes_an_inlay_file) {
  plain::WaveNet net(tiny_wavenet());
  const plain::Signal x = plain::noise(40, 1);
  const Document document = net.document(x).with("/metadata", "{\"name\": \"caf\u00e9 \\\"1\\\"\"}");
  io::ModelFile file = document.read();
  EXPECT_THROW(io::write_model(file), load_error);  // no check

  std::vector<double> input, output;
  for (const auto& frame : x) input.push_back(frame[0]);
  for (const auto& frame : net.run(x)) output.push_back(frame[0]);
  file.check = check_of(input, output, 1e-6);
  const std::string text = io::write_model(file);
  ModelT<InputAsCondition<DenseNoBias<1, 2>, Pad<2, 4>,
                          ResidualSkip<Sequential<Conv1D<2, 2, 2, 1>, Mixin<DenseNoBias<1, 2>>, Tanh<2>>, Dense<2, 2>>,
                          Slice<4, 2, 2>, Dense<2, 1>, Scale<1>>>
      model;
  const ModelInfo info = model.load_text(text);
  EXPECT_EQ(info.prewarm, 2u);
  EXPECT_TRUE(Document(info.metadata) == document["/metadata"]);

  file.check->output.values[3] = std::nan("");
  try {
    io::write_model(file);
    FAIL();
  } catch (const load_error& error) {
    EXPECT_EQ(error.expected(), "a finite number");
  }
}

TEST(WriteModel, numbers_are_as_short_as_their_dtype_allows) {
  io::ModelFile file;
  io::LayerRecord scale{.place = {}, .type = {{}, "scale"}, .values = {}, .tensors = {}};
  scale.values["size"].value = std::size_t{1};
  scale.values["scale"].value = double(0.1f);
  file.chain.layers.push_back(scale);
  file.check = check_of({0.0, 1.0}, {double(0.1f), 0.3}, 1e-6);
  const auto expect = [&](const char* text) {
    EXPECT_NE(io::write_model(file).find(text), std::string::npos) << io::write_model(file);
  };
  expect(R"("scale": 0.10000000149011612, )");
  expect(R"("data": [0.1, 0.3])");
  file.check->dtype = "float64";
  expect(R"("data": [0.10000000149011612, 0.3])");
  expect(R"("data": [0.0, 1.0])");
}
