// Formats other than inlay's own: which one a document is in, what becomes of it, what is refused, and writing it down.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <inlay/io/formats.hpp>
#include <inlay/io/parse.hpp>
#include <inlay/io/write_model.hpp>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "support/golden.hpp"
#include "support/plain_nam.hpp"
#include "support/plain_proteus.hpp"

using namespace inlay;
using nlohmann::json;

namespace {

std::filesystem::path fixtures() {
  if (const char* folder = std::getenv("INLAY_FIXTURES")) return folder;
  return INLAY_FIXTURES_DIR;
}

json parsed(const std::filesystem::path& path) { return io::parse(io::read_text(path)); }

io::Check check_of(const json& input, const json& output, double tolerance) {
  const auto signal = [](const json& values) {
    return io::TensorRecord{.place = {}, .shape = {values.size(), 1}, .values = values, .row_places = {}};
  };
  io::Check check;
  check.input = signal(input);
  check.output = signal(output);
  check.tolerance = tolerance;
  return check;
}

template <class Model>
void expect_output(io::ModelFile file, const io::Check& check) {
  file.check = check;
  EXPECT_NO_THROW(io::fill_model(*std::make_unique<Model>(), file));
}

class FormatFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(fixtures() / "malformed")) GTEST_SKIP() << "no reference files in " << fixtures();
  }
};

/// The place of the error that reading a changed document gives.
void expect_refused(const json& document, const std::string& place, const std::function<void(json&)>& change) {
  json changed = document;
  change(changed);
  try {
    io::read_model(changed);
    ADD_FAILURE() << "was read: " << place;
  } catch (const load_error& error) {
    EXPECT_EQ(error.place(), place) << error.what();
  }
}

using B = LoopBackend<double>;

template <class Model>
void expect_proteus(const char* type, std::size_t gates) {
  const json document = plain::proteus(type, gates, Model::condition_size);
  const plain::Signal x = plain::noise(100, 1 + Model::condition_size);
  io::Check check;
  check.tolerance = 1e-12;
  check.input.shape = check.output.shape = {100, 1};
  if (Model::condition_size > 0) check.condition.shape = {100, Model::condition_size};
  for (const auto& frame : x) {
    check.input.values.push_back(frame[0]);
    check.condition.values.insert(check.condition.values.end(), frame.begin() + 1, frame.end());
  }
  for (const auto& frame : plain::run_proteus(document, x)) check.output.values.push_back(frame[0]);
  expect_output<Model>(io::read_model(document), check);
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
  json document = plain::proteus("LSTM", 4, 0);
  document["model_data"]["skip"] = 0;
  document["model_data"]["bias_fl"] = false;
  for (const char* key : {"rec.bias_ih_l0", "rec.bias_hh_l0", "rec.bias_ih_l1", "rec.bias_hh_l1"})
    document["state_dict"].erase(key);
  const io::ModelFile file = io::read_model(document);
  ASSERT_EQ(file.chain.layers.size(), 3u);
  EXPECT_EQ(file.chain.layers[1].tensors.at("bias").values, std::vector<double>(12));
  EXPECT_EQ(file.chain.layers[2].tensors.at("bias").values, std::vector<double>{plain::weight(2100)});
  document["state_dict"].erase("lin.bias");
  EXPECT_FALSE(io::read_model(document).chain.layers[2].tensors.contains("bias"));
}

// In Proteus's training code, bias_fl is about the linear layer alone: the recurrent ones always have their biases.
TEST(ProteusFormat, biases_of_the_recurrent_layers_whatever_bias_fl_says) {
  const json with_all = plain::proteus("GRU", 3, 0);
  json document = with_all;
  document["model_data"]["bias_fl"] = false;
  document["state_dict"].erase("lin.bias");
  const auto layers = [](const json& d) {
    return io::read_model(d).chain.layers[0].chains.at("layers")[0].layers;  // within the residual
  };
  ASSERT_NO_THROW(layers(document));
  for (std::size_t i : {0u, 1u})
    EXPECT_EQ(layers(document)[i].tensors.at("bias").values, layers(with_all)[i].tensors.at("bias").values);
  EXPECT_FALSE(layers(document)[2].tensors.contains("bias"));
  expect_refused(document, "state_dict", [](json& d) { d["state_dict"].erase("rec.bias_ih_l1"); });
  expect_refused(document, "state_dict", [](json& d) { d["state_dict"].erase("rec.bias_hh_l0"); });
}

TEST(ProteusFormat, refuses_a_linear_layer_without_the_bias_that_it_promises) {
  const json document = plain::proteus("LSTM", 4, 0);
  expect_refused(document, "state_dict", [](json& d) { d["state_dict"].erase("lin.bias"); });
  expect_refused(document, "state_dict", [](json& d) {
    d["model_data"].erase("bias_fl");  // it is true where the file does not say
    d["state_dict"].erase("lin.bias");
  });
  expect_refused(document, "model_data.bias_fl", [](json& d) { d["model_data"]["bias_fl"] = "true"; });
}

TEST(ProteusFormat, model_data_and_state_dict_say_the_same) {
  const json document = plain::proteus("LSTM", 4, 1);
  const auto refused = [&](const std::string& place, const char* key, const json& value) {
    SCOPED_TRACE(key + value.dump());
    expect_refused(document, place, [&](json& d) { d["model_data"][key] = value; });
  };
  for (int size : {1, 2, 4, 6, 12, 65536}) refused("state_dict.rec.weight_ih_l0", "hidden_size", size);
  for (int size : {1, 3, 65536}) refused("state_dict.rec.weight_ih_l0[0]", "input_size", size);
  for (int size : {2, 3, 65536}) refused("state_dict.lin.weight", "output_size", size);
  refused("state_dict.rec.bias_hh_l1", "num_layers", 1);
  for (int depth : {3, 65536}) refused("state_dict", "num_layers", depth);
  for (const char* type : {"GRU", "RNN"}) refused("state_dict.rec.weight_ih_l0", "unit_type", type);
  for (const char* key : {"hidden_size", "input_size", "output_size", "num_layers"})
    for (const json& value : {json(0), json(-1), json(65537), json(1.5), json("1"), json(nullptr), json(true)})
      refused(std::string("model_data.") + key, key, value);
  for (const json& value : {json(2), json(-1), json("1"), json(nullptr), json(0.5)})
    refused("model_data.skip", "skip", value);
  for (const json& value : {json("lstm"), json(""), json(4), json(nullptr)})
    refused("model_data.unit_type", "unit_type", value);
  for (const char* key : {"hidden_size", "input_size", "output_size", "num_layers", "unit_type", "skip"})
    expect_refused(document, "model_data", [&](json& d) { d["model_data"].erase(key); });
  // A row of 12 gates would also do for 12 units without gates, but not their states.
  expect_refused(document, "state_dict.rec.weight_hh_l0[0]", [](json& d) {
    d["model_data"]["unit_type"] = "RNN";
    d["model_data"]["hidden_size"] = 12;
  });
  // Two channels go out, and one comes in.
  expect_refused(document, "model_data.skip", [](json& d) {
    d["model_data"]["output_size"] = 2;
    d["state_dict"]["lin.weight"].push_back(d["state_dict"]["lin.weight"][0]);
    d["state_dict"]["lin.bias"].push_back(0);
  });
  // Tensors of other networks: one that also runs backwards, one with projections.
  for (const char* key : {"rec.weight_ih_l0_reverse", "rec.weight_hr_l0", "conv.weight"})
    expect_refused(document, std::string("state_dict.") + key, [&](json& d) { d["state_dict"][key] = {{1.0}}; });
}

TEST(ProteusFormat, refuses_what_does_not_fit) {
  const json document = plain::proteus("LSTM", 4, 0);
  const auto refused = [&](const std::string& place, const std::function<void(json&)>& change) {
    expect_refused(document, place, change);
  };
  refused("model_data", [](json& d) { d["model_data"].erase("hidden_size"); });
  refused("model_data.hidden_size", [](json& d) { d["model_data"]["hidden_size"] = 0; });
  refused("model_data.unit_type", [](json& d) { d["model_data"]["unit_type"] = "Transformer"; });
  refused("model_data.model", [](json& d) { d["model_data"]["model"] = "GatedConvNet"; });
  refused("model_data.skip", [](json& d) { d["model_data"]["skip"] = 2; });
  refused("state_dict.rec.weight_ih_l0", [](json& d) { d["model_data"]["hidden_size"] = 65536; });
  refused("state_dict.rec.weight_ih_l0", [](json& d) { d["model_data"]["unit_type"] = "GRU"; });
  refused("state_dict.rec.weight_hh_l1[2]", [](json& d) { d["state_dict"]["rec.weight_hh_l1"][2].erase(0); });
  refused("state_dict.rec.weight_hh_l1[2][1]", [](json& d) { d["state_dict"]["rec.weight_hh_l1"][2][1] = "1"; });
  refused("state_dict.rec.bias_ih_l0[5]", [](json& d) { d["state_dict"]["rec.bias_ih_l0"][5] = 1e39; });
  refused("state_dict", [](json& d) { d["state_dict"].erase("rec.bias_hh_l1"); });
  refused("state_dict", [](json& d) { d["model_data"]["num_layers"] = 3; });
  refused("state_dict.rec.bias_hh_l1", [](json& d) { d["model_data"]["num_layers"] = 1; });
  refused("root", [](json& d) { d.erase("state_dict"); });
}

TEST_F(FormatFiles, proteus_lstm40) {
  const auto folder = fixtures() / "rtneural_dialects";
  const json golden = parsed(folder / "proteus_lstm40.golden.json");
  expect_output<ModelT<Residual<LSTM<1, 40>, Dense<40, 1>>>>(io::read_model(parsed(folder / "proteus_lstm40.json")),
                                                             check_of(golden["input"], golden["output"], 1e-5));
}

// --- AIDA-X -------------------------------------------------------------------------------------------------------

TEST_F(FormatFiles, aida_x) {
  using Model = ModelT<Scale<1>, Residual<LSTM<1, 12>, Dense<12, 1>>, Scale<1>>;
  const auto folder = fixtures() / "rtneural_dialects";
  const auto path = folder / "aida_x_lstm12.json";
  const json golden = parsed(folder / "aida_x_lstm12.golden.json");
  const io::ModelFile file = io::read_model(parsed(path));
  EXPECT_EQ(file.info.sample_rate, 48000);
  EXPECT_EQ(io::parse(file.info.metadata)["name"], "aida_x_lstm12");
  EXPECT_NO_THROW(std::make_unique<Model>()->load(path));  // the file's own test signal
  expect_output<Model>(file, check_of(golden["input"], golden["output"], 1e-5));
}

TEST_F(FormatFiles, aida_x_without_its_keys_is_the_network_alone) {
  const auto folder = fixtures() / "rtneural_dialects";
  json document = parsed(folder / "aida_x_lstm12.json");
  const json golden = parsed(folder / "aida_x_lstm12.golden.json");
  for (const char* key : {"in_gain", "out_gain"}) document.erase(key);
  expect_output<ModelT<Residual<LSTM<1, 12>, Dense<12, 1>>>>(
      io::read_model(document), check_of(golden["input"], golden["output_unity_gain"], 1e-5));
  document["in_skip"] = 0;
  EXPECT_EQ(io::read_model(document).chain.layers.size(), 2u);
  document.erase("in_skip");
  document["samplerate"] = 44100;
  EXPECT_EQ(io::read_model(document).info.sample_rate, 44100);
  document.erase("samplerate");
  document["in_gain"] = -90;  // nothing goes in, and the test signal proves nothing
  const io::ModelFile muted = io::read_model(document);
  EXPECT_EQ(muted.info.sample_rate, 48000);  // that of the metadata
  EXPECT_EQ(std::get<double>(muted.chain.layers[0].values.at("scale").value), 0);
  EXPECT_FALSE(muted.check);

  const auto refused = [&](const char* key, const json& value) {
    expect_refused(document, key, [&](json& d) { d[key] = value; });
  };
  refused("in_skip", 2);
  refused("in_skip", "1");
  refused("in_gain", "0");
  refused("out_gain", 1e9);
  refused("samplerate", "fast");
  refused("samplerate", "-1");
  refused("samplerate", 0);
  refused("metadata", "none");
  document["in_gain"] = 0;
  refused("output_batch", {1, 2, 3});
  refused("input_batch", json::array());
}

// --- RTNeural -----------------------------------------------------------------------------------------------------

// RTNeural's own conv1d has none, and a file that says otherwise is of another network.
TEST(RtneuralFormat, a_conv1d_has_no_stride) {
  const json document = {{"in_shape", {nullptr, nullptr, 1}},
                         {"layers",
                          {{{"type", "conv1d"},
                            {"shape", {nullptr, nullptr, 1}},
                            {"kernel_size", {2}},
                            {"dilation", {1}},
                            {"weights", {{{{1.0}}, {{2.0}}}, {0.0}}}}}}};
  for (const char* key : {"strides", "stride"}) {
    for (const json& one : {json(1), json({1})}) {
      json changed = document;
      changed["layers"][0][key] = one;
      EXPECT_NO_THROW(io::read_model(changed));
    }
    const std::string place = std::string("layers[0].") + key;
    expect_refused(document, place, [&](json& d) { d["layers"][0][key] = 2; });
    expect_refused(document, place + "[0]", [&](json& d) { d["layers"][0][key] = {3}; });
    expect_refused(document, place, [&](json& d) { d["layers"][0][key] = "2"; });
  }
}

// --- which format -------------------------------------------------------------------------------------------------

TEST(Formats, the_content_decides) {
  const auto name = [](const json& document) { return io::format_of(document).name; };
  EXPECT_EQ(name({{"format", "inlay"}}), "inlay");
  EXPECT_EQ(name({{"architecture", "LSTM"}, {"config", {}}}), "Neural Amp Modeler");
  EXPECT_EQ(name({{"state_dict", {}}}), "Proteus");
  EXPECT_EQ(name({{"layers", {}}, {"in_gain", 0}}), "AIDA-X");
  EXPECT_EQ(name({{"layers", {}}}), "RTNeural");
  try {
    name({{"lstm.weight_ih_l0", {}}});
    FAIL();
  } catch (const load_error& error) {
    EXPECT_STREQ(error.what(),
                 "root: expected a model file of one of these formats: inlay, Neural Amp Modeler, Proteus, AIDA-X, "
                 "RTNeural, found an object with none of their keys");
  }
  EXPECT_THROW(name({1, 2}), load_error);
}

TEST_F(FormatFiles, those_of_keras_are_named) {
  std::size_t count = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(fixtures() / "keras")) {
    const auto ending = file.path().extension();
    if (ending != ".keras" && ending != ".h5") continue;
    ++count;
    try {
      parsed(file);
      ADD_FAILURE() << file << " was read";
    } catch (const load_error& error) {
      EXPECT_EQ(error.found(), ending == ".h5" ? "a Keras file (HDF5)" : "a Keras file (.keras)") << file;
    }
  }
  EXPECT_GT(count, 0u);
}

// The places are those of the README beside the files; those of RTNeural's format are in rtneural_test.cpp.
TEST_F(FormatFiles, malformed_files_are_refused_with_their_place) {
  const std::map<std::string, std::string> places{
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
  for (const auto& [name, place] : places) {
    try {
      io::read_model(parsed(fixtures() / "malformed" / (name + ".nam")));
      ADD_FAILURE() << name << " was read";
    } catch (const load_error& error) {
      EXPECT_EQ(error.place(), place) << error.what();
    }
  }
  for (const char* valid : {"valid_wavenet.nam", "valid_lstm.nam", "valid_container.nam", "valid_proteus.json"})
    EXPECT_NO_THROW(io::read_model(parsed(fixtures() / "malformed" / valid))) << valid;
}

// --- numbers of which no model can be made ------------------------------------------------------------------------

namespace {

/// The message of the error that reading a document gives.
std::string refusal(const json& document) {
  try {
    io::read_model(document);
  } catch (const load_error& error) {
    return error.what();
  }
  return "was read";
}

}  // namespace

TEST(UsableNumbers, a_variance_with_epsilon_is_above_0_in_rtneurals_format) {
  const auto batchnorm = [](const char* type, const json& weights) -> json {
    return {{"type", type},        {"shape", {nullptr, nullptr, 4}},
            {"weights", weights},  {"epsilon", 1e-5},
            {"num_filters_in", 2}, {"num_features_in", 2}};
  };
  const json tanh = {{"type", "activation"}, {"activation", "tanh"}, {"shape", {nullptr, nullptr, 4}}};
  json document = {
      {"in_shape", {nullptr, nullptr, 4}},
      {"layers", {tanh, batchnorm("batchnorm", {{1, 1, 1, 1}, {0, 0, 0, 0}, {0, 0, 0, 0}, {1, 2, 3, 0}})}}};
  EXPECT_EQ(refusal(document), "was read");
  document["layers"][1]["weights"][3][2] = -1;
  EXPECT_EQ(refusal(document),
            "layers[1].weights[3][2]: expected a variance that with epsilon 1e-05 is above 0, found -1");
  document["layers"][1] = batchnorm("batchnorm", {{0, 0, 0, 0}, {1, 2, -1e-5, 1}});  // without gamma and beta
  EXPECT_EQ(refusal(document),
            "layers[1].weights[1][2]: expected a variance that with epsilon 1e-05 is above 0, found -1e-05");
  document["layers"][1] = batchnorm("batchnorm2d", {{0, 0}, {1, -0.5}});
  EXPECT_EQ(refusal(document),
            "layers[1].weights[1][1]: expected a variance that with epsilon 1e-05 is above 0, found -0.5");
  document["layers"][1]["epsilon"] = -1;
  EXPECT_EQ(refusal(document), "layers[1].weights[1][0]: expected a variance that with epsilon -1 is above 0, found 1");
  // 0 in the float that a model holds.
  document["layers"][1]["epsilon"] = 0;
  document["layers"][1]["weights"][1][0] = 1e-60;
  EXPECT_EQ(refusal(document),
            "layers[1].weights[1][0]: expected a variance that with epsilon 0 is above 0, found 1e-60");
}

TEST(UsableNumbers, a_variance_with_epsilon_is_above_0_in_inlays_format) {
  json document = parsed(test_file("golden/torch/batchnorm1d_6.f32.json"));
  json& variance = document["layers"][0]["variance"]["data"];
  const json before = variance[4];
  variance[4] = -2;
  EXPECT_EQ(refusal(document),
            "layers[0].variance.data[4]: expected a variance that with epsilon 1e-05 is above 0, found -2");
  // Within layers within layers.
  document["layers"] = {{{"type", "parallel"},
                         {"branches", {document["layers"], {{{"type", "residual"}, {"layers", document["layers"]}}}}}}};
  document["layers"][0]["branches"][0][0]["variance"]["data"][4] = before;
  EXPECT_EQ(
      refusal(document),
      "layers[0].branches[1][0].layers[0].variance.data[4]: expected a variance that with epsilon 1e-05 is above 0, "
      "found -2");
}

TEST(UsableNumbers, a_variance_with_epsilon_is_above_0_in_nams_format) {
  json document = {{"version", "0.5.4"},
                   {"architecture", "ConvNet"},
                   {"config", {{"channels", 2}, {"dilations", {1, 2}}, {"batchnorm", true}, {"activation", "Tanh"}}},
                   {"weights", std::vector<double>(4 + 9 + 8 + 9 + 3, 0.5)}};
  EXPECT_EQ(refusal(document), "was read");
  document["weights"][4 + 9 + 8 + 3] = -1;  // of the second convolution's channel 1
  EXPECT_EQ(refusal(document), "weights[24]: expected a variance that with epsilon 0.5 is above 0, found -1");
  // Shown to a WaveNet as its condition.
  plain::WaveNet net(json::parse(R"({"layers": [
      {"input_size": 1, "condition_size": 1, "channels": 2, "kernel_size": 2, "dilations": [1], "activation": "Tanh",
       "head_size": 1, "head_bias": true}]})"));
  json around = net.document(plain::noise(2, 1));
  around["config"]["condition_dsp"] = document;
  EXPECT_EQ(refusal(around),
            "config.condition_dsp.weights[24]: expected a variance that with epsilon 0.5 is above 0, found -1");
}

namespace {

json rtneural_layer(const char* type, std::size_t size, const json& weights, const json& others = json::object()) {
  json layer = {{"type", type}, {"shape", {nullptr, nullptr, size}}, {"weights", weights}};
  layer.update(others);
  return layer;
}

json rtneural_document() {
  const auto rows = [](std::size_t height, std::size_t width) { return plain::matrix(height, width, 0); };
  const auto row = [](std::size_t size) { return plain::row(size, 0); };
  return {{"in_shape", {nullptr, nullptr, 1}},
          {"layers",
           {rtneural_layer("dense", 2, {rows(1, 2), row(2)}, {{"activation", "elu"}}),
            rtneural_layer("conv1d", 4, {{rows(1, 4), rows(1, 4)}, row(4)},
                           {{"kernel_size", {2}}, {"dilation", {3}}, {"groups", 2}}),
            rtneural_layer("prelu", 4, {{row(4)}}),
            rtneural_layer("batchnorm", 4, {row(4), row(4), row(4), {1, 2, 3, 4}}, {{"epsilon", 0.001}}),
            rtneural_layer("conv2d", 4, {{{rows(2, 2), rows(2, 2)}}, row(2)},
                           {{"shape", {nullptr, nullptr, 1, 2}},
                            {"num_filters_in", 2},
                            {"num_features_in", 2},
                            {"num_filters_out", 2},
                            {"kernel_size_time", 1},
                            {"kernel_size_feature", 2},
                            {"dilation", 1},
                            {"strides", 1},
                            {"padding", "valid"}}),
            rtneural_layer("lstm", 2, {rows(2, 8), rows(2, 8), row(8)}),
            rtneural_layer("gru", 1, {rows(2, 3), rows(1, 3), rows(2, 3)})}}};
}

json aidax_document() {
  return {{"in_shape", {nullptr, nullptr, 1}},
          {"layers", {rtneural_layer("dense", 1, {{{0.5}}, {0.25}})}},
          {"in_gain", -6.5},
          {"out_gain", 3},
          {"in_skip", 1},
          {"samplerate", 48000},
          {"input_batch", {0.0, 1.0}},
          {"output_batch", {0.25, 1.75}}};
}

json inlay_document() {
  json document = parsed(test_file("golden/torch/batchnorm1d_6.f32.json"));
  document["sample_rate"] = 48000;
  document["prewarm"] = 5;
  for (const char* signal : {"input", "output"})
    document["check"][signal] = {{"shape", {2, 6}}, {"data", std::vector<double>(12, 0.5)}};
  json& layers = document["layers"];
  layers.push_back(
      {{"type", "leaky_hardtanh"}, {"size", 6}, {"min", -2}, {"max", 1.5}, {"min_slope", 0.25}, {"max_slope", 0.125}});
  layers.push_back({{"type", "residual"}, {"layers", {{{"type", "elu"}, {"size", 6}, {"alpha", 0.5}}}}});
  return document;
}

std::vector<json> nam_documents() {
  const auto of = [](const char* architecture, const json& config, std::size_t weights) -> json {
    return {{"version", "0.5.4"},
            {"architecture", architecture},
            {"config", config},
            {"sample_rate", 48000},
            {"weights", std::vector<double>(weights, 0.5)}};
  };
  const json wavenet = json::parse(R"({"layers": [
      {"input_size": 1, "condition_size": 1, "channels": 2, "kernel_size": 2, "dilations": [1], "gating_mode": "blended",
       "activation": {"type": "LeakyHardtanh", "min_val": -0.5, "max_val": 0.5, "min_slope": 0.1, "max_slope": 0.2},
       "secondary_activation": {"type": "PReLU", "negative_slopes": [0.1, 0.2]}, "head_size": 1, "head_bias": true}]})");
  return {of("Linear", {{"receptive_field", 3}, {"bias", true}}, 4),
          of("LSTM", {{"num_layers", 1}, {"input_size", 1}, {"hidden_size", 2}}, 4 * 2 * 3 + 8 + 4 + 3),
          of("ConvNet", {{"channels", 2}, {"dilations", {1, 2}}, {"batchnorm", true}, {"activation", "Tanh"}},
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
void expect_each_refused(const json& document, const json& value, bool (*chosen)(const std::string& pointer)) {
  EXPECT_EQ(refusal(document), "was read");
  const json numbers = document.flatten();
  for (const auto& [pointer, number] : numbers.items()) {
    if (!number.is_number() || !chosen(pointer)) continue;
    const json::json_pointer at(pointer);
    expect_refused(document, place_of(pointer), [&](json& d) { d[at] = value; });
  }
}

bool is_weight(const std::string& pointer) {
  for (const char* name : {"/weights/", "/state_dict/", "/data/", "_batch/"})
    if (pointer.find(name) != std::string::npos) return true;
  return false;
}

}  // namespace

// JSON text has no such numbers; a document that a program makes may.
TEST(UsableNumbers, are_finite_in_every_format) {
  std::vector<json> documents = nam_documents();
  for (const json& document : {rtneural_document(), aidax_document(), inlay_document(), plain::proteus("GRU", 3, 1)})
    documents.push_back(document);
  for (const json& document : documents)
    for (const double value : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
      const auto is_read = [](const std::string& pointer) {  // head_scale is not: the last weight counts
        return pointer.find("head_scale") == std::string::npos && pointer.find("/metadata/") == std::string::npos;
      };
      expect_each_refused(document, value, is_read);
    }
  json document = rtneural_document();
  document["layers"][0]["weights"][1][1] = std::nan("");
  EXPECT_EQ(refusal(document), "layers[0].weights[1][1]: expected a finite number, found NaN");
  document["layers"][0]["weights"][1][1] = -HUGE_VAL;
  EXPECT_EQ(refusal(document), "layers[0].weights[1][1]: expected a finite number, found -infinity");
}

TEST(UsableNumbers, are_floats_unless_the_file_says_that_they_are_doubles) {
  std::vector<json> documents = nam_documents();
  for (const json& document : {rtneural_document(), aidax_document(), inlay_document(), plain::proteus("GRU", 3, 1),
                               plain::proteus("LSTM", 4, 0)})
    documents.push_back(document);
  for (const json& document : documents)
    for (const double value : {1e39, -1e300}) expect_each_refused(document, value, is_weight);

  json document = inlay_document();
  document["layers"][0]["mean"]["data"][2] = 1e39;
  EXPECT_EQ(refusal(document), "layers[0].mean.data[2]: expected a number in the range of a float, found 1e+39");
  document["check"]["dtype"] = "float64";
  EXPECT_EQ(refusal(document), "was read");
  // Each of two that are added up is a float.
  document = plain::proteus("LSTM", 4, 0);
  for (const char* key : {"rec.bias_ih_l1", "rec.bias_hh_l1"}) document["state_dict"][key][7] = -2e38;
  EXPECT_EQ(refusal(document),
            "state_dict.rec.bias_hh_l1[7]: expected a number that added to rec.bias_ih_l1 is in the range of a float, "
            "found -2e+38");
  // The test signal is given to the network behind the gain.
  document = aidax_document();
  document["input_batch"][1] = 3e38;
  EXPECT_EQ(refusal(document),
            "input_batch[1]: expected a number that the gains leave in the range of a float, found 3e+38");
}

TEST(UsableNumbers, counts_and_sizes_have_limits_in_every_format) {
  std::vector<json> documents = nam_documents();
  for (const json& document : {rtneural_document(), plain::proteus("GRU", 3, 1)}) documents.push_back(document);
  const auto is_count = [](const std::string& pointer) {
    for (const char* other : {"head_scale", "epsilon", "slope", "_val", "sample_rate"})
      if (pointer.find(other) != std::string::npos) return false;
    return !is_weight(pointer);
  };
  for (const json& document : documents)
    for (const json& value : {json(0), json(-1), json(1.5), json(1e300), json((std::uint64_t{1} << 32) + 1),
                              json(std::numeric_limits<std::uint64_t>::max())}) {
      SCOPED_TRACE(document.dump().substr(0, 200) + ", " + value.dump());
      if (value == 0)
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
    const json document = parsed(test_file(name));
    io::ModelFile file = io::read_model(document);
    file.info.prewarm = 7;
    const json written = io::parse(io::write_model(file));
    EXPECT_EQ(written["prewarm"], 7);
    EXPECT_TRUE(written["layers"] == document["layers"]) << name;
    EXPECT_TRUE(written["check"] == document["check"]) << name;
    EXPECT_TRUE(io::write_model(io::read_model(written)) == io::write_model(file)) << name;
    EXPECT_EQ(io::read_model(written).info.prewarm, 7u);
  }
}

TEST(WriteModel, a_nam_file_becomes_an_inlay_file) {
  plain::WaveNet net(json::parse(R"({"layers": [
      {"input_size": 1, "condition_size": 1, "channels": 2, "kernel_size": 2, "dilations": [1], "activation": "Tanh",
       "head_size": 1, "head_bias": true}]})"));
  const plain::Signal x = plain::noise(40, 1);
  json document = net.document(x);
  document["metadata"] = {{"name", "caf\u00e9 \"1\""}};
  io::ModelFile file = io::read_model(document);
  EXPECT_THROW(io::write_model(file), load_error);  // no check

  json input = json::array(), output = json::array();
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
  EXPECT_EQ(io::parse(info.metadata), document["metadata"]);

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
  file.chain.layers.push_back(io::detail::make_scale({}, {1, {}}, double(0.1f)));
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
