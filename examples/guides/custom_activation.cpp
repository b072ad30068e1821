/// A custom activation: a function of one register. It runs in a type, and in inlay::Model.
#include <cstdio>
#include <inlay/inlay.hpp>
#include <inlay/run_time.hpp>
#include <inlay/run_time/register_layer.hpp>

/// Soft clipper, per channel: y = x - x^3 / 3 for x from -1 to 1, and 2/3 or -2/3 beyond.
template <std::size_t Size, inlay::Backend B = inlay::default_backend>
class CubicClip : public inlay::Pointwise<CubicClip<Size, B>, Size, B> {
 public:
  using scalar = typename B::scalar;
  static constexpr std::string_view type = "cubic_clip";  // its name in files

  /// R is a register of any width. `at` makes one from a number.
  template <class R>
  static R apply(R x, auto at) noexcept {
    x = B::max(at(scalar(-1)), B::min(at(scalar(1)), x));
    return x - x * x * x * at(scalar(1) / 3);
  }
};

constexpr const char* file = R"({
  "format": "inlay",
  "version": 1,
  "layers": [{"type": "cubic_clip", "size": 1}],
  "check": {"source": "by hand", "dtype": "float32", "skip": 0, "stride": 1, "tolerance": 1e-6,
    "input": {"shape": [4, 1], "data": [0.0, 0.5, 3.0, -3.0]},
    "output": {"shape": [4, 1], "data": [0.0, 0.458333333, 0.666666667, -0.666666667]}}
})";

int main() try {
  inlay::ModelT<CubicClip<1>> clip;
  clip.load_text(file);  // compares with the check

  inlay::register_layer<CubicClip<inlay::dynamic>>();  // once, before the first load
  auto any = inlay::Model<float>::load_text(file);

  std::printf("0.5 becomes %g and %g\n", double(clip.forward(0.5f)), double(any.forward(0.5f)));
  return clip.forward(0.5f) == any.forward(0.5f) ? 0 : 1;
} catch (const inlay::load_error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
