/// ONNX Runtime: a session on one thread. Its inputs and outputs are bound to memory of this program. The state
/// alternates between two sets of memory, with one binding per direction.
#include <onnxruntime_c_api.h>

#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "peer.hpp"
#include "player.hpp"

namespace inlay::bench {

namespace {

const OrtApi& api() {
  static const OrtApi* const api = OrtGetApiBase()->GetApi(ORT_API_VERSION);
  if (api == nullptr) throw std::runtime_error("the library is older than its header");
  return *api;
}

void expect(OrtStatus* status) {
  if (status == nullptr) return;
  const std::string message = api().GetErrorMessage(status);
  api().ReleaseStatus(status);
  throw std::runtime_error(message);
}

/// Deleter of an object of the library, which calls `release`.
template <class T, auto OrtApi::* release>
struct Release {
  void operator()(T* object) const { (api().*release)(object); }
};
template <class T, auto OrtApi::* release>
using Handle = std::unique_ptr<T, Release<T, release>>;
using Session = Handle<OrtSession, &OrtApi::ReleaseSession>;
using Options = Handle<OrtSessionOptions, &OrtApi::ReleaseSessionOptions>;
using Binding = Handle<OrtIoBinding, &OrtApi::ReleaseIoBinding>;
using Value = Handle<OrtValue, &OrtApi::ReleaseValue>;
using MemoryInfo = Handle<OrtMemoryInfo, &OrtApi::ReleaseMemoryInfo>;

/// Makes an object with a function of the library. Throws std::runtime_error.
template <class H>
H create(auto&& make) {
  typename H::pointer object = nullptr;
  expect(make(&object));
  return H(object);
}

OrtEnv& environment() {
  static OrtEnv* const env = [] {
    OrtEnv* created = nullptr;
    expect(api().CreateEnv(ORT_LOGGING_LEVEL_ERROR, "inlay", &created));
    return created;  // never released
  }();
  return *env;
}

/// A buffer that an OrtValue refers to.
class BoundTensor {
 public:
  explicit BoundTensor(const Plan::Shape& shape) {
    std::size_t size = 1;
    for (const auto extent : shape) size *= std::size_t(extent);
    buffer_ = Buffer(size);
    const auto memory = create<MemoryInfo>(
        [](auto** to) { return api().CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, to); });
    constexpr auto type =
        sizeof(Scalar) == sizeof(float) ? ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT : ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE;
    value_ = create<Value>([&](auto** to) {
      return api().CreateTensorWithDataAsOrtValue(memory.get(), buffer_.data(), size * sizeof(Scalar), shape.data(),
                                                  shape.size(), type, to);
    });
  }
  Scalar* data() { return buffer_.data(); }
  const OrtValue* value() const { return value_.get(); }

 private:
  Buffer buffer_;
  Value value_;
};

class OnnxEngine final : public Engine {
 public:
  OnnxEngine(const std::filesystem::path& base, const Plan& plan) : file_(base.string() + ".onnx"), plan_(plan) {
    start(plan.window == 0 ? 1 : plan.window);  // throws if the session cannot be made
  }

  void start(std::size_t frames) override {
    const auto options = create<Options>([](auto** to) { return api().CreateSessionOptions(to); });
    expect(api().SetIntraOpNumThreads(options.get(), 1));
    expect(api().SetInterOpNumThreads(options.get(), 1));
    expect(api().SetSessionExecutionMode(options.get(), ORT_SEQUENTIAL));
    expect(api().SetSessionGraphOptimizationLevel(options.get(), ORT_ENABLE_ALL));
    expect(api().AddFreeDimensionOverrideByName(options.get(), "frames", std::int64_t(frames)));
    bindings_ = {};
    session_ = create<Session>(
        [&](auto** to) { return api().CreateSession(&environment(), file_.c_str(), options.get(), to); });

    tensors_.clear();
    tensors_.emplace_back(plan_.shape(plan_.in_size, frames));
    tensors_.emplace_back(plan_.shape(plan_.out_size, plan_.window == 0 ? frames * plan_.up : 1));
    for (int set = 0; set < 2; ++set)
      for (const auto& shape : plan_.states) tensors_.emplace_back(shape);
    for (std::size_t from = 0; from < 2; ++from) bind(from);
    next_ = 0;
  }
  Scalar* in() override { return tensors_[0].data(); }
  const Scalar* out() override { return tensors_[1].data(); }
  void run() override {
    expect(api().RunWithBinding(session_.get(), nullptr, bindings_[next_].get()));
    next_ = 1 - next_;
  }

 private:
  /// Binds the state inputs to set `from` and the state outputs to the other set.
  void bind(std::size_t from) {
    Binding& binding = bindings_[from];
    binding = create<Binding>([&](auto** to) { return api().CreateIoBinding(session_.get(), to); });
    expect(api().BindInput(binding.get(), "x", tensors_[0].value()));
    expect(api().BindOutput(binding.get(), "y", tensors_[1].value()));
    const std::size_t count = plan_.states.size();
    for (std::size_t i = 0; i < count; ++i) {
      const std::string number = std::to_string(i);
      expect(api().BindInput(binding.get(), ("s" + number).c_str(), tensors_[2 + from * count + i].value()));
      expect(api().BindOutput(binding.get(), ("n" + number).c_str(), tensors_[2 + (1 - from) * count + i].value()));
    }
  }

  std::string file_;
  Plan plan_;
  Session session_;
  std::vector<BoundTensor> tensors_;  ///< input, output, two sets of states
  std::array<Binding, 2> bindings_;
  std::size_t next_ = 0;
};

std::unique_ptr<Engine> make(const std::filesystem::path& base, const Plan& plan) {
  return std::make_unique<OnnxEngine>(base, plan);
}

[[maybe_unused]] const auto& added =
    players().emplace_back(Player{"onnxruntime", OrtGetApiBase()->GetVersionString(), INLAY_BENCH_LIBRARY,
                                  [](const auto& base) { return make_peer_subject(base, make); }});

}  // namespace

}  // namespace inlay::bench
