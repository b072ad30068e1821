// Neural Amp Modeler's .namb files: the model is that of the .nam file, and a damaged file is refused with its place.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <inlay/core/bit_cast.hpp>
#include <inlay/inlay.hpp>
#include <inlay/io/read_model.hpp>
#include <inlay/io/write_model.hpp>
#include <inlay/run_time.hpp>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "support/document.hpp"
#include "support/golden.hpp"
#include "support/namb_writer.hpp"
#include "support/plain_nam.hpp"

using namespace inlay;
using inlay_test::NambForm;

namespace {

std::string bytes_of(const std::string& name) { return io::read_text(test_file("unit/namb/" + name)); }
Document nam_of(const std::string& name) { return Document::of_file(test_file("unit/namb/" + name + ".nam")); }

/// All that a file holds but the places, as text.
std::string written(io::ModelFile file) {
  io::Check check;
  check.input = check.output = {.place = {}, .shape = {1, 1}, .values = {0}, .row_places = {}};
  check.tolerance = 1;
  file.check = std::move(check);
  return io::write_model(file);
}

void expect_same(const std::string& namb, const Document& nam) {
  const io::ModelFile file = io::read_model_text(namb);
  EXPECT_EQ(written(file), written(nam.read()));
  EXPECT_FALSE(file.check);
}

/// Reads a file. Returns the message of the error, or "was read".
std::string refusal(const std::string& file) {
  try {
    io::read_model_text(file);
    return "was read";
  } catch (const load_error& error) {
    return error.what();
  }
}

/// Returns a copy with `value` in the `size` bytes at `at`.
std::string with(std::string file, std::size_t at, std::size_t size, std::uint64_t value) {
  for (std::size_t i = 0; i < size; ++i) file[at + i] = static_cast<char>(value >> 8 * i & 255);
  return file;
}
/// The same, with a checksum that fits.
std::string sealed(const std::string& file, std::size_t at, std::size_t size, std::uint64_t value) {
  std::string changed = with(file, at, size, value);
  inlay_test::seal_namb(changed);
  return changed;
}

}  // namespace

// --- files of nam2namb, of the versions in the README beside them -------------------------------------------------

TEST(Namb, is_the_model_of_the_nam_file) {
  for (const char* name : {"wavenet", "lstm", "convnet", "linear", "older"}) {
    SCOPED_TRACE(name);
    expect_same(bytes_of(std::string(name) + ".namb"), nam_of(name));
  }
}

// Three layouts have the format version 1.
TEST(Namb, of_march_and_of_april_2026) {
  expect_same(bytes_of("older.march_2026.namb"), nam_of("older"));
  expect_same(bytes_of("older.april_2026.namb"), nam_of("older"));
}

TEST(Namb, the_writer_of_these_tests_writes_what_nam2namb_does) {
  for (const char* name : {"wavenet", "lstm", "convnet", "linear", "older"})
    EXPECT_TRUE(inlay_test::write_namb(nam_of(name).value()) == bytes_of(std::string(name) + ".namb")) << name;
  const Document older = nam_of("older");
  EXPECT_TRUE(inlay_test::write_namb(older.value(), NambForm::march_2026) == bytes_of("older.march_2026.namb"));
  EXPECT_TRUE(inlay_test::write_namb(older.value(), NambForm::april_2026) == bytes_of("older.april_2026.namb"));
}

TEST(Namb, loads_by_the_same_calls_as_other_files) {
  EXPECT_EQ(io::format_name(bytes_of("lstm.namb")), "Neural Amp Modeler");
  const ModelInfo info = Model<float>::load(test_file("unit/namb/lstm.namb")).info();
  EXPECT_EQ(info.sample_rate, 44100);
  EXPECT_EQ(info.prewarm, 22050u);
  EXPECT_EQ(Document(info.metadata).number("/loudness"), -20.5);
  EXPECT_EQ(Document(info.metadata).number("/input_level_dbu"), 18.25);
  EXPECT_EQ(Document(info.metadata).number("/output_level_dbu"), 12.5);

  ModelT<Conv1D<1, 1, 9, 1>> cabinet, same;
  EXPECT_FALSE(cabinet.load_text(bytes_of("linear.namb")).sample_rate);
  same.load_text(nam_of("linear").dump());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(cabinet.forward(i == 0 ? 1.0f : 0.0f), same.forward(i == 0 ? 1.0f : 0.0f));
}

TEST(Namb, gives_the_bits_of_the_nam_file_in_buffers_of_every_size) {
  const auto nam = Model<float>::of(nam_of("wavenet").read());
  const auto namb = Model<float>::load_text(bytes_of("wavenet.namb"));
  std::vector<float> x;
  for (const auto& frame : plain::noise(300, 1)) x.push_back(static_cast<float>(frame[0]));
  const auto run = [&](Model<float> model, std::size_t size) {
    std::vector<float> y(x.size());
    for (std::size_t t = 0; t < x.size(); t += size) {
      const float* in = x.data() + t;
      float* out = y.data() + t;
      model.process(&in, &out, std::min(size, x.size() - t));
    }
    return y;
  };
  const std::vector<float> y = run(nam, 64);
  for (std::size_t size : {1u, 2u, 7u, 63u, 64u, 65u, 300u}) EXPECT_EQ(run(namb, size), y) << size;
}

// --- files of the writer ------------------------------------------------------------------------------------------

TEST(Namb, of_networks_with_all_that_the_format_has) {
  const std::string film = R"({"active": true, "shift": false, "groups": 1})";
  Document config(R"({"layers": [
      {"input_size": 1, "condition_size": 1, "channels": 2, "kernel_size": 2, "dilations": [1, 70000],
       "activation": "Tanh", "head_size": 1, "head_bias": true}]})");
  config = config.with("/layers/0/dilations/1", "300");
  for (const char* activation :
       {R"("Tanh")", R"("Hardtanh")", R"("Fasttanh")", R"("ReLU")", R"("LeakyReLU")", R"("Sigmoid")", R"("SiLU")",
        R"("Hardswish")", R"("Softsign")", R"({"type": "PReLU", "negative_slope": 0.5})",
        R"({"type": "PReLU", "negative_slopes": [0.5, 0.25]})", R"({"type": "LeakyReLU", "negative_slope": 0.5})",
        R"({"type": "LeakyHardtanh", "min_val": -0.5, "max_val": 2, "min_slope": 0.25, "max_slope": 0.5})"})
    for (const char* mode : {"none", "gated", "blended"}) {
      SCOPED_TRACE(std::string(activation) + mode);
      const Document each = config.with("/layers/0/activation", activation)
                                .with("/layers/0/secondary_activation", activation)
                                .with("/layers/0/gating_mode", '"' + std::string(mode) + '"')
                                .with("/layers/0/layer1x1_post_film", film);
      const Document inner = plain::WaveNet(each).document(plain::noise(2, 1));
      const Document nam = plain::WaveNet(each.with("/condition_dsp", inner)).document(plain::noise(2, 1));
      expect_same(inlay_test::write_namb(nam.value()), nam);
      expect_same(inlay_test::write_namb(nam.value(), NambForm::march_2026), nam);
    }
}

TEST(Namb, of_linear_models_with_several_channels) {
  const Document nam =
      plain::nam("0.7.0", "Linear", Document(R"({"receptive_field": 3, "bias": true, "out_channels": 2})"), 8);
  expect_same(inlay_test::write_namb(nam.value()), nam);
}

// --- damaged files ------------------------------------------------------------------------------------------------

TEST(NambErrors, of_the_header) {
  const std::string file = bytes_of("linear.namb");  // 132 bytes, weights from 92 on
  ASSERT_EQ(file.size(), 132u);
  EXPECT_EQ(refusal(file.substr(0, 5)),
            "format version (byte 4): expected at least 2 bytes up to the end of this part, found 1");
  EXPECT_EQ(refusal(with(file, 4, 2, 2)), "format version (byte 4): expected 1, found 2");
  EXPECT_EQ(refusal(with(file, 6, 2, 1)), "flags (byte 6): expected 0 in a reserved byte, found 1");
  EXPECT_EQ(refusal(with(file, 8, 4, 133)),
            "file size (byte 8): expected at most 132, the bytes of the file, found 133");
  EXPECT_EQ(refusal(with(file, 12, 4, 79)),
            "offset of the weights (byte 12): expected a whole number from 80 to 132, found 79");
  EXPECT_EQ(refusal(with(file, 12, 4, 133)),
            "offset of the weights (byte 12): expected a whole number from 80 to 132, found 133");
  EXPECT_EQ(refusal(with(file, 16, 4, 0xFFFFFFFF)),
            "number of weights (byte 16): expected at most 10, which the file has room for, found 4294967295");
  EXPECT_EQ(refusal(with(file, 20, 4, 13)),
            "size of the model (byte 20): expected at most 12, the bytes before the weights, found 13");
  EXPECT_NE(refusal(with(file, 24, 1, 0)).find("checksum (byte 24): expected "), std::string::npos);
  EXPECT_EQ(refusal(sealed(file, 28, 1, 1)), "header (byte 28): expected 0 in a reserved byte, found 1");
  EXPECT_EQ(refusal(sealed(file, 12, 4, 132)),
            "number of weights (byte 16): expected at most 0, which the file has room for, found 10");
}

TEST(NambErrors, of_the_metadata) {
  const std::string file = bytes_of("lstm.namb");
  const auto nan = inlay::internal::bit_cast<std::uint64_t>(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(refusal(sealed(file, 33, 1, 8)), "version: expected \"0.5.0\" to \"0.7.x\", found \"0.8.4\"");
  EXPECT_EQ(refusal(sealed(file, 35, 1, 8)), "metadata (byte 35): expected a whole number from 0 to 7, found 8");
  EXPECT_EQ(refusal(sealed(file, 36, 8, nan)), "sample_rate: expected a finite number, found NaN");
  EXPECT_EQ(refusal(sealed(file, 44, 8, nan)), "metadata.loudness (byte 44): expected a finite number, found another");
  EXPECT_EQ(refusal(sealed(file, 79, 1, 8)), "byte 79: expected 0 in a reserved byte, found 8");
  // A level whose flag is not set is not read.
  EXPECT_EQ(refusal(sealed(sealed(file, 35, 1, 6), 44, 8, nan)), "was read");
}

TEST(NambErrors, of_the_model) {
  const std::string file = bytes_of("linear.namb");
  EXPECT_EQ(refusal(sealed(file, 80, 1, 4)), "architecture (byte 80): expected a whole number from 0 to 3, found 4");
  EXPECT_EQ(refusal(sealed(file, 82, 2, 9)),
            "config (byte 84): expected at least 9 bytes up to the end of this part, found 8");
  EXPECT_EQ(refusal(sealed(file, 82, 2, 7)),
            "config (byte 91): expected at least 1 bytes up to the end of this part, found 0");
  EXPECT_EQ(refusal(sealed(file, 84, 4, 0xFFFFFFFF)),
            "config.receptive_field: expected a whole number from 1 to 16777216, found -1");
  EXPECT_EQ(refusal(sealed(file, 84, 4, 16777216)), "weights: expected 16777217 numbers, as config says, found 10");
  EXPECT_EQ(refusal(sealed(file, 88, 1, 2)), "config.bias (byte 88): expected a whole number from 0 to 1, found 2");
  EXPECT_EQ(refusal(sealed(file, 92, 4, 0x7F800000)), "weights[0]: expected a finite number, found infinity");
  EXPECT_EQ(refusal(sealed(file, 20, 4, 11)),
            "config (byte 84): expected at least 8 bytes up to the end of this part, found 7");
  EXPECT_EQ(refusal(sealed(sealed(file, 80, 4, 0x00080002), 84, 8, 0x0101000300010001)),
            "config (byte 92): expected at least 1 bytes up to the end of this part, found 0");
}

TEST(NambErrors, of_a_wavenet) {
  const std::string file = bytes_of("older.namb");  // two arrays, from byte 88 on
  const std::string array = "config.layers[0]";
  EXPECT_EQ(refusal(sealed(file, 85, 1, 1)),
            "config.head (byte 85): expected no head after the stack, for which the format has no room, found one");
  EXPECT_EQ(refusal(sealed(file, 87, 1, 1)),
            "config.condition_dsp.weights (byte 88): expected at most 241, the weights of the model, found 65537");
  EXPECT_EQ(refusal(sealed(file, 86, 1, 3)).substr(0, 24), "config.layers[2].input_s");
  EXPECT_EQ(refusal(sealed(file, 86, 1, 1)),
            "config.layers (byte 170): expected the end of this part, found 105 bytes more");
  EXPECT_EQ(refusal(sealed(file, 106, 1, 2)),
            array + ".layer1x1.active (byte 106): expected a whole number from 0 to 1, found 2");
  EXPECT_EQ(refusal(sealed(file, 116, 1, 4)),
            array + ".conv_pre_film (byte 116): expected a whole number from 0 to 3, found 4");
  EXPECT_EQ(refusal(sealed(file, 148, 4, 0)),
            array + ".dilations[0]: expected a whole number from 1 to 65536, found 0");
  EXPECT_EQ(refusal(sealed(file, 156, 2, 0)),
            array + ".kernel_sizes[0] (byte 156): expected a whole number above 0, found 0");
  EXPECT_EQ(refusal(sealed(file, 160, 1, 11)),
            array + ".activation[0] (byte 160): expected a whole number from 0 to 10, found 11");
  EXPECT_EQ(refusal(sealed(file, 161, 1, 1)),
            array + ".activation[0] (byte 161): expected as many parameters as ReLU has, found 1");
  EXPECT_EQ(refusal(sealed(file, 164, 1, 3)),
            array + ".gating_mode[0] (byte 164): expected a whole number from 0 to 2, found 3");
}

TEST(NambErrors, of_models_inside_of_models_without_end) {
  Document nam = nam_of("older").with("/weights", "[]");
  for (int depth = 0; depth < 40; ++depth)
    nam = nam_of("older").with("/weights", "[]").with("/config/condition_dsp", nam);
  EXPECT_NE(refusal(inlay_test::write_namb(nam.value())).find("expected at most 64 levels of nesting"),
            std::string::npos);
}

TEST(NambErrors, a_change_of_any_byte_is_noticed) {
  for (const char* name : {"wavenet.namb", "older.march_2026.namb", "convnet.namb"}) {
    const std::string file = bytes_of(name);
    for (std::size_t i = 0; i < file.size(); ++i) {
      std::string changed = file;
      changed[i] = static_cast<char>(changed[i] ^ (1 << i % 8));
      EXPECT_NE(refusal(changed), "was read") << name << ", byte " << i;
      EXPECT_NE(refusal(file.substr(0, i)), "was read") << name << ", " << i << " bytes";
    }
    EXPECT_EQ(refusal(file + "of a memory that is larger"), "was read");
  }
}

TEST(NambErrors, with_a_checksum_that_fits_are_read_or_refused) {
  std::uint64_t random = 1;
  const auto below = [&](std::size_t count) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>(random >> 33) % count;
  };
  std::size_t read = 0, refused = 0;
  for (const char* name : {"wavenet.namb", "older.march_2026.namb", "convnet.namb", "lstm.namb", "linear.namb"}) {
    const std::string file = bytes_of(name);
    for (int times = 0; times < 400; ++times) {
      std::string changed = file;
      for (std::size_t changes = 1 + below(3); changes > 0; --changes)
        changed[below(2) == 0 ? below(file.size()) : 80 + below(200) % (file.size() - 80)] =
            static_cast<char>(below(256));
      inlay_test::seal_namb(changed);
      const std::string message = refusal(changed);
      ++(message == "was read" ? read : refused);
      EXPECT_EQ(message.find('\n'), std::string::npos);
    }
  }
  EXPECT_GT(read, 100u);
  EXPECT_GT(refused, 100u);
}
