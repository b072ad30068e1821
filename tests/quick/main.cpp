// Layers of each kind against PyTorch's, a trained model, and the processor's denormals. One file that compiles in
// seconds, for cross-compilers and emulators. Prints what fails.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <inlay/backend/default.hpp>
#include <inlay/core/no_denormals.hpp>
#include <inlay/inlay.hpp>
#include <memory>
#include <string>

using namespace inlay;

namespace {

int failures = 0;

void expect(bool holds, const std::string& what) {
  std::printf("%s: %s\n", holds ? "passed" : "FAILED", what.c_str());
  if (!holds) ++failures;
}

/// Loads a file, which runs its check by frames and by buffers.
template <class... Layers>
void expect_output(const std::string& file, double bound) {
  try {
    const auto model = std::make_unique<ModelT<Layers...>>();
    const double error = *model->load(std::filesystem::path(INLAY_SOURCE_DIR) / file).check_error;
    expect(error <= bound, file + ", largest difference " + std::to_string(error * 1e6) + "e-6");
  } catch (const std::exception& error) {
    expect(false, error.what());
  }
}

void expect_no_denormals() {
#if !defined(__riscv)  // it has no such setting
  const volatile float smallest = 2e-38f, half = 0.5f;
  {
    const NoDenormals no_denormals;
    const volatile float product = smallest * half * half;
    expect(product == 0, "NoDenormals: a product of 5e-39 is zero");
  }
  const volatile float product = smallest * half * half;
  expect(product != 0, "NoDenormals: it is not zero afterwards");
#endif
}

}  // namespace

int main() {
  std::printf("registers of %zu floats\n", default_backend::width);
  const std::string torch = "tests/golden/torch/";
  expect_output<LSTM<1, 20>>(torch + "lstm_1_20.f32.json", 2e-6);
  expect_output<GRU<1, 8>>(torch + "gru_1_8.f32.json", 2e-6);
  expect_output<Conv1D<4, 6, 3, 2>>(torch + "conv1d_4_6_k3_d2.f32.json", 2e-6);
  expect_output<Dense<3, 5>>(torch + "dense_3_5.f32.json", 2e-6);
  expect_output<LSTM<1, 20>, Dense<20, 1>>("examples/amp/amp.json", 2e-6);
  expect_no_denormals();
  return failures == 0 ? 0 : 1;
}
