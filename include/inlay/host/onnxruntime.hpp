/// OnnxRuntime: an engine that runs an ONNX file with ONNX Runtime.
///
///     inlay::host::OnnxRuntime engine({.file = "denoiser.onnx",
///                                      .in = {{.name = "audio", .shape = {1, 1, 480}}},
///                                      .carry = {{.out = "hidden_out", .in = "hidden"}}});
///
/// Needs the headers and the library of ONNX Runtime; tested with 1.29. Tensors are float.
///
/// Telemetry: events are disabled, but that is only possible once ONNX Runtime has started. Microsoft's builds for
/// Linux then have started a thread and written files in ~/.cache and /tmp, unless the environment has
/// ORT_DISABLE_TELEMETRY=1.
#pragma once

#include <onnxruntime_cxx_api.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "inlay/host/graph.hpp"
#include "inlay/host/job.hpp"
#include "inlay/host/ports.hpp"

namespace inlay::host {

/// Runs on the thread that calls `run`, and on no other. Not for the audio thread: ONNX Runtime allocates and locks.
/// Copies share the weights; each has its own states and has to be bound.
class OnnxRuntime {
 public:
  /// Changes the options of the session, such as its execution providers.
  using Configure = std::function<void(Ort::SessionOptions&)>;

  /// Loads the model and runs it once. Throws std::invalid_argument if `graph` does not describe the model or leaves
  /// out what the model does not say, and std::runtime_error if ONNX Runtime cannot load or run it.
  explicit OnnxRuntime(const Graph& graph, const Configure& configure = {})
      : model_(std::make_shared<Model>(graph, configure)) {}

  OnnxRuntime(const OnnxRuntime& other) : model_(other.model_) {}
  OnnxRuntime(OnnxRuntime&&) = default;
  OnnxRuntime& operator=(OnnxRuntime other) noexcept {
    model_.swap(other.model_);
    bound_.swap(other.bound_);
    return *this;
  }
  ~OnnxRuntime() = default;

  Ports ports() const { return model_->graph.ports; }
  /// Whether nothing is carried from run to run.
  bool stateless() const noexcept { return model_->carry.empty(); }

  /// Binds the session to the memory of the job, in which later runs read and write, and to the initial states. Throws
  /// std::invalid_argument if the job does not fit, and std::runtime_error if ONNX Runtime fails.
  void bind(const Job& job) {
    model_->graph.expect(job);
    bound_ = std::make_unique<Bound>(*model_, job);
  }
  /// Runs the job that was bound. Returns false if there is none, or if ONNX Runtime fails.
  bool run(Job& job) noexcept {
    try {
      return bound_ != nullptr && bound_->run(*model_, job);
    } catch (...) {
      return false;
    }
  }
  /// Returns to the initial states.
  void reset() noexcept {
    if (bound_ != nullptr) bound_->reset(*model_);
  }

 private:
  static Ort::Value value(const float* memory, const detail::Shape& shape) {
    return Ort::Value::CreateTensor<float>(Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault),
                                           const_cast<float*>(memory), detail::elements(shape), shape.data(),
                                           shape.size());
  }

  /// What copies share.
  struct Model {
    Ort::Env env{nullptr};
    Ort::Session session{nullptr};
    detail::GraphPorts graph;
    std::vector<Carry> carry;  // with known shapes

    Model(const Graph& described, const Configure& configure) {
      const detail::Place place = detail::place(described);
      if (OrtGetApiBase()->GetApi(ORT_API_VERSION) == nullptr)
        throw std::runtime_error(place.message("the library, ONNX Runtime " +
                                               std::string(OrtGetApiBase()->GetVersionString()) +
                                               ", is older than its header"));
      try {
        load(described, configure, place);
      } catch (const Ort::Exception& error) {
        throw std::runtime_error(place.message(error.what()));
      }
    }

   private:
    /// What the graph says of a tensor. -1: an open dimension, which may have a name.
    struct Found {
      detail::Shape shape;
      std::vector<std::string> dimensions;
    };

    void load(const Graph& described, const Configure& configure, const detail::Place& place) {
      env = Ort::Env(ORT_LOGGING_LEVEL_ERROR, "inlay");
      env.DisableTelemetryEvents();
      Ort::SessionOptions options;
      options.SetIntraOpNumThreads(1).SetInterOpNumThreads(1).SetExecutionMode(ORT_SEQUENTIAL);
      options.SetGraphOptimizationLevel(ORT_ENABLE_ALL).SetLogSeverityLevel(ORT_LOGGING_LEVEL_FATAL);
      options.AddConfigEntry("session.intra_op.allow_spinning", "0");
      options.AddConfigEntry("session.inter_op.allow_spinning", "0");
      if (configure) configure(options);
      session = described.file.empty() ? Ort::Session(env, described.bytes.data(), described.bytes.size(), options)
                                       : Ort::Session(env, described.file.c_str(), options);

      const Ort::AllocatorWithDefaultOptions allocator;
      std::vector<std::string> in_names, out_names;
      std::map<std::string, Found> inputs;
      for (std::size_t i = 0; i < session.GetInputCount(); ++i) {
        const std::string& name = in_names.emplace_back(session.GetInputNameAllocated(i, allocator).get());
        inputs[name] = found(session.GetInputTypeInfo(i), place.input(name));
      }
      for (std::size_t i = 0; i < session.GetOutputCount(); ++i)
        out_names.emplace_back(session.GetOutputNameAllocated(i, allocator).get());
      auto ins = detail::select(place, "input", described.in, in_names, detail::carried(described, &Carry::in));
      auto outs = detail::select(place, "output", described.out, out_names, detail::carried(described, &Carry::out));

      const auto complete = [&](const std::string& name, detail::Shape& shape) {
        shape = detail::known_shape(place.input(name), shape, inputs.at(name).shape, inputs.at(name).dimensions);
      };
      for (GraphTensor& tensor : ins) {
        complete(tensor.name, tensor.shape);
        graph.in.emplace_back(tensor, place.input(tensor.name), true);
      }
      carry = described.carry;
      for (Carry& state : carry) {
        complete(state.in, state.shape);
        detail::expect_initial(place.input(state.in), state);
      }
      measure(outs, place);
      graph.finish(place);
    }

    static Found found(const Ort::TypeInfo& type, const detail::Place& place) {
      if (type.GetONNXType() != ONNX_TYPE_TENSOR) place.fail("expected a tensor, found another type");
      const auto info = type.GetTensorTypeAndShapeInfo();
      constexpr std::array types{"no type", "float", "uint8",  "int8", "uint16",  "int16",
                                 "int32",   "int64", "string", "bool", "float16", "double"};  // in ONNX's order
      const auto element = static_cast<std::size_t>(info.GetElementType());
      if (element != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)
        place.fail(std::string("expected float, found ") + (element < types.size() ? types[element] : "another type"));
      std::vector<const char*> names(info.GetDimensionsCount());
      info.GetSymbolicDimensions(names.data(), names.size());
      return {info.GetShape(), {names.begin(), names.end()}};
    }

    /// Runs the graph for the shapes of its outputs.
    void measure(const std::vector<GraphTensor>& outs, const detail::Place& place) {
      Ort::IoBinding binding(session);
      std::vector<std::vector<float>> zeros;
      const auto bind = [&](const std::string& name, const detail::Shape& shape) {
        binding.BindInput(name.c_str(), value(zeros.emplace_back(detail::elements(shape)).data(), shape));
      };
      for (const auto& port : graph.in) bind(port.tensor.name, port.tensor.shape);
      for (const Carry& state : carry) bind(state.in, state.shape);
      const auto memory = Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault);
      for (const GraphTensor& tensor : outs) binding.BindOutput(tensor.name.c_str(), memory);
      for (const Carry& state : carry) binding.BindOutput(state.out.c_str(), memory);
      try {
        session.Run(Ort::RunOptions{nullptr}, binding);
      } catch (const Ort::Exception& error) {
        throw std::runtime_error(place.message(graph.failed(carry) + error.what()));
      }
      const std::vector<Ort::Value> values = binding.GetOutputValues();
      auto next = values.begin();
      const auto shape = [&](const std::string& name, const detail::Shape& given) {
        return detail::known_shape(place.output(name), given, found((next++)->GetTypeInfo(), place.output(name)).shape);
      };
      for (GraphTensor tensor : outs) {
        tensor.shape = shape(tensor.name, tensor.shape);
        graph.out.emplace_back(tensor, place.output(tensor.name), false);
      }
      for (const Carry& state : carry) shape(state.out, state.shape);
    }
  };

  /// What is bound to a job's memory.
  class Bound {
   public:
    Bound(Model& model, const Job& job) {
      for (const auto& port : model.graph.in) copies_in_.push_back(copy_of(port));
      for (const auto& port : model.graph.out) copies_out_.push_back(copy_of(port));
      for (auto& memory : states_)
        for (const Carry& state : model.carry) memory.emplace_back(detail::elements(state.shape));
      const auto memory = [](const std::vector<float>& copy, const auto& view) -> const float* {
        return copy.empty() ? view.data() : copy.data();
      };
      // A run reads the states in one memory and writes those in the other, which the next run reads.
      for (std::size_t turn = 0; turn < (model.carry.empty() ? 1 : 2); ++turn) {
        Ort::IoBinding& binding = bindings_[turn] = Ort::IoBinding(model.session);
        for (std::size_t i = 0; i < job.in.size(); ++i) {
          const GraphTensor& tensor = model.graph.in[i].tensor;
          binding.BindInput(tensor.name.c_str(), value(memory(copies_in_[i], job.in[i]), tensor.shape));
        }
        for (std::size_t i = 0; i < job.out.size(); ++i) {
          const GraphTensor& tensor = model.graph.out[i].tensor;
          binding.BindOutput(tensor.name.c_str(), value(memory(copies_out_[i], job.out[i]), tensor.shape));
        }
        for (std::size_t i = 0; i < model.carry.size(); ++i) {
          const Carry& state = model.carry[i];
          binding.BindInput(state.in.c_str(), value(states_[turn][i].data(), state.shape));
          binding.BindOutput(state.out.c_str(), value(states_[1 - turn][i].data(), state.shape));
        }
      }
      reset(model);
    }

    bool run(Model& model, Job& job) {
      for (std::size_t i = 0; i < job.in.size(); ++i)
        if (!copies_in_[i].empty()) model.graph.in[i].to_graph(job.in[i], copies_in_[i].data());
      model.session.Run(Ort::RunOptions{nullptr}, bindings_[turn_]);
      if (!model.carry.empty()) turn_ = 1 - turn_;
      for (std::size_t i = 0; i < job.out.size(); ++i)
        if (!copies_out_[i].empty()) model.graph.out[i].from_graph(copies_out_[i].data(), job.out[i]);
      return true;
    }

    void reset(const Model& model) noexcept {
      turn_ = 0;
      for (std::size_t i = 0; i < model.carry.size(); ++i) {
        std::fill(states_[0][i].begin(), states_[0][i].end(), 0.0f);
        std::copy(model.carry[i].initial.begin(), model.carry[i].initial.end(), states_[0][i].begin());
      }
    }

   private:
    /// Memory for a tensor that has the values in another order than the job. Empty if it has not.
    static std::vector<float> copy_of(const detail::GraphPort& port) {
      return std::vector<float>(port.same_memory() ? 0 : port.size());
    }
    std::vector<std::vector<float>> copies_in_, copies_out_;
    std::array<std::vector<std::vector<float>>, 2> states_;
    std::array<Ort::IoBinding, 2> bindings_{Ort::IoBinding{nullptr}, Ort::IoBinding{nullptr}};
    std::size_t turn_ = 0;
  };

  std::shared_ptr<Model> model_;
  std::unique_ptr<Bound> bound_;
};

}  // namespace inlay::host
