// Damaged model files of every format: cut off, with bytes changed, with values changed, moved or gone. Each is read or
// refused with a load_error. No model is built, so this is quick to compile where everything is instrumented.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <inlay/io/read_model.hpp>
#include <inlay/io/write_model.hpp>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/document.hpp"
#include "support/paths.hpp"
#include "support/plain_nam.hpp"
#include "support/plain_proteus.hpp"

using namespace inlay;
using nlohmann::json;

namespace {

std::filesystem::path fixtures() {
  if (const char* folder = std::getenv("INLAY_FIXTURES")) return folder;
  return inlay_test::fixtures();
}

/// A series of its own for each seed.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::size_t below(std::size_t count) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>(state_ >> 33) % count;
  }

 private:
  std::uint64_t state_;
};

/// Somewhere in a document.
json& any_value(json& document, Random& random) {
  json* at = &document;
  while (at->is_structured() && !at->empty() && random.below(5) > 0) {
    auto member = at->begin();
    std::advance(member, random.below(at->size()));
    at = &*member;
  }
  return *at;
}

void damage(json& document, Random& random) {
  static const json others =
      parse_json(R"([null, true, false, 0, 1, 2, -1, 0.5, 1e300, -1e300, 65536, 4294967296, 18446744073709551615, "",
                      "Tanh", [], {}, [1, 2], {"active": true}])");
  json& value = any_value(document, random);
  switch (random.below(3)) {
    case 0:
      value = others[random.below(others.size())];
      break;
    case 1:
      if (value.is_structured() && !value.empty()) {
        auto member = value.begin();
        std::advance(member, random.below(value.size()));
        value.erase(member);
      }
      break;
    default:
      value = json(any_value(document, random));
  }
}

/// Reading a document, or text, ends in a model or a load_error.
void attempt(const json* document, std::string_view text) {
  try {
    const io::ModelFile file = read_json(document ? *document : parse_json(text));
    if (file.check) parse_json(io::write_model(file));
  } catch (const load_error& error) {
    EXPECT_FALSE(error.place().empty());
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
  }
}

/// So does every way of damaging a file.
void damage_all(std::string_view text, std::uint64_t seed, std::size_t times) {
  Random random(seed);
  const json document = parse_json(text);
  for (std::size_t i = 0; i < times; ++i) {
    attempt(nullptr, text.substr(0, random.below(text.size())));
    std::string flipped(text);
    for (std::size_t flips = 1 + random.below(3); flips > 0; --flips)
      flipped[random.below(text.size())] = static_cast<char>(random.below(256));
    attempt(nullptr, flipped);
    json changed = document;
    for (std::size_t changes = 1 + random.below(3); changes > 0; --changes) damage(changed, random);
    attempt(&changed, {});
  }
}

}  // namespace

TEST(DamagedModels, built_here_are_read_or_refused) {
  Document config(R"({
    "layers": [
      {"input_size": 1, "condition_size": 1, "channels": 2, "kernel_sizes": [2, 1], "dilations": [1, 2],
       "activation": ["Tanh", {"type": "PReLU", "negative_slopes": [0.1, 0.2]}],
       "gating_mode": ["gated", "blended"],
       "layer1x1": {"active": true, "groups": 2},
       "head1x1": {"active": true, "out_channels": 2, "groups": 1},
       "conv_post_film": {"active": true, "shift": true, "groups": 1},
       "head": {"out_channels": 1, "kernel_size": 2, "bias": true}}],
    "head_scale": 1})");
  config = config.with("/condition_dsp", plain::WaveNet(config).document(plain::noise(2, 1)))
               .with("/head", R"({"channels": 2, "out_channels": 1, "kernel_sizes": [1, 2], "activation": "ReLU"})");
  const Document wavenet = plain::WaveNet(config).document(plain::noise(2, 1));
  EXPECT_NO_THROW(wavenet.read());
  const std::vector<std::string> texts{wavenet.dump(), plain::proteus("GRU", 3, 1).dump(),
                                       plain::proteus("RNN", 1, 0).dump()};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    SCOPED_TRACE("seed " + std::to_string(i));
    damage_all(texts[i], i, 400);
  }
}

TEST(DamagedModels, are_refused_in_one_line) {
  for (const char* text : {R"({"a\nb": {"c": 1, "c": 2}})",
                           R"({"architecture": "a\nb", "version": "0.5.0", "config": {}, "weights": []})"})
    try {
      Document(text).read();
      ADD_FAILURE() << "was read";
    } catch (const load_error& error) {
      EXPECT_NE(std::string(error.what()).find("a?b"), std::string::npos) << error.what();
    }
}

TEST(DamagedModels, of_the_json_library_are_refused) {
  json document = {{"in_shape", {nullptr, nullptr, 1}}, {"layers", json::array({{{"type", "\xff"}}})}};
  EXPECT_THROW(io::read_model_of(document), load_error);  // its own text would end in another exception
}

TEST(DamagedModels, from_elsewhere_are_read_or_refused) {
  if (!std::filesystem::exists(fixtures() / "malformed")) GTEST_SKIP() << "no reference files in " << fixtures();
  std::uint64_t seed = 100;
  for (const char* name : {"malformed/valid_wavenet.nam", "malformed/valid_lstm.nam", "malformed/valid_container.nam",
                           "malformed/valid_proteus.json", "malformed/valid_rtneural.json", "nam/convnet_synthetic.nam",
                           "nam/linear_synthetic.nam", "nam/lstm.nam"}) {
    SCOPED_TRACE(std::string(name) + ", seed " + std::to_string(seed));
    damage_all(io::read_text(fixtures() / name), seed++, 200);
  }
}
