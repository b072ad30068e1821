/// LibTorch: an engine that runs a TorchScript file with LibTorch.
///
///     inlay::host::LibTorch engine({.file = "denoiser.pt",
///                                   .in = {{.shape = {1, 1, 480}}},
///                                   .carry = {{.out = "1", .in = "hidden", .shape = {1, 1, 16}}}});
///
/// Needs the headers and the library of LibTorch; tested with 1.13, whose headers Clang rejects in C++20.
/// Tensors are float and on the CPU.
#pragma once

#include <ATen/Parallel.h>
#include <torch/script.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "inlay/host/graph.hpp"
#include "inlay/host/job.hpp"
#include "inlay/host/ports.hpp"

namespace inlay::host {

/// Runs on the thread that calls `run`, and on no other. Not for the audio thread: LibTorch allocates and locks. Copies
/// share the weights; each has its own states and has to be bound. A module may also have states inside, such as
/// buffers that `forward` assigns: each copy has its own, and `reset` restores those of the file.
///
/// `forward` takes tensors, and returns a tensor or a tuple of tensors. It must not change the inputs that stream or
/// hold values. Other arguments must have defaults.
class LibTorch {
 public:
  /// Loads the model, optimises it for inference, and runs it three times, after which LibTorch compiles nothing more.
  /// Limits LibTorch to one thread per run, in the whole process. Throws std::invalid_argument if `graph` does not
  /// describe the model or leaves out what the model does not say, such as the shapes of inputs; std::runtime_error if
  /// LibTorch cannot load or run it.
  explicit LibTorch(const Graph& graph) : model_(std::make_shared<const Model>(graph)) {}

  LibTorch(const LibTorch& other) : model_(other.model_) {}
  LibTorch(LibTorch&&) = default;
  LibTorch& operator=(LibTorch other) noexcept {
    model_.swap(other.model_);
    bound_.swap(other.bound_);
    return *this;
  }
  ~LibTorch() = default;

  Ports ports() const { return model_->graph.ports; }
  /// Whether nothing is carried from run to run.
  bool stateless() const noexcept { return model_->carry.empty() && !model_->states_inside; }

  /// Makes tensors of the memory of the job, in which later runs read, and of the initial states. Throws
  /// std::invalid_argument if the job does not fit.
  void bind(const Job& job) {
    model_->graph.expect(job);
    bound_ = std::make_unique<Bound>(*model_, job);
  }
  /// Runs the job that was bound. Copies the results to it. Returns false if there is none, if LibTorch fails, or if
  /// the shape of a result changes.
  bool run(Job& job) noexcept {
    try {
      return bound_ != nullptr && bound_->run(*model_, job);
    } catch (...) {
      return false;
    }
  }
  /// Returns to the initial states. Allocates.
  void reset() noexcept {
    if (bound_ != nullptr) bound_->reset(*model_);
  }

 private:
  using Arguments = std::vector<torch::jit::IValue>;

  /// The results of `forward`, in order.
  static std::vector<torch::Tensor> forward(torch::jit::Module& module, const Arguments& arguments) {
    const torch::jit::IValue result = module.forward(arguments);
    if (result.isTensor()) return {result.toTensor()};
    if (!result.isTuple())
      throw std::runtime_error("forward returns a " + result.tagKind() + ", not a tensor or a tuple of tensors");
    std::vector<torch::Tensor> tensors;
    for (const auto& element : result.toTupleRef().elements()) tensors.push_back(element.toTensor());
    return tensors;
  }

  /// A tensor in memory of others.
  static torch::Tensor tensor_of(const float* memory, const detail::Shape& shape) {
    return torch::from_blob(const_cast<float*>(memory), shape, torch::kFloat32);
  }

  static torch::Tensor initial(const Carry& state) {
    return state.initial.empty() ? torch::zeros(state.shape) : tensor_of(state.initial.data(), state.shape).clone();
  }

  /// Calls `action`; names the model if LibTorch throws.
  template <class F>
  static void attempt(const detail::Place& place, const std::string& what, F&& action) {
    try {
      action();
    } catch (const c10::Error& error) {
      throw std::runtime_error(place.message(what + error.what_without_backtrace()));
    } catch (const std::exception& error) {
      throw std::runtime_error(place.message(what + error.what()));
    }
  }

  /// What copies share.
  struct Model {
    torch::jit::Module module;
    bool states_inside = false;
    detail::GraphPorts graph;
    std::vector<Carry> carry;  // with known shapes
    Arguments defaults;
    // Numbers of the arguments and results: first of the ports, then of the states.
    std::vector<std::size_t> in, out;

    explicit Model(const Graph& described) {
      const detail::Place place = detail::place(described);
      const c10::InferenceMode inference;
      attempt(place, "", [&] { load(described); });
      find_inputs(described, place);
      find_outputs(described, place);
      graph.finish(place);
    }

    /// The module with its states as they are in the file.
    torch::jit::Module fresh() const { return states_inside ? module.deepcopy() : module; }

   private:
    void load(const Graph& described) {
      at::set_num_threads(1);
      if (described.file.empty()) {
        std::istringstream stream({reinterpret_cast<const char*>(described.bytes.data()), described.bytes.size()});
        module = torch::jit::load(stream);
      } else {
        module = torch::jit::load(described.file.string());
      }
      module.eval();
      module = torch::jit::optimize_for_inference(module);
      states_inside = module.attributes().size() > 0;  // all others are constants now
    }

    static std::size_t index(const std::vector<std::string>& names, const std::string& name) {
      return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
    }

    void find_inputs(const Graph& described, const detail::Place& place) {
      const auto carried = detail::carried(described, &Carry::in);
      const auto is_described = [&](const std::string& name) {
        return carried.contains(name) || std::any_of(described.in.begin(), described.in.end(),
                                                     [&](const GraphTensor& tensor) { return tensor.name == name; });
      };
      std::vector<std::string> all, names;
      const auto& arguments = module.get_method("forward").function().getSchema().arguments();
      for (auto argument = arguments.begin() + 1; argument != arguments.end(); ++argument) {  // the first is the module
        const std::string& name = all.emplace_back(argument->name());
        const auto& value = argument->default_value();
        defaults.push_back(value ? *value : torch::jit::IValue());
        if (value && !is_described(name)) continue;
        if (!argument->type()->isSubtypeOf(*c10::OptionalType::create(c10::TensorType::get())))
          place.input(name).fail("expected a tensor, found " + argument->type()->repr_str());
        names.push_back(name);
      }
      for (GraphTensor& tensor : detail::select(place, "input", described.in, names, carried)) {
        in.push_back(index(all, tensor.name));
        expect_shape(place.input(tensor.name), tensor.shape);
        graph.in.emplace_back(tensor, place.input(tensor.name), true);
      }
      carry = described.carry;
      for (const Carry& state : carry) {
        in.push_back(index(all, state.in));
        expect_shape(place.input(state.in), state.shape);
        detail::expect_initial(place.input(state.in), state);
      }
    }

    static void expect_shape(const detail::Place& place, const detail::Shape& shape) {
      if (shape.empty()) place.fail("TorchScript says nothing of shapes. Give its shape, such as {1, 1, 2048}");
      detail::known_shape(place, shape, shape);
    }

    /// Runs the graph for the shapes of its outputs, and until LibTorch has compiled it.
    void find_outputs(const Graph& described, const detail::Place& place) {
      std::vector<torch::Tensor> tensors;
      attempt(place, graph.failed(carry), [&] {
        Arguments arguments = defaults;
        for (std::size_t i = 0; i < in.size(); ++i)
          arguments[in[i]] =
              i < graph.in.size() ? torch::zeros(graph.in[i].tensor.shape) : initial(carry[i - graph.in.size()]);
        torch::jit::Module copy = fresh();
        for (int i = 0; i < 3; ++i) tensors = forward(copy, arguments);
      });
      std::vector<std::string> names;
      for (std::size_t i = 0; i < tensors.size(); ++i) names.push_back(std::to_string(i));
      const auto shape = [&](const std::string& name, const detail::Shape& given) {
        const torch::Tensor& tensor = tensors[out.emplace_back(index(names, name))];
        if (tensor.scalar_type() != torch::kFloat32 || !tensor.device().is_cpu())
          place.output(name).fail("expected float on the CPU, found " + tensor.toString());
        return detail::known_shape(place.output(name), given, tensor.sizes().vec());
      };
      for (GraphTensor& tensor :
           detail::select(place, "output", described.out, names, detail::carried(described, &Carry::out))) {
        tensor.shape = shape(tensor.name, tensor.shape);
        graph.out.emplace_back(tensor, place.output(tensor.name), false);
      }
      for (const Carry& state : carry) shape(state.out, state.shape);
    }
  };

  /// What is bound to a job's memory.
  class Bound {
   public:
    Bound(const Model& model, const Job& job) : arguments_(model.defaults) {
      const c10::InferenceMode inference;
      for (std::size_t i = 0; i < job.in.size(); ++i) {
        const detail::GraphPort& port = model.graph.in[i];
        arguments_[model.in[i]] = port.same_memory() ? tensor_of(job.in[i].data(), port.tensor.shape)
                                                     : torch::empty(port.tensor.shape, torch::kFloat32);
      }
      reset(model);
    }

    bool run(const Model& model, Job& job) {
      const c10::InferenceMode inference;
      at::get_num_threads();  // the limit of one thread now applies to what the calling thread starts
      for (std::size_t i = 0; i < job.in.size(); ++i)
        if (const detail::GraphPort& port = model.graph.in[i]; !port.same_memory())
          port.to_graph(job.in[i], arguments_[model.in[i]].toTensor().data_ptr<float>());
      const std::vector<torch::Tensor> results = forward(module_, arguments_);
      for (std::size_t i = 0; i < job.out.size(); ++i) {
        const torch::Tensor result = results[model.out[i]].contiguous();
        if (result.sizes() != model.graph.out[i].tensor.shape) return false;
        model.graph.out[i].from_graph(result.data_ptr<float>(), job.out[i]);
      }
      for (std::size_t i = 0; i < model.carry.size(); ++i) {
        const torch::Tensor& state = results[model.out[job.out.size() + i]];
        // The job's memory has other values in the next run.
        const bool is_view = std::any_of(model.in.begin(), model.in.begin() + std::ptrdiff_t(job.in.size()),
                                         [&](std::size_t in) { return state.is_alias_of(arguments_[in].toTensor()); });
        arguments_[model.in[job.in.size() + i]] = is_view ? state.clone() : state;
      }
      return true;
    }

    void reset(const Model& model) {
      const c10::InferenceMode inference;
      module_ = model.fresh();
      for (std::size_t i = 0; i < model.carry.size(); ++i)
        arguments_[model.in[model.graph.in.size() + i]] = initial(model.carry[i]);
    }

   private:
    torch::jit::Module module_;
    Arguments arguments_;
  };

  std::shared_ptr<const Model> model_;
  std::unique_ptr<Bound> bound_;
};

}  // namespace inlay::host
