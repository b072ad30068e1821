// Models in a row of Neural Amp Modeler's .nam files (Sequential), FiLM behind layer1x1, and impulse responses of
// several channels: against NAM Core's outputs (unit/nam/README.md) and against a plain evaluation.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <inlay/inlay.hpp>
#include <inlay/run_time.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/document.hpp"
#include "support/golden.hpp"
#include "support/plain_nam.hpp"

using namespace inlay;

namespace {

Document nam_of(const std::string& name) { return Document::of_file(test_file("unit/nam/" + name + ".nam")); }

io::TensorRecord signal(std::vector<double> values, std::size_t channels = 1) {
  return {.place = {}, .shape = {values.size() / channels, channels}, .values = std::move(values), .row_places = {}};
}
io::TensorRecord signal(const plain::Signal& frames) {
  std::vector<double> values;
  for (const auto& frame : frames) values.insert(values.end(), frame.begin(), frame.end());
  return signal(std::move(values), frames[0].size());
}

/// Loads a file, `output` being what NAM Core makes of the input after its silence. Loading runs the model frame by
/// frame and in buffers of uneven sizes.
void expect_golden(const std::string& name) {
  const Document golden = Document::of_file(test_file("unit/nam/" + name + ".golden.json"));
  io::ModelFile file = nam_of(name).read();
  io::Check check;
  check.skip = golden.whole("/prewarm_zeros");
  std::vector<double> input(check.skip);
  for (double x : golden.numbers("/input")) input.push_back(x);
  check.input = signal(std::move(input));
  check.output = signal(golden.numbers("/output"));
  check.tolerance = 1e-6;
  file.check = std::move(check);
  EXPECT_NO_THROW(Model<float>::of(file)) << name;
}

/// A plain response of `taps` weights from number `at` on.
plain::Signal respond(const plain::Signal& x, std::size_t taps, std::size_t at) {
  plain::Signal y(x.size(), std::vector<double>(1));
  for (std::size_t t = 0; t < x.size(); ++t)
    for (std::size_t k = 0; k < taps && k <= t; ++k) y[t][0] += plain::weight(at + k) * x[t - k][0];
  return y;
}

void expect_plain(const Document& nam, const plain::Signal& x, const plain::Signal& y) {
  io::ModelFile file = nam.read();
  io::Check check;
  check.input = signal(x);
  check.output = signal(y);
  check.tolerance = 1e-12;
  file.check = std::move(check);
  EXPECT_NO_THROW(Model<double>::of(file));
}

Document linear(const std::string& more, std::size_t weights) {
  return plain::nam("0.7.0", "Linear", Document(R"({"receptive_field": 3, "bias": false)" + more + "}"), weights);
}
Document row_of(const std::vector<Document>& models) {
  Document row(R"({"version": "0.7.0", "architecture": "Sequential", "config": {"models": []}, "weights": []})");
  for (const Document& model : models) row = row.with("/config/models/-", model);
  return row;
}

}  // namespace

// --- against NAM Core ---------------------------------------------------------------------------------------------

TEST(NamRow, of_an_amplifier_and_a_cabinet) { expect_golden("rig"); }
TEST(NamRow, of_rows_and_containers) { expect_golden("nested_rig"); }
TEST(NamRow, as_a_condition) { expect_golden("conditioned"); }

// Until 0.5.5 NAM Core left it out in layers that are not blended, unlike the trainer.
TEST(NamFilm, behind_layer1x1_works_in_every_gating_mode) { expect_golden("film"); }

// --- what is known of a row ---------------------------------------------------------------------------------------

TEST(NamRow, has_its_own_metadata_and_the_silence_of_all) {
  const Document rig = nam_of("rig");
  const ModelInfo info = rig.read().info, amp = rig["/config/models/0"].read().info;
  EXPECT_EQ(info.sample_rate, 48000);
  EXPECT_EQ(Document(info.metadata).number("/loudness"), -21.25);
  EXPECT_FALSE(Document(info.metadata).has("/input_level_dbu"));
  EXPECT_TRUE(rig.without("/metadata").read().info.metadata.empty());
  // The cabinet's past fills with what the amplifier gives in silence.
  EXPECT_EQ(info.prewarm, amp.prewarm + 39);
  EXPECT_EQ(rig["/config/models/1"].read().info.prewarm, 0u);
  EXPECT_EQ(row_of({rig, linear("", 3)}).read().info.prewarm, info.prewarm + 2);
  EXPECT_EQ(row_of({linear("", 3), rig}).read().info.prewarm, info.prewarm);
}

TEST(NamRow, starts_from_what_it_gives_in_silence) {
  auto model = Model<float>::of(nam_of("rig").read());
  const float zeros[300] = {}, *in = zeros;
  float y[300], *out = y;
  model.reset();
  model.process(&in, &out, 300);
  EXPECT_NE(y[0], 0.0f);
  for (float each : y) EXPECT_NEAR(each, y[299], 1e-6f);
}

TEST(NamRow, has_one_sample_rate) {
  const Document row = row_of({linear("", 3), linear("", 3)});
  EXPECT_FALSE(row.read().info.sample_rate);
  EXPECT_EQ(row.with("/config/models/1/sample_rate", "44100").read().info.sample_rate, 44100);
  EXPECT_EQ(row.with("/sample_rate", "44100").read().info.sample_rate, 44100);
  const Document both = row.with("/config/models/1/sample_rate", "44100");
  EXPECT_EQ(refusal(both.with("/sample_rate", "48000")),
            "config.models[1]: expected a model for 48000 Hz, as the ones before, found 44100");
  EXPECT_EQ(refusal(both.with("/config/models/0/sample_rate", "48000")),
            "config.models[1]: expected a model for 48000 Hz, as the ones before, found 44100");
  // Also that of a row inside of a row.
  EXPECT_EQ(refusal(row_of({both, linear("", 3).with("/sample_rate", "48000")})),
            "config.models[1]: expected a model for 44100 Hz, as the ones before, found 48000");
}

TEST(NamRow, passes_the_size_on) {
  const Document rig = nam_of("nested_rig"), container = rig["/config/models/2"];
  const auto channels = [](const io::ModelFile& file) { return io::parameters_of(file.chain); };
  const Document row = row_of({container, linear("", 3)});
  const Document larger = container["/config/submodels/1/model"];
  EXPECT_EQ(channels(row.read()), channels(larger.read()) + 3);
  const Document named = row.with("/config/models/0/config/submodels/0/model", linear("", 3));
  EXPECT_EQ(channels(named.read({.size = 0.2})), 6u);
}

TEST(NamRow, loads_into_a_type) {
  ModelT<Conv1D<1, 1, 3, 1>, Conv1D<1, 1, 3, 1>> typed;
  const Document row = row_of({linear("", 3), linear("", 3)});
  typed.load_text(row.dump());
  const plain::Signal x = plain::noise(40, 1), y = respond(respond(x, 3, 0), 3, 0);
  for (std::size_t t = 0; t < x.size(); ++t) EXPECT_NEAR(typed.forward(static_cast<float>(x[t][0])), y[t][0], 1e-6);
}

TEST(NamRow, that_does_not_fit_is_refused) {
  const Document row = row_of({linear("", 3), linear("", 3)});
  expect_read(row);
  EXPECT_EQ(refusal(row.with("/weights", "[0.5]")), "weights: expected 0 numbers, as config says, found 1");
  EXPECT_EQ(refusal(row.with("/config/models", "[]")), "config.models: expected 1 to 64 entries, found an array of 0");
  EXPECT_EQ(refusal(row.with("/config/models", "{}")), "config.models: expected an array, found an object");
  EXPECT_EQ(refusal(row.without("/config/models")), "config: expected a member \"models\", found none");
  EXPECT_EQ(refusal(row.with("/config/models/0", linear(R"(, "out_channels": 2)", 6))),
            "config.models[1]: expected a model with 2 input channels, the output channels of the one before, found 1");
  EXPECT_EQ(refusal(row.with("/config/models/1/weights/-", "1")),
            "config.models[1].weights: expected 3 numbers, as config says, found 4");
  // The trainer of 2025 wrote configs without the names of their architectures, and all weights into one list.
  const Document prototype = row.with("/config/models/0", row["/config/models/0/config"]).with("/weights", "[1, 2]");
  EXPECT_EQ(refusal(prototype),
            "config.models[0]: expected a complete model with \"version\", \"architecture\", \"config\" and "
            "\"weights\", found a part of one");
  EXPECT_EQ(refusal(row.without("/config/models/1/version")),
            "config.models[1]: expected a member \"version\", found none");
}

// --- impulse responses of several channels -----------------------------------------------------------------------

TEST(NamLinear, of_as_many_channels_in_and_out_have_the_same_response) {
  const Document nam = linear(R"(, "in_channels": 2, "out_channels": 2)", 4).with("/config/bias", "true");
  const plain::Signal x = plain::noise(40, 2);
  plain::Signal y = x;
  for (std::size_t c = 0; c < 2; ++c) {
    plain::Signal one(x.size(), std::vector<double>(1));
    for (std::size_t t = 0; t < x.size(); ++t) one[t][0] = x[t][c];
    one = respond(one, 3, 0);
    for (std::size_t t = 0; t < x.size(); ++t) y[t][c] = one[t][0] + plain::weight(3);
  }
  expect_plain(nam, x, y);
}

TEST(NamLinear, of_one_channel_in_and_two_out_has_two_responses) {
  const Document nam = linear(R"(, "out_channels": 2)", 8).with("/config/bias", "true");
  const plain::Signal x = plain::noise(40, 1), left = respond(x, 3, 0), right = respond(x, 3, 3);
  plain::Signal y(x.size());
  for (std::size_t t = 0; t < x.size(); ++t) y[t] = {left[t][0] + plain::weight(6), right[t][0] + plain::weight(7)};
  expect_plain(nam, x, y);
}

TEST(NamLinear, of_two_channels_in_and_one_out_adds_two_responses) {
  const Document nam = linear(R"(, "in_channels": 2)", 7).with("/config/bias", "true");
  const plain::Signal x = plain::noise(40, 2);
  plain::Signal first(x.size()), second(x.size()), y(x.size());
  for (std::size_t t = 0; t < x.size(); ++t) first[t] = {x[t][0]}, second[t] = {x[t][1]};
  first = respond(first, 3, 0);
  second = respond(second, 3, 3);
  for (std::size_t t = 0; t < x.size(); ++t) y[t] = {first[t][0] + second[t][0] + plain::weight(6)};
  expect_plain(nam, x, y);
}

TEST(NamLinear, refuses_other_numbers_of_channels) {
  EXPECT_EQ(refusal(linear(R"(, "in_channels": 2, "out_channels": 3)", 18)),
            "config.out_channels: expected 1 or 2, the number of input channels, unless that is 1, found 3");
  // One response for all channels is one in the file and many in memory.
  const Document wide = plain::nam(
      "0.7.0", "Linear",
      Document(R"({"receptive_field": 300, "bias": false, "in_channels": 65536, "out_channels": 65536})"), 300);
  EXPECT_EQ(refusal(wide),
            "config.receptive_field: expected a response for which the channels keep at most 16777216 past values, "
            "found 300");
}

TEST(NamConvNet, of_several_outputs) {
  const Document nam = plain::nam("0.7.0", "ConvNet", Document(R"({"channels": 2, "dilations": [3], "batchnorm": false,
                                               "activation": "ReLU", "out_channels": 3})"),
                                  4 + 2 + 6 + 3);
  const plain::Signal x = plain::noise(40, 1);
  plain::Signal y = plain::Conv{1, 2, 2, 3, 1, true, 0}.run(x);
  for (auto& frame : y)
    for (double& each : frame) each = std::max(0.0, each);
  expect_plain(nam, x, plain::Conv{2, 3, 1, 1, 1, true, 6}.run(y));
}
