// Every limit of io/limits.hpp: what exceeds it is refused, with the place, the limit and what was found.
#include <gtest/gtest.h>

#include <concepts>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <inlay/io/check.hpp>
#include <inlay/io/limits.hpp>
#include <inlay/io/read_model.hpp>
#include <inlay/run_time.hpp>
#include <istream>
#include <nlohmann/json.hpp>
#include <streambuf>
#include <string>

#include "support/document.hpp"
#include "support/refusal.hpp"

using namespace inlay;

namespace {

std::string text(std::size_t number) { return std::to_string(number); }
std::string repeated(const std::string& part, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += part;
  return all;
}
/// Parts with commas between them.
std::string listed(const std::string& part, std::size_t count) { return part + repeated("," + part, count - 1); }

std::string zeros(std::size_t frames, std::size_t channels) {
  return R"({"shape": [)" + text(frames) + "," + text(channels) + R"(], "data": [)" + listed("0", frames * channels) +
         "]}";
}

/// A file with these layers, one channel in, and a check of a few rows.
std::string file(const std::string& layers, std::size_t frames = 2, const std::string& more = "") {
  return R"({"format": "inlay", "version": 1, "layers": [)" + layers + R"(], "check": {"input": )" + zeros(frames, 1) +
         R"(, "output": )" + zeros(1, 1) + R"(, "tolerance": 1e-4})" + more + "}";
}

template <class Action>
  requires std::invocable<Action>
void expect_refused(const std::string& place, const std::string& expected, const std::string& found,
                    const Action& action) {
  try {
    action();
    ADD_FAILURE() << "accepted, but expected " << expected;
  } catch (const load_error& error) {
    EXPECT_EQ(error.place(), place);
    EXPECT_EQ(error.expected(), expected);
    EXPECT_EQ(error.found(), found);
  }
}
void expect_refused(const std::string& model, const std::string& place, const std::string& expected,
                    const std::string& found) {
  expect_refused(place, expected, found, [&] { Model<float>::load_text(model); });
}

/// Spaces without end.
class Endless : public std::streambuf {
  int_type underflow() override {
    setg(part_, part_, part_ + sizeof part_);
    return ' ';
  }
  char part_[4096] = {' '};
};

std::string pad(std::size_t in, std::size_t out) {
  return R"({"type": "pad", "in": )" + text(in) + R"(, "out": )" + text(out) + "}";
}
std::string delay(std::size_t frames, std::size_t size = 1) {
  return R"({"type": "delay", "size": )" + text(size) + R"(, "frames": )" + text(frames) + "}";
}
std::string tanh_of(std::size_t size) { return R"({"type": "tanh", "size": )" + text(size) + "}"; }
std::string pool(std::size_t stride) {
  return R"({"type": "max_pool1d", "size": 1, "kernel_size": 1, "stride": )" + text(stride) + "}";
}
std::string windowed(std::size_t window, std::size_t hop, const std::string& layers) {
  return R"({"type": "windowed", "window": )" + text(window) + R"(, "hop": )" + text(hop) + R"(, "layers": [)" +
         layers + "]}";
}

}  // namespace

TEST(Limits, bytes_of_a_file) {
  const std::string most = "at most " + text(limits::file_bytes) + " bytes";
  const std::filesystem::path path = std::filesystem::temp_directory_path() / "inlay_limits_test.json";
  std::ofstream(path) << "{";
#if !defined(__EMSCRIPTEN__)                                    // has files of 2 GiB at most
  std::filesystem::resize_file(path, std::uintmax_t{1} << 32);  // sparse: takes no room
  expect_refused("file", most, "4294967296", [&] { io::read_model(path); });
#endif
  std::filesystem::remove(path);

  Endless buffer;
  std::istream stream(&buffer);
  expect_refused("file", most, "more", [&] { io::read_model(stream); });
  const std::string spaces(limits::file_bytes + 1, ' ');
  expect_refused("file", most, text(spaces.size()), [&] { io::read_model_text(spaces); });
}

TEST(Limits, nesting) {
  const std::string most = "at most " + text(limits::nesting) + " levels of nesting";
  const auto nested = [](std::size_t depth) { return repeated("[", depth) + repeated("]", depth); };
  expect_refusal([&] { io::read_model_text(nested(limits::nesting)); }, "expected an object");
  expect_refused("[0]", most, "more", [&] { io::read_model_text(nested(limits::nesting + 1)); });
  // A document of nlohmann::json can be as deep as memory allows.
  const nlohmann::json document = nlohmann::json::parse(nested(100000));
  expect_refused("root", most, "more", [&] { Model<float>::load(document); });
}

TEST(Limits, tensors) {
  const auto dense = [](const std::string& shape) {
    return file(R"({"type": "dense", "in": 1, "out": 1, "kernel": {"shape": )" + shape + R"(, "data": [0]}})");
  };
  expect_refused(dense("[" + listed("1", limits::tensor_axes + 1) + "]"), "layers[0].kernel.shape",
                 "1 to " + text(limits::tensor_axes) + " extents", text(limits::tensor_axes + 1));
  expect_refused(dense("[" + text(limits::tensor_values) + ", 2]"), "layers[0].kernel.shape",
                 "at most " + text(limits::tensor_values) + " values", "an array of 2");
}

TEST(Limits, layers) {
  expect_refused(file(listed(tanh_of(1), limits::layers + 1)), "layers[" + text(limits::layers) + "]",
                 "at most " + text(limits::layers) + " layers", "more");
}

TEST(Limits, layers_of_nam_files) {
  const auto convnet = [](std::size_t layers) {
    return R"({"version": "0.5.4", "architecture": "ConvNet", "weights": [], "config":
              {"channels": 1, "batchnorm": false, "activation": "Tanh", "dilations": [)" +
           listed("1", layers) + "]}}";
  };
  expect_refused(convnet(limits::nam_layers + 1), "config.dilations", "1 to " + text(limits::nam_layers) + " entries",
                 "an array of " + text(limits::nam_layers + 1));
  const auto of = [](const char* architecture, const char* name, std::size_t count) {
    return std::string(R"({"version": "0.5.4", "architecture": ")") + architecture +
           R"(", "weights": [], "config": {")" + name + "\": [" + listed("{}", count) + "]}}";
  };
  expect_refused(of("WaveNet", "layers", limits::nam_arrays + 1), "config.layers",
                 "1 to " + text(limits::nam_arrays) + " entries", "an array of " + text(limits::nam_arrays + 1));
  expect_refused(of("SlimmableContainer", "submodels", limits::nam_submodels + 1), "config.submodels",
                 "1 to " + text(limits::nam_submodels) + " entries", "an array of " + text(limits::nam_submodels + 1));
}

TEST(Limits, channels) {
  const std::string most = "at most " + text(limits::channels) + " channels", more = text(2 * limits::channels);
  expect_refused(file(pad(1, limits::channels + 1)), "layers[0]",
                 "from 1 to " + text(limits::channels) + " output channels", text(limits::channels + 1));
  // Layers that only rearrange channels double them, without weights: 40 of them would ask for 2^40.
  std::string doubled;
  for (std::size_t size = 1; size <= limits::channels; size *= 2) {
    const std::string same = R"([{"type": "identity", "size": )" + text(size) + "}]";
    doubled +=
        std::string(doubled.empty() ? "" : ",") + R"({"type": "concat", "branches": [)" + same + "," + same + "]}";
  }
  expect_refused(file(doubled), "layers[16]", most, more);
}

TEST(Limits, options_of_layers) {
  expect_refused(file(delay(limits::option + 1)), "layers[0].frames",
                 "a whole number from 1 to " + text(limits::option), text(limits::option + 1));
  expect_refused(file(windowed(64, limits::option + 1, tanh_of(1))), "layers[0].hop",
                 "a whole number from 1 to " + text(limits::option), text(limits::option + 1));
}

TEST(Limits, past) {
  expect_refused(file(delay(limits::past_values + 1)), "layers[0]",
                 "at most " + text(limits::past_values) + " past frames", text(limits::past_values + 1));
  expect_refused(file(pad(1, 64) + "," + delay(limits::past_values / 64 + 1, 64)), "layers[1]",
                 "at most " + text(limits::past_values / 64) + " past frames", text(limits::past_values / 64 + 1));
}

TEST(Limits, windows) {
  const std::string most = "a window of at most " + text(limits::window_values) + " values";
  expect_refused(file(windowed(1024, 1, pad(1, 32768))), "layers[0].layers[0]", most, text(std::size_t{1} << 25));
  const std::string zeros_before =
      R"({"type": "time_pad", "size": 1, "before": )" + text(limits::past_values) + R"(, "after": 0})";
  expect_refused(file(windowed(64, 1, zeros_before)), "layers[0].layers[0]", most, text(limits::past_values + 64));
}

TEST(Limits, state) {
  // Each layer may be as large as that, but not all of them.
  const std::string most = "a network whose state has at most " + text(limits::state_values) + " values";
  const auto refused_state = [&](const std::string& layers) {
    try {
      Model<float>::load_text(file(layers));
      ADD_FAILURE() << "accepted: " << layers;
    } catch (const load_error& error) {
      EXPECT_EQ(error.place(), "layers");
      EXPECT_EQ(error.expected(), most);
      EXPECT_GT(std::stoull(error.found()), limits::state_values);
    }
  };
  refused_state(delay(limits::past_values) + "," + delay(limits::past_values));
  // Buffers of different sizes do not share memory.
  std::string wider;
  for (std::size_t i = 0; i < 20; ++i)
    wider += (i ? "," : "") + pad(i ? 65000 + i - 1 : 1, 65000 + i) + "," + tanh_of(65000 + i);
  refused_state(wider);
  // An upsampling layer keeps all phases of a tile.
  refused_state(R"({"type": "conv_transpose1d", "in": 1, "out": 32768, "kernel_size": 1, "stride": 64,
                    "kernel": {"shape": [1, 1, 32768], "data": [)" +
                listed("0", 32768) + "]}}");
  refused_state(windowed(1 << 20, 1, pad(1, 16) + "," + tanh_of(16)) + "," +
                windowed(1 << 20, 1, pad(16, 16) + "," + tanh_of(16)));
}

TEST(Limits, rates) {
  expect_refused(file(pool(1 << 20) + "," + pool(128)), "layers[1]",
                 "at most " + text(limits::frames_per_output) + " input frames per output frame",
                 text(std::size_t{1} << 27));
  const auto raised = [](std::size_t factor) {
    return R"({"type": "upsample_nearest", "size": 1, "factor": )" + text(factor) + "}";
  };
  expect_refused(file(raised(65)), "layers[0]", "at most 64 output frames per input frame", "65");
  expect_refused(file(raised(64) + "," + raised(64) + "," + raised(8)), "layers[2]",
                 "at most " + text(limits::frames_per_input) + " output frames per input frame",
                 text(limits::frames_per_input * 2));
  expect_refused(file(R"({"type": "residual", "layers": [)" + raised(2) + "," + raised(64) + "]}"),
                 "layers[0].layers[1]", "at most 64 output frames per input frame", "128");
  const std::string twice = R"({"type": "conv_transpose1d", "in": 1, "out": 1, "kernel_size": 1, "stride": 2,
                                "kernel": {"shape": [1, 1, 1], "data": [0]}})";
  expect_refused(file(listed(twice + "," + pool(2), limits::rate_changes / 2 + 1)),
                 "layers[" + text(limits::rate_changes) + "]",
                 "at most " + text(limits::rate_changes) + " layers in a row that change the rate",
                 text(limits::rate_changes + 1));
}

TEST(Limits, prewarm) {
  expect_refused(file(tanh_of(1), 2, R"(, "prewarm": )" + text(limits::prewarm + 1)), "prewarm",
                 "a whole number from 0 to " + text(limits::prewarm), text(limits::prewarm + 1));
}

TEST(Limits, output_of_a_check) {
  const std::string wide = R"({"format": "inlay", "version": 1, "layers": [)" + pad(1, 65536) + "," + tanh_of(65536) +
                           R"(], "check": {"input": )" + zeros(257, 1) + R"(, "output": )" + zeros(1, 65536) +
                           R"(, "tolerance": 1})";
  expect_refused(wide + "}", "check.input",
                 "a check whose output has at most " + text(limits::check_values) + " values",
                 "257 frames of 65536 channels");
}

TEST(Limits, time_to_load) {
  const auto refused_work = [](const std::string& place, const std::string& model) {
    try {
      Model<float>::load_text(model);
      ADD_FAILURE() << "accepted";
    } catch (const load_error& error) {
      EXPECT_EQ(error.place(), place);
      EXPECT_EQ(error.expected(), "a network that loads with at most 1.71798692e+10 operations");
      EXPECT_GT(std::stod(error.found()), static_cast<double>(limits::load_work));
    }
  };
  const std::string narrow = R"({"type": "slice", "in": 4096, "begin": 0, "out": 1})";
  const std::string wide = pad(1, 4096) + "," + tanh_of(4096) + "," + narrow;
  refused_work("layers", file(wide, 2, R"(, "prewarm": )" + text(limits::prewarm)));
  refused_work("check.input", file(listed(wide, 50), 4000));
  // One window of many layers; and a window inside of a window, each computed once per frame.
  const std::string many = listed(tanh_of(1), 4000);
  refused_work("layers", file(windowed(1 << 19, 1 << 19, many)));
  refused_work("layers", file(windowed(1 << 17, 1, windowed(1 << 17, 1, tanh_of(1)))));
  expect_refusal([] { io::expect_work("here", 1e9, 100); }, "here: expected a network that loads with at most");
  EXPECT_NO_THROW(io::expect_work("here", 1e9, 10));
}

// What exceeds 32 bits is refused where std::size_t has no more, too: it is not taken for the number without them.
TEST(Limits, sizes_of_more_than_32_bits) {
  const auto refused = [](const std::string& place, const std::string& expected, const std::string& model) {
    try {
      Model<float>::load_text(model);
      ADD_FAILURE() << "accepted, but expected " << expected;
    } catch (const load_error& error) {
      EXPECT_EQ(error.place(), place);
      EXPECT_EQ(error.expected(), expected);
    }
  };
  const std::string option = "a whole number from 1 to " + text(limits::option);
  refused("layers[0].frames", option, file(R"({"type": "delay", "size": 1, "frames": 4294967297})"));
  // Past frames: 64 2^26 = 2^32.
  refused("layers[0].dilation", "at most " + text(limits::past_values) + " past frames",
          file(R"({"type": "conv1d", "in": 1, "out": 1, "kernel_size": 65, "dilation": 67108864, "groups": 1,
                   "kernel": {"shape": [65, 1, 1], "data": [)" +
               listed("0", 65) + "]}}"));
  // Output frames of a tile: 64 2^26. Input frames per output frame: 2^20 2^12.
  refused("layers[0]", "at most 64 output frames per input frame",
          file(R"({"type": "conv_transpose1d", "in": 1, "out": 1, "kernel_size": 1, "stride": 67108864,
                   "kernel": {"shape": [1, 1, 1], "data": [0]}})"));
  refused("layers[1]", "at most " + text(limits::frames_per_output) + " input frames per output frame",
          file(pool(1 << 20) + "," + pool(1 << 12)));
  // Values of a window: 2^16 2^16.
  refused("layers[0].layers[0]", "a window of at most " + text(limits::window_values) + " values",
          file(windowed(1 << 16, 1, pad(1, 1 << 16))));
  // Values of the buffers, which are of different sizes: 1050 64 64,500.
  std::string wider;
  for (std::size_t i = 0; i < 1050; ++i)
    wider += (i ? "," : "") + pad(i ? 64000 + i - 1 : 1, 64000 + i) + "," + tanh_of(64000 + i);
  refused("layers", "a network whose state has at most " + text(limits::state_values) + " values", file(wider));
  // Weights of an LSTM: 4 2^15 2^15 and more.
  const std::string lstm = R"({"version": "0.5.4", "architecture": "LSTM", "weights": [], "config":
                              {"num_layers": 1, "input_size": 1, "hidden_size": 32768}})";
  refused("weights", "4295327745 numbers, as config says", lstm);
}

TEST(Limits, a_network_has_a_layer) {
  expect_refused(R"({"in_shape": [null, null, 1],
                     "layers": [{"type": "activation", "activation": "", "shape": [null, null, 1]}]})",
                 "layers", "at least one layer that computes something", "none");
}
