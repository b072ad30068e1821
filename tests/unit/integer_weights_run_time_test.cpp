// Weights of 8 bits in models of dynamic sizes: every layer and every network, against models with rounded weights.
#include <cstdint>
#include <filesystem>
#include <utility>

#include <inlay/run_time/model_on.hpp>
#include "support/every_golden.hpp"
#include "support/rounded_weights.hpp"

using namespace inlay;

using Tested = default_backend_for<float, math::Accurate, std::int8_t>;

class EveryIntegerModel : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(EveryIntegerModel, gives_what_rounded_weights_give) {
  const auto [folder, end] = GetParam();
  for (const std::string& name : golden_names(folder, end)) {
    if (name.starts_with("conv1d_1_1_k")) continue;  // long filters keep their weights as floats
    SCOPED_TRACE(name);
    const std::filesystem::path path = test_file("golden/" + std::string(folder) + "/" + name + end);
    io::ModelFile file = io::read_model(path);
    if (file.check->input.shape[0] >= longest_check) continue;
    auto model = Model<float, Tested>::of(file);  // within the bound of its weights
    replace_output(*file.check, model.runnable());
    round_weights<std::int8_t>(file.chain);
    auto exact = Model<float>::of(file);
    io::Check check = *file.check;
    replace_output(check, exact.runnable());
    expect_golden(model.runnable(), 8, check, stack);
  }
}
INSTANTIATE_TEST_SUITE_P(All, EveryIntegerModel,
                         ::testing::Values(std::pair{"torch", ".f32.json"}, std::pair{"keras", ".json"},
                                           std::pair{"nam", ".json"}));
