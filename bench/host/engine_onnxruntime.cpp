/// ONNX Runtime on the pool, on windows and with carried states.
#include <cstdlib>
#include <optional>

#include "engines.hpp"
#include "graphs.hpp"
#include "inlay/host/onnxruntime.hpp"

namespace inlay::bench {
namespace {

std::optional<host::Session> make(const HostSetup& setup, bool carried) {
  const auto graph = graph_of(setup, carried, ".onnx");
  if (!graph) return {};
  const std::int64_t frames = graph->in[0].shape[setup.is_recurrent() ? 0 : 2];
  host::OnnxRuntime engine(*graph, [&](Ort::SessionOptions& options) {
    // The number of frames is known, and what follows from it is computed once.
    Ort::ThrowOnError(Ort::GetApi().AddFreeDimensionOverrideByName(options, "frames", frames));
  });
  return host::Session(std::move(engine), setup.pool, {.warm_up = setup.warm_up});
}

[[maybe_unused]] const bool added = [] {
#ifndef _WIN32
  setenv("ORT_DISABLE_TELEMETRY", "1", 1);
#endif
  host_engines().push_back({"onnxruntime", 3, true, [](const HostSetup& setup) { return make(setup, false); }});
  host_engines().push_back({"onnxruntime-carry", 5, false, [](const HostSetup& setup) { return make(setup, true); }});
  return true;
}();

}  // namespace
}  // namespace inlay::bench
