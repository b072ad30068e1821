// Weights of 8 and 16 bits in models of dynamic sizes: every layer and every network, against models with rounded
// weights.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <inlay/run_time/model_on.hpp>
#include "support/every_golden.hpp"
#include "support/rounded_weights.hpp"

using namespace inlay;

template <class W>
using On = default_backend_for<float, math::Accurate, W>;
using Bytes = Model<float, On<std::int8_t>>;

/// The library's kernels, but for three layers, whose weights have 16 bits. All layers would take a minute to compile.
class WordKernels final : public run_time::Kernels<float> {
  using Words = On<std::int16_t>;
  using Layer = std::unique_ptr<run_time::Operation<float>>;
  template <class L>
  static Layer make(const io::LayerRecord& record, std::size_t width) {
    return std::make_unique<kernels::LayerOperation<L>>(record, width);
  }

 public:
  const char* name() const noexcept override { return own.name(); }
  Layer layer(const io::LayerRecord& record, std::size_t width) const override {
    const std::string_view type = io::type_of(record);
    if (type == "dense") return make<kernels::PanelDense<Words>>(record, width);
    if (type == "conv1d") return make<kernels::PanelConv1D<Words>>(record, width);
    if (type == "lstm") return make<BasicLSTM<dynamic, dynamic, AnyGate, Words>>(record, width);
    return own.layer(record, width);
  }
  Layer map(MapFunction function, std::size_t channels) const override { return own.map(function, channels); }
  Layer copy(std::size_t channels) const override { return own.copy(channels); }
  Layer zeros(std::size_t channels) const override { return own.zeros(channels); }
  std::size_t forward(const run_time::Run<float>& run, const float* in, float* out,
                      const float* condition) const noexcept override {
    return own.forward(run, in, out, condition);
  }
  std::size_t process(const run_time::Run<float>& run, const float* const* in, float* const* out, std::size_t frames,
                      Condition<float> condition) const noexcept override {
    return own.process(run, in, out, frames, condition);
  }

 private:
  const run_time::Kernels<float>& own = run_time::choose_kernels<float>({});
};

struct Words : Model<float> {
  static Model<float> of(const io::ModelFile& file) {
    static const WordKernels kernels;
    return Model<float>::of(file, kernels);
  }
};

/// Compares a network of `Compact`, which stores weights W, with that of rounded weights.
template <class Compact, class W>
void expect_rounded_network(io::ModelFile file) {
  auto model = Compact::of(file);  // within the bound of its weights
  replace_output(*file.check, model.runnable());
  round_weights<W>(file.chain);
  auto exact = Model<float>::of(file);
  io::Check check = *file.check;
  replace_output(check, exact.runnable());
  expect_golden(model.runnable(), 8, check, stack);
}

io::ModelFile golden_file(const std::string& folder, const std::string& name) {
  return io::read_model(std::filesystem::path(test_file("golden/" + folder + "/" + name)));
}

class EveryIntegerModel : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(EveryIntegerModel, gives_what_rounded_weights_give) {
  const auto [folder, end] = GetParam();
  for (const std::string& name : golden_names(folder, end)) {
    if (name.starts_with("conv1d_1_1_k")) continue;  // long filters keep their weights as floats
    SCOPED_TRACE(name);
    io::ModelFile file = golden_file(folder, name + end);
    if (file.check->input.shape[0] < longest_check) expect_rounded_network<Bytes, std::int8_t>(std::move(file));
  }
}
INSTANTIATE_TEST_SUITE_P(All, EveryIntegerModel,
                         ::testing::Values(std::pair{"torch", ".f32.json"}, std::pair{"keras", ".json"},
                                           std::pair{"nam", ".json"}));

TEST(ModelOfWords, gives_what_rounded_weights_give) {
  for (const char* name : {"dense_3_5", "dense_mlp", "conv1d_3_20_k2", "conv1d_6_6_k3_d4_g3", "conv1d_4_6_k5_s3_d2",
                           "lstm_2_17", "lstm20_dense", "wavenet_gated"}) {
    SCOPED_TRACE(name);
    expect_rounded_network<Words, std::int16_t>(golden_file("torch", std::string(name) + ".f32.json"));
  }
}
