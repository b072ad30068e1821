// Files of RTNeural's Keras script. They are not in the repository; without the folder that has them, the tests are
// skipped.
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "support/backends.hpp"
#include "support/csv.hpp"
#include "support/golden.hpp"
#include "support/paths.hpp"

using namespace inlay;

namespace {

/// The folder of reference files: from the environment, or next to the repository.
std::string fixtures() {
  if (const char* folder = std::getenv("INLAY_FIXTURES")) return folder;
  return inlay_test::fixtures();
}

class WithFixtures : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(fixtures() + "/rtneural/README.md"))
      GTEST_SKIP() << "no reference files in " << fixtures();
  }
};

io::TensorRecord tensor(const std::vector<std::vector<double>>& rows) {
  io::TensorRecord t{.place = {}, .shape = {rows.size(), rows[0].size()}, .values = {}, .row_places = {}};
  for (const auto& row : rows) t.values.insert(t.values.end(), row.begin(), row.end());
  return t;
}

/// The reference output as a check.
io::Check check_of(const std::string& x, const std::string& y) {
  io::Check check;
  check.input = tensor(csv(fixtures() + "/rtneural/" + x));
  check.output = tensor(csv(fixtures() + "/rtneural/" + y));
  return check;
}

template <class Model>
void compare(const std::string& model_name, const std::string& x, const std::string& y, double tolerance) {
  const auto model = std::make_unique<Model>();
  const auto state = std::make_unique<typename Model::State>();
  ASSERT_NO_THROW(model->load(fixtures() + "/rtneural/" + model_name));
  expect_golden(io::runnable(*model, *state), Model::layer_count, check_of(x, y), tolerance);
}

template <class B>
class RtneuralTest : public WithFixtures {};
TYPED_TEST_SUITE(RtneuralTest, OneBackend);

using RtneuralErrors = WithFixtures;

}  // namespace

TYPED_TEST(RtneuralTest, dense) {
  using B = TypeParam;
  compare<ModelT<Dense<1, 8, B>, Tanh<8, B>, Dense<8, 8, B>, ReLU<8, B>, Dense<8, 8, B>, ELU<8, B>, Dense<8, 8, B>,
                 Softmax<8, B>, Dense<8, 1, B>, DenseNoBias<1, 8, B>, DenseNoBias<8, 8, B>, DenseNoBias<8, 1, B>>>(
      "dense.json", "dense_x_python.csv", "dense_y_python.csv", 1e-6);
}
TYPED_TEST(RtneuralTest, conv) {
  using B = TypeParam;
  compare<ModelT<Dense<1, 8, B>, Tanh<8, B>, Conv1D<8, 4, 3, 1, 1, B>, Tanh<4, B>, BatchNorm1D<4, B>, PReLU<4, B>,
                 Conv1D<4, 4, 1, 1, 1, B>, Tanh<4, B>, Conv1D<4, 6, 3, 2, 2, B>, Tanh<6, B>, BatchNorm1D<6, B>,
                 SharedPReLU<6, B>, Dense<6, 1, B>, Sigmoid<1, B>>>("conv.json", "conv_x_python.csv",
                                                                    "conv_y_python.csv", 1e-6);
}
TYPED_TEST(RtneuralTest, full_model) {
  using B = TypeParam;
  compare<ModelT<Dense<1, 8, B>, Tanh<8, B>, Conv1D<8, 4, 3, 2, 1, B>, Tanh<4, B>, GRU<4, 8, B>, Dense<8, 1, B>>>(
      "full_model.json", "dense_x_python.csv", "full_model_y_computed.csv", 1e-6);
}
TYPED_TEST(RtneuralTest, full_model_in_double_precision) {
  using B = default_backend_for<double>;
  compare<ModelT<Dense<1, 8, B>, Tanh<8, B>, Conv1D<8, 4, 3, 2, 1, B>, Tanh<4, B>, GRU<4, 8, B>, Dense<8, 1, B>>>(
      "full_model.json", "dense_x_python.csv", "full_model_y_computed.csv", 1e-12);
}
TYPED_TEST(RtneuralTest, gru) {
  using B = TypeParam;
  compare<ModelT<GRU<1, 8, B>, Dense<8, 8, B>, Sigmoid<8, B>, Dense<8, 1, B>>>("gru_1d.json", "gru_1d_x_python.csv",
                                                                               "gru_1d_y_python.csv", 1e-6);
}
TYPED_TEST(RtneuralTest, lstm) {
  using B = TypeParam;
  compare<ModelT<LSTM<1, 8, B>, Dense<8, 1, B>>>("lstm_1d.json", "lstm_1d_x_python.csv", "lstm_1d_y_python.csv", 1e-6);
  compare<ModelT<Dense<1, 8, B>, Tanh<8, B>, LSTM<8, 8, B>, Dense<8, 1, B>>>("lstm.json", "lstm_x_python.csv",
                                                                             "lstm_y_python.csv", 1e-6);
}

TEST_F(RtneuralErrors, an_lstm_that_declares_another_size_is_refused) {
  ModelT<LSTM<1, 16>, Dense<16, 1>> small;
  ModelT<LSTM<1, 20>, Dense<20, 1>> large;
  EXPECT_THROW(small.load(fixtures() + "/rtneural/bad_lstm.json"), load_error);
  EXPECT_THROW(large.load(fixtures() + "/rtneural/bad_lstm.json"), load_error);
}

// The places are those in the README of the files.
TEST_F(RtneuralErrors, malformed_files_are_refused_with_their_place) {
  const struct {
    const char *name, *place;
  } files[] = {
      {"empty_file", "start of file"},
      {"truncated", "byte 300"},
      {"not_json_html", "first byte"},
      {"root_is_array", "root"},
      {"missing_layers", "root"},
      {"missing_weights_key", "layers[1]"},
      {"missing_type_key", "layers[2]"},
      {"in_shape_not_array", "in_shape"},
      {"shape_negative", "layers[0].shape[2]"},
      {"shape_zero", "layers[0].shape[2]"},
      {"shape_huge", "layers[2].shape[2]"},
      {"shape_nan_literal", "layers[0].shape[2]"},
      {"shape_is_string", "layers[0].shape[2]"},
      {"matrix_ragged", "layers[2].weights[0][1]"},
      {"bias_too_short", "layers[2].weights[2]"},
      {"bias_too_long", "layers[0].weights[1]"},
      {"unknown_layer_type", "layers[1].type"},
      {"unknown_activation", "layers[0].activation"},
      {"extra_layer_wrong_width", "layers[5].weights[0]"},
      {"weights_as_strings", "layers[0].weights[1][0]"},
      {"weights_null_element", "layers[3].weights[1][0][2]"},
      {"number_1e400", "layers[0].weights[0][0][0]"},
      {"kernel_size_mismatch", "layers[1].kernel_size"},
      {"dilation_zero", "layers[1].dilation"},
      {"deep_nesting", "layers"},
      {"duplicate_keys", "root"},
      {"embedded_nul", "layers"},
  };
  using Model = ModelT<Dense<1, 2>, Tanh<2>, Conv1D<2, 2, 2, 2>, Tanh<2>, LSTM<2, 2>, GRU<2, 2>, Dense<2, 1>>;
  const std::string folder = fixtures() + "/malformed/";
  const auto model = std::make_unique<Model>();
  model->load(folder + "valid_rtneural.json");
  const auto untouched = std::make_unique<Model>(*model);
  for (const auto& [name, place] : files) {
    try {
      model->load(folder + std::string(name) + ".json");
      ADD_FAILURE() << name << " was loaded";
    } catch (const load_error& error) {
      EXPECT_NE(error.place().find(place), std::string::npos) << error.what();
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    }
    for (int i = 0; i < 20; ++i) ASSERT_EQ(model->forward(0.4f), untouched->forward(0.4f)) << name;
  }
  const auto marked = std::make_unique<Model>();
  marked->load(folder + "utf8_bom.json");  // a byte order mark is ignored
  model->reset();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(marked->forward(0.4f), model->forward(0.4f));
}
