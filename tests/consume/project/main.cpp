#include <cstdio>
#include <inlay/inlay.hpp>

// Loads the model file in argv[1]; loading runs its check against PyTorch's output.
int main(int, char** argv) try {
  static inlay::ModelT<inlay::LSTM<1, 20>, inlay::Dense<20, 1>> model;
  model.load(std::filesystem::path(argv[1]));
  std::printf("%g\n", static_cast<double>(model.forward(0.5f)));
} catch (const inlay::load_error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
