// Loading: what is accepted, what is refused, where an error says it is, and that it changes nothing.
#include <array>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "support/backends.hpp"
#include "support/document.hpp"
#include "support/golden.hpp"

using namespace inlay;

namespace {

using Amp = ModelT<LSTM<1, 20>, Dense<20, 1>>;
const std::string amp_path = test_file("golden/torch/lstm20_dense.f32.json");

std::string text_of(const std::string& path) { return io::read_text(std::filesystem::path(path)); }

/// The error that loading `text` gives; fails the test if there is none.
load_error error_of(void* model, void (*load)(void* model, std::string_view text), std::string_view text) {
  try {
    load(model, text);
  } catch (const load_error& error) {
    return error;
  }
  ADD_FAILURE() << "was loaded";
  return load_error("", "", "");
}
template <class Model>
load_error error_of(Model& model, std::string_view text) {
  return error_of(&model, [](void* to, std::string_view from) { static_cast<Model*>(to)->load_text(from); }, text);
}

const Document& original() {
  static const Document document = Document::of_file(amp_path);
  return document;
}

/// Loads a changed document into a model that is loaded already; expects an error at `place` and a model that goes on
/// as before.
load_error refused(const char* place, const Document& changed) {
  Amp amp;
  amp.load(original());
  for (int i = 0; i < 10; ++i) amp.forward(0.3f);
  const auto before = std::make_unique<Amp>(amp);
  const load_error error = error_of(amp, changed.dump());
  EXPECT_EQ(error.place(), place) << error.what();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(amp.forward(0.3f), before->forward(0.3f));
  return error;
}

/// With another value.
void refused(const char* place, const char* at, const char* text) { refused(place, original().with(at, text)); }

}  // namespace

TEST(LoadTest, from_path_stream_string_and_object) {
  const std::string text = text_of(amp_path);
  Amp by_path, by_stream, by_text, by_object;
  by_path.load(amp_path);
  by_path.load(std::filesystem::path(amp_path));
  by_path.load(amp_path.c_str());
  std::ifstream file(amp_path);
  by_stream.load(file);
  std::istringstream stream(text);
  by_stream.load(stream);
  by_text.load_text(text);
  by_object.load(original().value());
  for (int i = 0; i < 20; ++i) {
    const float y = by_path.forward(0.4f);
    EXPECT_EQ(y, by_stream.forward(0.4f));
    EXPECT_EQ(y, by_text.forward(0.4f));
    EXPECT_EQ(y, by_object.forward(0.4f));
  }
}

TEST(LoadTest, returns_what_the_file_says) {
  const Document document = original().with("/sample_rate", "44100").with("/metadata", R"({"author": "somebody"})");
  Amp amp;
  const ModelInfo info = amp.load(document);
  EXPECT_EQ(info.sample_rate, 44100);
  EXPECT_EQ(Document(info.metadata).text("/author"), "somebody");
}

TEST(LoadTest, resets_the_state_it_owns) {
  Amp amp;
  amp.load(amp_path);
  const float first = amp.forward(0.5f);
  for (int i = 0; i < 10; ++i) amp.forward(0.9f);
  amp.load(amp_path);
  EXPECT_EQ(amp.forward(0.5f), first);
}

TEST(LoadTest, says_where_what_was_expected_and_what_was_found) {
  const load_error error = refused("layers[1].kernel", original().with("/layers/1/kernel/shape", "[10, 2]"));
  EXPECT_EQ(error.expected(), "20x1");
  EXPECT_EQ(error.found(), "10x2");
  EXPECT_EQ(error.layer(), "layer 1 of the model: dense 20 -> 1");
  EXPECT_STREQ(error.what(), "layers[1].kernel (layer 1 of the model: dense 20 -> 1): expected 20x1, found 10x2");
}

TEST(LoadTest, names_the_file) {
  Amp amp;
  try {
    amp.load("no/such/file.json");
    FAIL();
  } catch (const load_error& error) {
    EXPECT_EQ(error.source(), "no/such/file.json");
    EXPECT_STREQ(error.what(), "no/such/file.json: file: expected a readable file, found none");
  }
  EXPECT_THROW(amp.load(std::filesystem::temp_directory_path()), load_error);  // a folder
}

TEST(LoadTest, refuses_what_does_not_fit_the_type) {
  refused("layers", original().with("/layers/-", original()["/layers/1"]));
  refused("layers", original().without("/layers/1"));
  refused("layers[0].type", "/layers/0/type", R"("gru")");
  refused("layers[0].out", "/layers/0/out", "16");
  refused("layers[0].out", "/layers/0/out", R"("20")");
  refused("layers[0].recurrent_activation", "/layers/0/recurrent_activation", R"("hard_sigmoid")");
  refused("layers[0]", original().without("/layers/0/recurrent_activation"));
  refused("layers[0]", original().without("/layers/0/bias"));
  refused("layers[0].bias.data", original().without("/layers/0/bias/data/3"));
  refused("layers[0].bias", "/layers/0/bias", R"({"shape": [2], "data": [1, 2]})");
  refused("layers[0].bias.data[7]", "/layers/0/bias/data/7", R"("0.5")");
  refused("layers[0].bias.data[7]", "/layers/0/bias/data/7", "1e39");  // infinite as a float
  refused("layers[0].bias.shape[0]", "/layers/0/bias/shape/0", "-80");
  refused("layers[0].bias.shape", "/layers/0/bias/shape", "[1073741824, 1073741824, 1073741824]");
  refused("layers[0].dilation", "/layers/0/dilation", "2");  // nothing is dropped silently
  refused("layers[1].extra", "/layers/1/extra", R"({"shape": [1], "data": [1]})");
  refused("layers[1].extra", "/layers/1/extra", "null");
  refused("version", "/version", "2");
  refused("format", "/format", R"("outlay")");
  refused("colour", "/colour", R"("red")");
  refused("sample_rate", "/sample_rate", "0");
  refused("root", original().without("/check"));
}

TEST(LoadTest, a_bias_may_be_left_out) {
  const Document document = Document::of_file(test_file("golden/torch/dense_4_4_nobias.f32.json"));
  ModelT<Dense<4, 4>> with_bias;
  with_bias.load(document);
  ModelT<DenseNoBias<4, 4>> without;
  without.load(document);
  const Document zeros = document.with("/layers/0/bias", R"({"shape": [4], "data": [0, 0, 0, 0]})");
  with_bias.load(zeros);
  EXPECT_EQ(error_of(without, zeros.dump()).place(), "layers[0].bias");
}

TEST(CheckTest, a_model_that_does_not_reproduce_its_check_is_refused) {
  const char* const output = "/check/output/data/30";
  refused("check.output.data[30]", original().with(output, original().number(output) + 1e-3));
  const char* const bias = "/layers/1/bias/data/0";
  refused("check.output.data[0]", original().with(bias, original().number(bias) + 1e-3));
}

TEST(CheckTest, no_file_may_ask_for_less_than_1e3) {
  const auto off_by = [](double error) {
    std::vector<double> output = original().numbers("/check/output/data");
    for (double& y : output) y += error;
    return original().with("/check/tolerance", "10").with("/check/output/data", output);
  };
  refused("check.output.data[0]", off_by(1.1e-3));
  Amp amp;
  EXPECT_NO_THROW(amp.load(off_by(0.9e-3)));
}

TEST(CheckTest, refuses_a_check_that_proves_nothing) {
  refused("check.tolerance", "/check/tolerance", "0");
  refused("check", original().without("/check/input"));
  refused("check.skip", "/check/skip", "100000");
  refused("check.output.shape", "/check/skip", "1");
  const std::string size = std::to_string(original()["/check/input/data"].size());
  refused("check.input.shape", original().with("/check/input/shape", "[" + size + "]"));
  Document document = Document::of_file(test_file("golden/torch/conv1d_8_8_k5_d16.f32.json"));
  for (const std::string signal : {"/check/input", "/check/output"})
    document = document.with(signal + "/shape", "[60, 8]").with(signal + "/data", std::vector<double>(480));
  ModelT<Conv1D<8, 8, 5, 16>> conv;
  EXPECT_EQ(error_of(conv, document.dump()).place(), "check.input.shape");  // shorter than the receptive field
}

TEST(ParseTest, faults_of_syntax_have_a_place) {
  Amp amp;
  EXPECT_EQ(error_of(amp, "").place(), "start of file");
  EXPECT_EQ(error_of(amp, "<html>").place(), "first byte");
  EXPECT_EQ(error_of(amp, R"({"layers": [{"a": 1}, {"b": [1, nan]}]})").place(), "layers[1].b[1] (byte 33)");
  EXPECT_EQ(error_of(amp, R"({"a": {"b": 1, "b": 2}})").place(), "a");
  EXPECT_EQ(error_of(amp, R"({"a": 1)").found(), "the end of the file");
  EXPECT_EQ(error_of(amp, R"({"a": 1} x)").expected(), "JSON");
  EXPECT_EQ(error_of(amp, "{\"layers\": " + std::string(100000, '[')).place(), "layers");
  EXPECT_EQ(error_of(amp, "[1]").place(), "root");
}

TEST(ParseTest, files_of_other_kinds_are_named_with_the_way_to_a_model_file) {
  Amp amp;
  const auto expect = [&](const std::string& bytes, const std::string& found, const std::string& way) {
    const load_error error = error_of(amp, bytes);
    EXPECT_EQ(error.place(), "start of file");
    EXPECT_EQ(error.expected(), "a model file in JSON (" + way + ")");
    EXPECT_EQ(error.found(), found);
  };
  // As ZIP files hold them: a header with the length of a name, the name, no data.
  const auto archive = [](const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names)
      text += std::string("PK\3\4\24", 5) + std::string(21, '\0') + static_cast<char>(name.size()) +
              std::string(3, '\0') + name;
    return text;
  };
  const auto with_nul = [](const auto& literal) { return std::string(literal, sizeof literal - 1); };
  const std::string keras = "python3 -m inlay export FILE -o MODEL.json writes one: docs/from-keras.md";
  const std::string torch = "python3 -m inlay export FILE -o MODEL.json writes one: docs/from-pytorch.md";
  const std::string state_dict =
      "python3 -m inlay export PACKAGE.MODULE:FACTORY --state-dict FILE -o MODEL.json writes one: docs/from-pytorch.md";
  expect(archive({"metadata.json", "config.json", "model.weights.h5"}), "a Keras file (.keras)", keras);
  expect(archive({"amp/data.pkl", "amp/code/__torch__.py", "amp/constants.pkl"}), "a TorchScript file", torch);
  expect(archive({"archive/data.pkl", "archive/data/0"}), "a PyTorch checkpoint", state_dict);
  expect(archive({"kernel.npy", "bias.npy"}), "arrays of NumPy (.npz)", "docs/file-format.md says how to write one");
  expect(archive({"amp.json"}), "a ZIP archive", "there may be one in the archive");
  expect(with_nul("\x89HDF\r\n\x1a\n\0\0\0\0model_config\0"), "a Keras file (HDF5)", keras);
  expect(with_nul("\x89HDF\r\n\x1a\n\0\0\0\0dense\0"), "an HDF5 file without a network, such as Keras's weights",
         "python3 -m inlay export CONFIG.json --weights FILE -o MODEL.json writes one: docs/from-keras.md");
  expect(with_nul("\x80\2\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19."), "a PyTorch checkpoint", state_dict);
  expect(with_nul("\x80\4\x95\0\0\0\0\0\0\0\0]."), "a Python pickle", "docs/file-format.md says how to write one");
  for (const char* onnx : {"\x08\x07\x12\x07pytorch\x1a\x05", "\x08\x08:", "\x08\x0a\x42\x02"})
    expect(onnx, "an ONNX file",
           "export the network from where it was trained: docs/from-pytorch.md, docs/from-keras.md");
  for (const std::string length : {"\x40", "{", "[", "\x20"})  // a length begins with any byte
    expect(length + std::string(7, '\0') + R"({"rec.bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
           "tensors without a network (.safetensors)",
           "put them into their PyTorch module and export that: docs/from-pytorch.md");
  expect(with_nul("\x1f\x8b\x08\0\0\0\0\0"), "a gzip archive", "there may be one in the archive: gunzip FILE");
  EXPECT_STREQ(error_of(amp, archive({"archive/data.pkl"})).what(),
               "start of file: expected a model file in JSON (python3 -m inlay export PACKAGE.MODULE:FACTORY "
               "--state-dict FILE -o MODEL.json writes one: docs/from-pytorch.md), found a PyTorch checkpoint");
}

TEST(ParseTest, text_is_in_utf8) {
  const std::string text = text_of(amp_path);
  Amp amp;
  EXPECT_NO_THROW(amp.load_text("\xef\xbb\xbf" + text));  // a byte order mark says nothing in UTF-8
  EXPECT_EQ(error_of(amp, "\xef\xbb\xbf<html>").expected(), "JSON");
  EXPECT_EQ(error_of(amp, "\xef\xbb\xbf").found(), "the end of the file");
  EXPECT_EQ(error_of(amp, "\xef\xbb").expected(), "JSON");
  for (const bool big : {false, true})
    for (const bool marked : {false, true}) {
      std::string wide = !marked ? "" : big ? "\xfe\xff" : "\xff\xfe";
      for (char c : text) wide += big ? std::string{'\0', c} : std::string{c, '\0'};
      const load_error error = error_of(amp, wide);
      EXPECT_EQ(error.place(), "start of file");
      EXPECT_EQ(error.expected(), "JSON in UTF-8");
      EXPECT_EQ(error.found(), "text in UTF-16");
    }
}

// Every prefix of a file, and every file with one byte changed, is either loaded or refused.
TEST(ParseTest, damaged_files_never_crash) {
  const std::string text = text_of(test_file("golden/torch/conv1d_2_2_k1.f32.json"));
  ModelT<Conv1D<2, 2, 1>> model;
  std::size_t loaded = 0;
  const auto attempt = [&](const std::string& damaged) {
    try {
      model.load_text(damaged);
      ++loaded;
    } catch (const load_error&) {
    }
  };
  for (std::size_t n = 0; n + 2 < text.size(); n += 7) attempt(text.substr(0, n));
  EXPECT_EQ(loaded, 0u);
  unsigned random = 1;
  for (std::size_t i = 0; i < text.size(); i += 5) {
    random = random * 1664525u + 1013904223u;
    std::string damaged = text;
    damaged[i] = static_cast<char>(random >> 24);
    attempt(damaged);
  }
}
