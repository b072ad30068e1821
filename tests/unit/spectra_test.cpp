// Frames and spectra, against PyTorch.
#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/backends.hpp"
#include "support/golden.hpp"
#include "support/numbers.hpp"
#include "support/refusal.hpp"

using namespace inlay;

template <class B>
class SpectraTest : public ::testing::Test {};
TYPED_TEST_SUITE(SpectraTest, OneBackend);

TYPED_TEST(SpectraTest, transforms) {
  using B = TypeParam;
  golden<ModelT<RFFT<32, B>>>("rfft_32", single_layer);
  golden<ModelT<IRFFT<32, B>>>("irfft_32", single_layer);
}
TYPED_TEST(SpectraTest, products_and_magnitudes) {
  using B = TypeParam;
  golden<ModelT<ComplexProduct<5, B>>>("complex_product_5", single_layer);
  golden<ModelT<Magnitude<5, B>>>("magnitude_5", single_layer);
}
TYPED_TEST(SpectraTest, a_mask_of_spectra) {
  using B = TypeParam;
  using Mask = Sequential<Magnitude<33, B>, Dense<33, 8, B>, Tanh<8, B>, GRU<8, 8, B>, Dense<8, 66, B>>;
  using Model = ModelT<OverlapAdd<16, RFFT<64, B>, Concat<Identity<66, B>, Mask>, ComplexProduct<33, B>, IRFFT<64, B>>>;
  static_assert(Model::receptive_field == unbounded && Model::one_to_one);
  golden<Model>("spectral_mask", stack);
}
TEST(SpectraGuide, the_guides_denoiser_is_that_network) {
  // clang-format off
  using Mask = Sequential<Magnitude<33>, Dense<33, 8>, Tanh<8>, GRU<8, 8>, Dense<8, 66>>;
  using Denoiser = ModelT<OverlapAdd<16,                            // a frame every 16 samples
                                     RFFT<64>,                      // 64 samples to 33 bins
                                     Concat<Identity<66>, Mask>,    // the spectrum, and its mask
                                     ComplexProduct<33>,            // their product
                                     IRFFT<64>>>;                   // back to 64 samples, which are added up
  static_assert(Denoiser::latency() == 63);
  // clang-format on
  loads<Denoiser>("spectral_mask");
}
TYPED_TEST(SpectraTest, frames_of_a_learned_encoder) {
  using B = TypeParam;
  using Model = ModelT<Dense<1, 1, B>, OverlapAdd<9, Dense<40, 12, B>, Tanh<12, B>, Dense<12, 20, B>>, Tanh<1, B>>;
  static_assert(Model::latency() == 19 && Model::receptive_field == 40 + 19);
  golden<Model>("overlap_add_learned", stack);
  using Beside = Parallel<Delay<1, 11, B>, OverlapAdd<4, Dense<12, 12, B>, Tanh<12, B>>>;
  golden<ModelT<Beside>>("overlap_add_beside", single_layer);
}
TYPED_TEST(SpectraTest, channels_by_their_numbers) {
  golden<ModelT<Gather<5, 7, TypeParam>>>("gather_5_7", single_layer);
}
TYPED_TEST(SpectraTest, features) {
  using B = TypeParam;
  golden<ModelT<AlongFeatures<70, GRU<2, 5, B>, Dense<5, 3, B>>>>("along_features", single_layer);
  using Model = ModelT<PerFeature<5, GRU<3, 4, B>, Conv1D<4, 2, 3, 2, 1, B>>>;
  static_assert(Model::parameters == GRU<3, 4>::parameters + Conv1D<4, 2, 3>::parameters);
  golden<Model>("per_feature", single_layer);
}

namespace {

/// Compares layers whose frames are spread over a hop with the same layers whose frames are computed at once: the same
/// bits, a hop later, however the signal is cut and whatever the state was.
template <std::size_t Hop, class... Layers>
void spreads() {
  using AtOnce = ModelT<OverlapAdd<Hop, Layers...>>;
  using Spread = ModelT<SpreadOverlapAdd<Hop, Layers...>>;
  static_assert(Spread::latency() == AtOnce::latency() + Hop && Spread::macs_per_sample == AtOnce::macs_per_sample);
  static_assert(AtOnce::receptive_field == unbounded || Spread::receptive_field == AtOnce::receptive_field + Hop);
  const auto at_once = std::make_unique<AtOnce>();
  const auto spread = std::make_unique<Spread>(), copy = std::make_unique<Spread>();
  for (auto fill : {0, 1}) {
    Numbers numbers{7, 0.7};
    if (fill == 0) at_once->layers().visit(numbers);
    else spread->layers().visit(numbers);
  }
  using T = typename Spread::scalar;
  std::vector<T> x(300), expected(x.size()), y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(i * 37 % 64) / 64 - T(0.5);
  at_once->process({x.data(), x.size()}, {expected.data(), x.size()});
  EXPECT_NE(expected.back(), 0);
  const std::size_t cuts[][3] = {{1, 1, 1}, {300, 1, 1}, {5, 31, 64}, {Hop, 1, Hop - 1}, {130, 3, 77}};
  for (const auto& cut : cuts) {
    spread->reset();
    for (std::size_t first = 0, i = 0, n = 0; first < x.size(); first += n, ++i) {
      n = std::min(cut[i % 3], x.size() - first);
      if (n == 1 && cut[0] == 1) y[first] = spread->forward(x[first]);
      else spread->process({x.data() + first, n}, {y.data() + first, n});
      if (i == 4) *copy = *spread, *spread = *copy;  // in the middle of a frame
    }
    EXPECT_TRUE(std::all_of(y.begin(), y.begin() + Hop, [](T value) { return value == 0; }));
    EXPECT_TRUE(std::equal(y.begin() + Hop, y.end(), expected.begin()));
  }
}

/// A layer of `Work` operations that notes when its last frame was computed.
template <int Name, std::size_t Work>
struct Noted : Pointwise<Noted<Name, Work>, 8, default_backend> {
  using T = typename Noted::scalar;
  static constexpr std::string_view type = "noted";
  static constexpr std::size_t macs = Work - 8 * (8 + 8);
  static inline std::size_t now = 0, ran = 0;
  auto apply(auto x, auto) const noexcept { return x; }
  void forward(typename Noted::State&, const T* in, T* out) const noexcept {
    std::copy_n(in, 8, out);
    ran = Noted<0, 200>::now;
  }
};

}  // namespace

TEST(SpreadFrames, are_the_same_bits_a_hop_later) {
  using Mask = Sequential<Magnitude<33>, Dense<33, 8>, Tanh<8>, GRU<8, 8>, Dense<8, 66>>;
  spreads<16, RFFT<64>, Concat<Identity<66>, Mask>, ComplexProduct<33>, IRFFT<64>>();
  // Combinators whose formulas copy channels, add in place, or read a condition.
  spreads<9, Dense<40, 12>, Parallel<Identity<12>, Residual<Dense<12, 12>, Tanh<12>>>, Residual<Dense<12, 12>>,
          InputAsCondition<FiLM<12, 12>, Mixin<Dense<12, 12>>>, Split<Sequential<Dense<5, 5>, Tanh<5>>, Dense<7, 7>>,
          ResidualSkip<Dense<5, 5>, Dense<5, 5>, Dense<5, 7>>, Dense<12, 12>>();
}

TEST(SpreadFrames, run_one_layer_after_the_other_by_their_work) {
  using A = Noted<0, 200>;
  using B = Noted<1, 400>;
  using C = Noted<2, 800>;
  using D = Noted<3, 200>;
  // 1600 operations of layers and 8 * (8 + 8) of a sum, which counts to C: halves of A, B, C and D are at 100, 400,
  // 1064 and 1628 of 1728, at a hop of 8.
  static ModelT<SpreadOverlapAdd<8, A, Parallel<B, C>, D>> model;
  std::size_t& now = A::now;
  for (now = 1; now <= 16; ++now) model.forward(1);
  EXPECT_EQ((std::array{A::ran, B::ran, C::ran, D::ran}), (std::array<std::size_t, 4>{9, 10, 13, 16}));
}

TEST(SpreadFrames, are_an_option_that_file_and_type_agree_on) {
  Sequential<OverlapAdd<4, Dense<12, 12>, Tanh<12>>> at_once;
  Sequential<SpreadOverlapAdd<4, Dense<12, 12>, Tanh<12>>> spread;
  io::ModelFile file = io::read_model(std::filesystem::path(test_file("golden/torch/overlap_add_beside.f32.json")));
  io::ChainRecord& chain = file.chain.layers[0].chains.find("branches")->second[1];
  io::Value option{"layers[0].spread", false};
  EXPECT_NO_THROW(io::load_chain(at_once, chain));
  expect_refusal([&] { io::load_chain(spread, chain); }, "expected a member \"spread\", found none");
  chain.layers[0].values.emplace("spread", option);
  EXPECT_NO_THROW(io::load_chain(at_once, chain));
  chain.layers[0].values["spread"].value = true;
  EXPECT_NO_THROW(io::load_chain(spread, chain));
  expect_refusal([&] { io::load_chain(at_once, chain); },
                 "layers[0].spread (layer 0 of the model: overlap_add 1 -> 1): expected false, found true");
}
