/// Graph, GraphTensor and Carry: what a model file of another library (ONNX, TorchScript) is to a session.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "inlay/host/job.hpp"
#include "inlay/host/ports.hpp"

namespace inlay::host {

/// A tensor of a graph: the port it belongs to, and how it lies in memory. What is left out is deduced.
struct GraphTensor {
  /// ONNX: its name in the graph. LibTorch: the name of an argument of `forward`, or the number of a result: "0", "1".
  /// Empty: the next tensor of the graph that is not carried.
  std::string name{};
  /// Its shape, such as {1, 1, 2048}. Inputs need it where the graph leaves a dimension open; TorchScript leaves all
  /// open. The shapes of outputs are always known: the graph is run once.
  std::vector<std::int64_t> shape{};
  /// The tensor holds values, such as knobs or features, and does not stream.
  bool values = false;
  /// Frames that are new in each run. The tensor may have more. Inputs: the others are the past. Outputs: only the last
  /// `hop` frames are taken. 0: all frames, if all tensors with 0 have the same number of frames.
  std::size_t hop = 0;
  /// 0: frames are the last dimension above 1, the first if `channels_last`; channels are the product of all others.
  std::size_t channels = 0;
  /// The memory is [frames][channels], not [channels][frames]. With more than one channel, it is copied in each run.
  bool channels_last = false;
  /// Outputs: frames by which the graph itself delays the signal.
  std::size_t latency = 0;
};

/// A state: an output of one run is an input of the next. Both have the names that `GraphTensor::name` describes.
struct Carry {
  std::string out{}, in{};
  /// The shape, where the graph leaves a dimension open.
  std::vector<std::int64_t> shape{};
  /// Values of the first run. Empty: zeros.
  std::vector<float> initial{};
};

/// A model and its tensors.
struct Graph {
  std::filesystem::path file{};
  /// The content of the file, instead of `file`. Only the constructor of an engine reads it.
  std::span<const std::byte> bytes{};
  /// The ports, in the order of the lists. An empty list: all tensors of that side that are not carried. A list of
  /// inputs names all of them. Outputs that are in no list are dropped.
  std::vector<GraphTensor> in{}, out{};
  std::vector<Carry> carry{};
};

namespace detail {

using Shape = std::vector<std::int64_t>;

/// "{1, 1, frames}", with the names of open dimensions, or "?".
inline std::string text(const Shape& shape, const std::vector<std::string>& names = {}) {
  std::string text = "{";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    if (shape[i] >= 0) text += std::to_string(shape[i]);
    else text += i < names.size() && !names[i].empty() ? names[i] : "?";
  }
  return text + "}";
}

inline std::size_t elements(const Shape& shape) noexcept {
  std::size_t count = 1;
  for (const std::int64_t extent : shape) count *= static_cast<std::size_t>(extent);
  return count;
}

/// A place in a model, for messages such as "inlay::host: cnn.onnx: input 'x': ...".
struct Place {
  std::string model, tensor{};

  Place input(const std::string& name) const { return {model, "input '" + name + "'"}; }
  Place output(const std::string& name) const { return {model, "output '" + name + "'"}; }
  std::string message(const std::string& what) const {
    return "inlay::host: " + model + ": " + (tensor.empty() ? "" : tensor + ": ") + what;
  }
  [[noreturn]] void fail(const std::string& what) const { throw std::invalid_argument(message(what)); }
};

/// Throws std::invalid_argument if no model is given or an input is carried twice, std::runtime_error without the file.
inline Place place(const Graph& graph) {
  const Place place{graph.file.empty() ? "the model" : graph.file.filename().string()};
  if (graph.file.empty() && graph.bytes.empty()) place.fail("neither a file nor its bytes are given");
  if (!graph.file.empty() && !std::filesystem::exists(graph.file))
    throw std::runtime_error(place.message("there is no file " + graph.file.string()));
  std::set<std::string> in;
  for (const Carry& carry : graph.carry)
    if (!in.insert(carry.in).second) place.input(carry.in).fail("carried twice");
  return place;
}

/// The names of the carried tensors of one side.
inline std::set<std::string> carried(const Graph& graph, std::string Carry::* side) {
  std::set<std::string> names;
  for (const Carry& carry : graph.carry) names.insert(carry.*side);
  return names;
}

/// The shape of an input: `given` by the user, or the graph's, `found`, in which -1 is open.
inline Shape known_shape(const Place& place, const Shape& given, const Shape& found,
                         const std::vector<std::string>& names = {}) {
  const Shape& shape = given.empty() ? found : given;
  const auto open = [](std::int64_t extent) { return extent < 0; };
  if (given.empty() && std::any_of(shape.begin(), shape.end(), open))
    place.fail("the graph leaves dimensions open: " + text(found, names) + ". Give its shape, such as {1, 1, 2048}");
  if (!std::equal(shape.begin(), shape.end(), found.begin(), found.end(),
                  [](std::int64_t a, std::int64_t b) { return a == b || b < 0; }))
    place.fail("expected the graph's shape " + text(found, names) + ", found " + text(given));
  if (!std::all_of(shape.begin(), shape.end(), [](std::int64_t extent) { return extent > 0; }))
    place.fail("expected dimensions above 0, found " + text(shape));
  return shape;
}

/// Throws std::invalid_argument if the initial values do not fit the shape, which is known.
inline void expect_initial(const Place& place, const Carry& carry) {
  if (!carry.initial.empty() && carry.initial.size() != elements(carry.shape))
    place.fail("expected " + std::to_string(elements(carry.shape)) + " initial values, found " +
               std::to_string(carry.initial.size()));
}

/// A tensor whose shape is known, and its port.
struct GraphPort {
  GraphTensor tensor;
  std::size_t channels = 1, frames = 1;
  Port port{};

  GraphPort(GraphTensor described, const Place& place, bool input) : tensor(std::move(described)) {
    const std::size_t count = elements(tensor.shape);
    if (tensor.values) {
      if (tensor.hop > 0) place.fail("values have no hop, found " + std::to_string(tensor.hop));
      channels = count;
      port = Port::values(count, tensor.name);
      return;
    }
    channels = tensor.channels > 0 ? tensor.channels : count / deduced_frames();
    frames = count / channels;
    if (frames * channels != count)
      place.fail("expected a multiple of " + std::to_string(channels) + " channels, found the shape " +
                 text(tensor.shape));
    const std::size_t hop = tensor.hop > 0 ? tensor.hop : frames;
    if (hop > frames)
      place.fail("expected a hop of at most its " + std::to_string(frames) + " frames, found " + std::to_string(hop));
    port = {channels, hop, input ? frames : 0, tensor.latency, tensor.name};
  }

  std::size_t size() const noexcept { return channels * frames; }
  /// Whether a job's tensor has the same values in the same order.
  bool same_memory() const noexcept {
    return port.frames() == frames && (!tensor.channels_last || channels == 1 || frames == 1);
  }
  void to_graph(const TensorView<const float>& from, float* to) const noexcept {
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t f = 0; f < frames; ++f) to[index(c, f)] = from.channel(c)[f];
  }
  /// Takes the last frames.
  void from_graph(const float* from, const TensorView<float>& to) const noexcept {
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t f = 0; f < to.frames(); ++f) to.channel(c)[f] = from[index(c, frames - to.frames() + f)];
  }

 private:
  std::size_t deduced_frames() const noexcept {
    const auto above_1 = [](std::int64_t extent) { return extent > 1; };
    const Shape& shape = tensor.shape;
    if (tensor.channels_last) {
      const auto first = std::find_if(shape.begin(), shape.end(), above_1);
      return first == shape.end() ? 1 : static_cast<std::size_t>(*first);
    }
    const auto last = std::find_if(shape.rbegin(), shape.rend(), above_1);
    return last == shape.rend() ? 1 : static_cast<std::size_t>(*last);
  }
  std::size_t index(std::size_t c, std::size_t f) const noexcept {
    return tensor.channels_last ? f * channels + c : c * frames + f;
  }
};

/// The tensors of one side that are ports: `listed` by the user, or all of the graph's `names` that are not `carried`.
/// `side` is "input" or "output"; no input may be left over.
inline std::vector<GraphTensor> select(const Place& place, const std::string& side, std::vector<GraphTensor> listed,
                                       const std::vector<std::string>& names, const std::set<std::string>& carried) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "'" : ", '") + name + "'";
  std::set<std::string> left(names.begin(), names.end());
  const auto take = [&](const std::string& name) {
    if (left.erase(name) > 0) return;
    if (std::find(names.begin(), names.end(), name) != names.end())
      place.fail(side + " '" + name + "' is described twice");
    place.fail("no " + side + " '" + name + "', found " + all);
  };
  for (const std::string& name : carried) take(name);
  for (const GraphTensor& tensor : listed)
    if (!tensor.name.empty()) take(tensor.name);
  if (listed.empty()) listed.resize(left.size());
  for (GraphTensor& tensor : listed) {
    if (!tensor.name.empty()) continue;
    const auto next = std::find_if(names.begin(), names.end(), [&](const auto& name) { return left.contains(name); });
    if (next == names.end()) place.fail("more " + side + "s are described than the graph has: " + all);
    tensor.name = *next;
    left.erase(*next);
  }
  if (side == "input" && !left.empty()) place.fail("input '" + *left.begin() + "' is not described");
  return listed;
}

/// The ports of a graph.
struct GraphPorts {
  std::vector<GraphPort> in{}, out{};
  Ports ports{};

  /// Call this once all are listed. Throws std::invalid_argument if a hop cannot be deduced.
  void finish(const Place& place) {
    const GraphPort* first = nullptr;
    for (const auto* side : {&in, &out})
      for (const GraphPort& port : *side) {
        (side == &in ? ports.in : ports.out).push_back(port.port);
        if (!port.port.streams() || port.tensor.hop > 0) continue;
        if (first == nullptr) first = &port;
        if (port.frames != first->frames)
          place.fail("'" + first->tensor.name + "' has " + std::to_string(first->frames) + " frames, '" +
                     port.tensor.name + "' " + std::to_string(port.frames) +
                     ". Give the hop of one that has more frames than are new in a run, or that has another rate, or " +
                     "say that it holds values");
      }
    static_cast<void>(ports.hops());  // throws if there are too many
  }
  /// For the message of a run that failed, such as "cannot run with x {1, 1, 64}, hidden {16}: ".
  std::string failed(const std::vector<Carry>& carry) const {
    std::string message = "cannot run";
    auto add = [&, first = true](const std::string& name, const Shape& shape) mutable {
      message += (std::exchange(first, false) ? " with " : ", ") + name + " " + text(shape);
    };
    for (const GraphPort& port : in) add(port.tensor.name, port.tensor.shape);
    for (const Carry& state : carry) add(state.in, state.shape);
    return message + ": ";
  }
  /// Throws std::invalid_argument if the tensors of a job are not those of the ports.
  void expect(const Job& job) const {
    const auto same = [](const Port& port, const auto& view) {
      return view.channels() == port.channels && view.frames() == port.frames();
    };
    if (!std::equal(ports.in.begin(), ports.in.end(), job.in.begin(), job.in.end(), same) ||
        !std::equal(ports.out.begin(), ports.out.end(), job.out.begin(), job.out.end(), same))
      throw std::invalid_argument("inlay::host: the tensors of the job are not those of the engine's ports");
  }
};

}  // namespace detail
}  // namespace inlay::host
