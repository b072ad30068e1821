// Loading into model types: on success the output is finite for a short signal, on failure the model is as it was.
#include <array>
#include <cstddef>
#include <cstdint>
#include <inlay/inlay.hpp>
#include <inlay/io/load.hpp>
#include <memory>
#include <span>
#include <string_view>

#include "fuzz/signal.hpp"

namespace {

using namespace inlay;
using Amp = ModelT<LSTM<1, 2>, Dense<2, 1>>;
using Mixed = ModelT<Dense<1, 8>, Tanh<8>, Conv1D<8, 4, 3, 2>, Tanh<4>, GRU<4, 8>, Dense<8, 1>>;
using Stack = ModelT<Conv1D<1, 4, 2, 3>, PReLU<4>, Residual<Dense<4, 4>, Softsign<4>>, BatchNorm1D<4>, Dense<4, 1>>;

template <class Model>
std::array<float, 96> output(Model& model) {
  std::array<float, 96> x{}, y{};
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 37 % 19) / 19 - 0.5f;
  const float* in = x.data();
  float* out = y.data();
  model.reset();
  model.process(&in, &out, x.size());
  return y;
}

/// Two models: one never loaded, and one that keeps what was loaded last.
template <class Model>
void load(const io::ModelFile& file) {
  static const auto kept = std::make_unique<Model>();
  const auto fresh = std::make_unique<Model>();
  for (Model* model : {fresh.get(), kept.get()}) {
    const std::array<float, 96> before = output(*model);
    try {
      io::fill_model(*model, file);
    } catch (const load_error&) {
      const std::array<float, 96> after = output(*model);
      for (std::size_t i = 0; i < before.size(); ++i) fuzz::require(fuzz::same(before[i], after[i]));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Random random(data, size);
  try {
    io::ModelFile file = io::read_model_text(std::string_view(reinterpret_cast<const char*>(data), size));
    if (random.below(4) > 0) file.check.reset();
    load<Amp>(file);
    load<Mixed>(file);
    load<Stack>(file);
  } catch (const load_error& error) {
    fuzz::require(!error.place().empty());
  }
  return 0;
}
