#include "file.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <variant>

#include "inlay/io/model_file.hpp"
#include "inlay/io/write_model.hpp"
#include "reference.hpp"

namespace inlay::bench {

namespace {

io::LayerRecord record_of(const Description& layer) {
  io::LayerRecord record{.place = {}, .type = {{}, std::string(layer.type)}, .values = {}, .tensors = {}};
  for (const auto& [name, option] : layer.options)
    std::visit([&](const auto& value) { record.values.emplace(name, io::Value{{}, value}); }, option);
  for (const auto& [name, tensor] : layer.tensors)
    record.tensors.emplace(name, io::TensorRecord{{}, tensor.shape, tensor.values, {}});
  for (const auto& [name, layers] : layer.chains) {
    auto& chain = record.chains[std::string(name)].emplace_back();
    for (const Description& inner : layers) chain.layers.push_back(record_of(inner));
  }
  return record;
}

io::TensorRecord record_of(const Frames& signal) {
  io::TensorRecord record{{}, {signal.size(), signal[0].size()}, {}, {}};
  for (const auto& frame : signal) record.values.insert(record.values.end(), frame.begin(), frame.end());
  return record;
}

/// Number of past frames that a layer depends on.
std::size_t reach_of(const Description& layer) {
  if (layer.type == "tfilm") return 2 * std::get<std::size_t>(layer.options.at("block_size"));
  if (layer.type != "conv1d") return 0;
  const auto option = [&](const char* name) { return std::get<std::size_t>(layer.options.at(name)); };
  return (option("kernel_size") - 1) * option("dilation");
}

}  // namespace

std::string file_of(const Chain& chain) {
  io::ModelFile file;
  std::size_t frames = 64;
  for (const Description& layer : chain) {
    file.chain.layers.push_back(record_of(layer));
    frames += reach_of(layer);
  }
  const Frames input = test_signal(channels_of(chain), frames);
  io::Check& check = file.check.emplace();
  check.source = "loops in double precision";
  check.dtype = sizeof(Scalar) == sizeof(float) ? "float32" : "float64";
  check.input = record_of(input);
  check.output = record_of(reference(chain, input));
  check.tolerance = sizeof(Scalar) == sizeof(float) ? 1e-5 : 1e-12;
  return io::write_model(file);
}

}  // namespace inlay::bench
