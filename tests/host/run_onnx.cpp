// Runs an .onnx file over a signal in one call of ONNX Runtime, for python/tests/test_onnx_runtime.py.
//
//   run_onnx MODEL SIGNAL OUTPUT
//
// SIGNAL and OUTPUT are raw float32. The first input gets the signal, and dynamic axes its length; all other inputs are
// zero. OUTPUT is the first output.
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
    const auto frames = i == 0 ? std::int64_t(bytes.size() / sizeof(float)) / known : 1;
    for (std::int64_t& size : shape) size = size > 0 ? size : frames;
    values[i].resize(std::size_t(known * frames));
    if (i == 0)
      std::ranges::copy(std::as_bytes(std::span(bytes)), std::as_writable_bytes(std::span(values[i])).begin());
    tensors.push_back(
        Ort::Value::CreateTensor<float>(memory, values[i].data(), values[i].size(), shape.data(), shape.size()));
  }
  const std::string output = session.GetOutputNameAllocated(0, allocator).get();
  const char* wanted = output.c_str();
  const auto found = session.Run(Ort::RunOptions{}, pointers.data(), tensors.data(), inputs, &wanted, 1);
  const std::size_t size = found[0].GetTensorTypeAndShapeInfo().GetElementCount();
  std::ofstream(arguments[3], std::ios::binary)
      .write(reinterpret_cast<const char*>(found[0].GetTensorData<float>()), std::streamsize(size * sizeof(float)));
  return 0;
}
