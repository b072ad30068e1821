// Runs an .onnx file over a signal with ONNX Runtime, for python/tests/test_onnx_runtime.py.
//
//   run_onnx MODEL SIGNAL OUTPUT
//
// SIGNAL and OUTPUT are raw float32. The first input gets the signal, and dynamic axes its length. If it is shorter
// than the signal, there are several calls. All other inputs are zero at first, and then the outputs of the call
// before, in their order. OUTPUT is the first output.
#include <onnxruntime_cxx_api.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

int main(int count, char** arguments) {
  if (count != 4) return 2;
  std::ifstream file(arguments[2], std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const Ort::Env environment(ORT_LOGGING_LEVEL_ERROR);
  Ort::Session session(environment, arguments[1], Ort::SessionOptions{});
  const Ort::AllocatorWithDefaultOptions allocator;
  const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  const std::size_t inputs = session.GetInputCount();
  std::vector<std::string> names(inputs);
  std::vector<const char*> pointers(inputs);
  std::vector<std::vector<float>> values(inputs);
  std::vector<Ort::Value> tensors;
  for (std::size_t i = 0; i < inputs; ++i) {
    names[i] = session.GetInputNameAllocated(i, allocator).get();
    pointers[i] = names[i].c_str();
    const auto type = session.GetInputTypeInfo(i);
    std::vector<std::int64_t> shape = type.GetTensorTypeAndShapeInfo().GetShape();
    std::int64_t known = 1;
    for (const std::int64_t size : shape) known *= size > 0 ? size : 1;
    const auto frames = i == 0 ? std::max(std::int64_t(bytes.size() / sizeof(float)) / known, std::int64_t(1)) : 1;
    const bool is_dynamic = std::ranges::any_of(shape, [](std::int64_t size) { return size <= 0; });
    for (std::int64_t& size : shape) size = size > 0 ? size : frames;
    values[i].resize(std::size_t(is_dynamic ? known * frames : known));
    tensors.push_back(
        Ort::Value::CreateTensor<float>(memory, values[i].data(), values[i].size(), shape.data(), shape.size()));
  }
  std::vector<std::string> outputs(session.GetOutputCount());
  std::vector<const char*> wanted;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs[i] = session.GetOutputNameAllocated(i, allocator).get();
    wanted.push_back(outputs[i].c_str());
  }
  std::ofstream made(arguments[3], std::ios::binary);
  const auto taken = std::as_writable_bytes(std::span(values[0]));
  for (std::size_t at = 0; at + taken.size() <= bytes.size(); at += taken.size()) {
    std::ranges::copy(std::as_bytes(std::span(bytes)).subspan(at, taken.size()), taken.begin());
    auto found = session.Run(Ort::RunOptions{}, pointers.data(), tensors.data(), inputs, wanted.data(), wanted.size());
    const std::size_t size = found[0].GetTensorTypeAndShapeInfo().GetElementCount();
    made.write(reinterpret_cast<const char*>(found[0].GetTensorData<float>()), std::streamsize(size * sizeof(float)));
    for (std::size_t i = 1; i < std::min(inputs, wanted.size()); ++i)
      std::copy_n(found[i].GetTensorData<float>(), values[i].size(), values[i].begin());
  }
  return 0;
}
