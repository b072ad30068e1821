#include <cstdio>
#include <inlay/run_time.hpp>
#include <string>
#include <string_view>

/// Reads a model from a text, which needs the compiled library and nlohmann/json, and runs it.
int main() try {
  constexpr std::string_view file = R"({"format": "inlay", "version": 1,
    "layers": [{"type": "scale", "size": 1, "scale": 2.0}],
    "check": {"source": "by hand", "dtype": "float32", "skip": 0, "stride": 1, "tolerance": 1e-6,
      "input": {"shape": [2, 1], "data": [1.0, -0.5]}, "output": {"shape": [2, 1], "data": [2.0, -1.0]}}})";
  auto model = inlay::Model<float>::load_text(file);
  const float y = model.forward(0.25f);
  std::printf("%s: %g\n", std::string(model.isa()).c_str(), static_cast<double>(y));
  return y == 0.5f ? 0 : 1;
} catch (const inlay::load_error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
