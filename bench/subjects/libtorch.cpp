/// LibTorch: a frozen TorchScript module, in inference mode, on one thread. The state outputs of a call are the state
/// inputs of the next call.
#include <ATen/Parallel.h>
#include <torch/script.h>
#include <torch/version.h>

#include <memory>
#include <utility>
#include <vector>

#include "peer.hpp"
#include "player.hpp"

namespace inlay::bench {

namespace {

constexpr auto dtype = sizeof(Scalar) == sizeof(float) ? torch::kFloat32 : torch::kFloat64;

class TorchEngine final : public Engine {
 public:
  TorchEngine(const std::filesystem::path& base, const Plan& plan)
      : plan_(plan), module_(torch::jit::load(base.string() + ".pt")) {
    module_.eval();
  }

  void start(std::size_t frames) override {
    const c10::InferenceMode inference;
    in_ = torch::zeros(plan_.shape(plan_.in_size, frames), dtype);
    arguments_ = {in_};
    for (const auto& shape : plan_.states) arguments_.emplace_back(torch::zeros(shape, dtype));
  }
  Scalar* in() override { return in_.data_ptr<Scalar>(); }
  const Scalar* out() override { return out_.data_ptr<Scalar>(); }
  void run() override {
    const c10::InferenceMode inference;
    auto result = module_.forward(arguments_);
    if (plan_.states.empty()) {
      out_ = result.toTensor().contiguous();
      return;
    }
    auto&& elements = result.toTupleRef().elements();
    out_ = elements[0].toTensor().contiguous();
    for (std::size_t i = 0; i < plan_.states.size(); ++i) arguments_[1 + i] = elements[1 + i];
  }

 private:
  Plan plan_;
  torch::jit::Module module_;
  torch::Tensor in_, out_;
  std::vector<torch::jit::IValue> arguments_;
};

std::unique_ptr<Engine> make(const std::filesystem::path& base, const Plan& plan) {
  static const bool one_thread = (at::set_num_threads(1), at::set_num_interop_threads(1), true);
  static_cast<void>(one_thread);
  return std::make_unique<TorchEngine>(base, plan);
}

[[maybe_unused]] const auto& added = players().emplace_back(Player{
    "libtorch", TORCH_VERSION, INLAY_BENCH_LIBRARY, [](const auto& base) { return make_peer_subject(base, make); }});

}  // namespace

}  // namespace inlay::bench
