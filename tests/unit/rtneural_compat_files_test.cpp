// RTNeural's own files. They are not in the repository; the tests use them if their folder exists.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <inlay/compat/rtneural.hpp>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/csv.hpp"
#include "support/paths.hpp"
#include "support/rtneural_rows.hpp"

namespace {

std::string fixtures() {
  if (const char* folder = std::getenv("INLAY_FIXTURES")) return std::string(folder) + "/rtneural/";
  return inlay_test::fixtures() + "/rtneural/";
}

class RtneuralFixtures : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(fixtures() + "README.md")) GTEST_SKIP() << "no reference files in " << fixtures();
  }
};

template <class Model>
void expect_fixture(const std::string& model_name, const std::string& x, const std::string& y, double tolerance) {
  std::ifstream jsonStream(fixtures() + model_name, std::ifstream::binary);
  const auto model = std::make_unique<Model>();
  model->parseJson(jsonStream, true);
  expect_rows<double>(*model, csv(fixtures() + x), csv(fixtures() + y), tolerance);
}

}  // namespace

TEST_F(RtneuralFixtures, files) {
  using namespace RTNeural;
  using T = double;
  expect_fixture<ModelT<T, 1, 1, DenseT<T, 1, 8>, TanhActivationT<T, 8>, DenseT<T, 8, 8>, ReLuActivationT<T, 8>,
                        DenseT<T, 8, 8>, ELuActivationT<T, 8>, DenseT<T, 8, 8>, SoftmaxActivationT<T, 8>,
                        DenseT<T, 8, 1>, DenseT<T, 1, 8, false>, DenseT<T, 8, 8, false>, DenseT<T, 8, 1, false>>>(
      "dense.json", "dense_x_python.csv", "dense_y_python.csv", 1e-6);
  expect_fixture<ModelT<T, 1, 1, DenseT<T, 1, 8>, TanhActivationT<T, 8>, Conv1DT<T, 8, 4, 3, 1>, TanhActivationT<T, 4>,
                        BatchNorm1DT<T, 4>, PReLUActivationT<T, 4>, Conv1DT<T, 4, 4, 1, 1>, TanhActivationT<T, 4>,
                        Conv1DT<T, 4, 6, 3, 2, 2>, TanhActivationT<T, 6>, BatchNorm1DT<T, 6, false>,
                        PReLUActivationT<T, 6>, DenseT<T, 6, 1>, SigmoidActivationT<T, 1>>>(
      "conv.json", "conv_x_python.csv", "conv_y_python.csv", 1e-6);
  expect_fixture<ModelT<T, 1, 1, DenseT<T, 1, 8>, TanhActivationT<T, 8>, Conv1DT<T, 8, 4, 3, 2>, TanhActivationT<T, 4>,
                        GRULayerT<T, 4, 8>, DenseT<T, 8, 1>>>("full_model.json", "dense_x_python.csv",
                                                              "full_model_y_computed.csv", 1e-12);
  expect_fixture<ModelT<T, 1, 1, GRULayerT<T, 1, 8>, DenseT<T, 8, 8>, SigmoidActivationT<T, 8>, DenseT<T, 8, 1>>>(
      "gru_1d.json", "gru_1d_x_python.csv", "gru_1d_y_python.csv", 1e-6);
  expect_fixture<ModelT<T, 1, 1, LSTMLayerT<T, 1, 8>, DenseT<T, 8, 1>>>("lstm_1d.json", "lstm_1d_x_python.csv",
                                                                        "lstm_1d_y_python.csv", 1e-6);
  expect_fixture<ModelT<T, 1, 1, DenseT<T, 1, 8>, TanhActivationT<T, 8>, LSTMLayerT<T, 8, 8>, DenseT<T, 8, 1>>>(
      "lstm.json", "lstm_x_python.csv", "lstm_y_python.csv", 1e-6);
}

TEST_F(RtneuralFixtures, an_lstm_that_declares_another_size_is_refused) {
  const auto model = std::make_unique<
      RTNeural::ModelT<float, 1, 1, RTNeural::LSTMLayerT<float, 1, 16>, RTNeural::DenseT<float, 16, 1>>>();
  std::ifstream jsonStream(fixtures() + "bad_lstm.json", std::ifstream::binary);
  EXPECT_THROW(model->parseJson(jsonStream), std::exception);
}

TEST_F(RtneuralFixtures, state_dicts) {
  using namespace RTNeural;
  using T = double;
  const json lstm = read_json(fixtures() + "lstm_torch.json"), conv = read_json(fixtures() + "conv1d_torch.json");
  const auto model = std::make_unique<ModelT<T, 1, 1, LSTMLayerT<T, 1, 8>, LSTMLayerT<T, 8, 8>, LSTMLayerT<T, 8, 8>,
                                             LSTMLayerT<T, 8, 8>, DenseT<T, 8, 1>>>();
  torch_helpers::loadLSTM<T>(lstm, "lstm.", model->get<0>());
  torch_helpers::loadLSTM<T>(lstm, "lstm2.", model->get<1>());
  torch_helpers::loadLSTM<T>(lstm, "lstm2.", model->get<2>(), true, 1);
  torch_helpers::loadLSTM<T>(lstm, "lstm2.", model->get<3>(), true, 2);
  torch_helpers::loadDense<T>(lstm, "dense.", model->get<4>());
  expect_rows<T>(*model, csv(fixtures() + "lstm_torch_x_python.csv"), csv(fixtures() + "lstm_torch_y_python.csv"),
                 1e-6);

  const auto conv_model = std::make_unique<ModelT<T, 1, 12, Conv1DT<T, 1, 12, 5, 1>>>();
  torch_helpers::loadConv1D<T>(conv, "", conv_model->get<0>());
  const Rows<T> channels = csv(fixtures() + "conv1d_torch_y_python.csv");
  Rows<T> frames(channels[0].size());
  for (std::size_t t = 0; t < frames.size(); ++t)
    for (const auto& channel : channels) frames[t].push_back(channel[t]);
  expect_rows<T>(*conv_model, csv(fixtures() + "conv1d_torch_x_python.csv"), frames, 1e-6, 4);
}
