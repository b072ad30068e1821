// Gains from what files say, against the rules of Neural Amp Modeler's plugin.
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <inlay/plugin/levels.hpp>
#include <inlay/run_time.hpp>
#include <string>

#include "support/paths.hpp"

namespace {

using namespace inlay;  // NOLINT(google-build-using-namespace)

TEST(Levels, AreReadFromTheMetadata) {
  ModelInfo info;
  EXPECT_FALSE(levels_of(info).loudness);
  info.metadata =
      R"({"name": "x", "loudness": -20.5, "gain": 0.25, "input_level_dbu": 18.3, "output_level_dbu": null})";
  const ModelLevels levels = levels_of(info);
  EXPECT_EQ(levels.loudness, -20.5);
  EXPECT_EQ(levels.gain, 0.25);
  EXPECT_EQ(levels.input_level_dbu, 18.3);
  EXPECT_FALSE(levels.output_level_dbu);
}

TEST(Levels, RefuseWhatIsNoLevel) {
  const auto message = [](const char* metadata) -> std::string {
    ModelInfo info;
    info.metadata = metadata;
    try {
      levels_of(info);
      return "";
    } catch (const load_error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(message(R"({"loudness": "loud"})"), "metadata.loudness: expected a number, found \"loud\"");
  EXPECT_EQ(message(R"({"input_level_dbu": 1e9})"),
            "metadata.input_level_dbu: expected a level between -200 and 200 dB, found 1000000000.0");
}

double decibels(double factor) { return 20 * std::log10(factor); }

// The plugin's inputs and results, computed by hand from its formulas.
TEST(Levels, GiveTheGainsOfNeuralAmpModeler) {
  const ModelLevels all{.loudness = -20, .input_level_dbu = 18.3, .output_level_dbu = 12.3, .gain = 0.2};
  Gains gains = gains_for(all);  // the plugin's defaults: normalized, not calibrated
  EXPECT_NEAR(decibels(gains.in), 0, 1e-12);
  EXPECT_NEAR(decibels(gains.out), 2, 1e-12);
  gains = gains_for(all, {.output = OutputLevel::calibrated, .calibrate_input = true});
  EXPECT_NEAR(decibels(gains.in), 12 - 18.3, 1e-12);
  EXPECT_NEAR(decibels(gains.out), 12.3 - 12, 1e-12);
  gains = gains_for(all, {.output = OutputLevel::calibrated, .calibrate_input = true, .interface_dbu = 4});
  EXPECT_NEAR(decibels(gains.in), 4 - 18.3, 1e-12);
  EXPECT_NEAR(decibels(gains.out), 12.3 - 4, 1e-12);
  gains = gains_for(all, {.output = OutputLevel::raw});
  EXPECT_EQ(gains.in, 1);
  EXPECT_EQ(gains.out, 1);
  for (const OutputLevel output : {OutputLevel::raw, OutputLevel::normalized, OutputLevel::calibrated}) {
    gains = gains_for({}, {.output = output, .calibrate_input = true});  // a file without levels
    EXPECT_EQ(gains.in, 1);
    EXPECT_EQ(gains.out, 1);
  }
}

TEST(Levels, OfAFileOfOthers) {
  const std::filesystem::path path = inlay_test::fixtures() + "/nam/lstm.nam";
  if (!exists(path)) GTEST_SKIP() << "no reference data";
  const ModelLevels levels = levels_of(Model<float>::load(path).info());
  EXPECT_EQ(levels.loudness, -37.8406867980957);
  EXPECT_EQ(levels.input_level_dbu, 18.3);
  EXPECT_EQ(levels.output_level_dbu, 12.3);
}

}  // namespace
