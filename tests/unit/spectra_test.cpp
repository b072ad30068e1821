// Frames and spectra, against PyTorch.
#include "support/backends.hpp"
#include "support/golden.hpp"

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
