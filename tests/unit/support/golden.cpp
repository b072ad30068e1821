#include "golden.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace {

template <class T>
class Comparison {
 public:
  Comparison(const Runner<T>& run, std::size_t layers, const inlay::io::Check& check, double tolerance)
      : run_(run), layers_(layers), check_(check), frames_(check.input.shape[0]), tolerance_(tolerance) {
    double peak = 1;
    for (double y : check.output.values) peak = std::max(peak, std::abs(y));
    tolerance_ *= peak;
    input_.resize(frames_ * run.in_size);
    for (std::size_t i = 0; i < input_.size(); ++i)
      input_[i % run.in_size * frames_ + i / run.in_size] = static_cast<T>(check.input.values[i]);
  }

  void all() {
    ASSERT_EQ(check_.input.shape[1], run_.in_size);
    ASSERT_EQ(check_.output.shape[1], run_.out_size);
    const std::vector<T> frames = by_frames();
    expect_framework(frames, "forward");
    const std::vector<T> whole = by_buffers({frames_});
    expect_framework(whole, "process");
    for (std::size_t i = 0; i < whole.size(); ++i) {
      const double limit = 2e-6 * double(layers_) * std::max(1.0, std::abs(double(whole[i])));
      ASSERT_NEAR(frames[i], whole[i], limit) << "forward against process at frame " << i % frames_;
    }
    for (const std::vector<std::size_t>& cuts :
         std::vector<std::vector<std::size_t>>{{1}, {7}, {16}, {64}, {65}, {1, 7, 64, 3, 130, 0, 33}, {100, 1}})
      for (std::size_t offset : {0u, 1u, 3u})
        for (bool in_place : {false, true})
          ASSERT_TRUE(same_bits(by_buffers(cuts, offset, in_place), whole))
              << "cut " << cuts[0] << ", offset " << offset << (in_place ? ", in place" : "");
    expect_framework(half_and_half(), "forward after process");
  }

 private:
  void expect_framework(const std::vector<T>& y, const char* how) const {
    const std::size_t outs = check_.output.shape[0];
    for (std::size_t j = 0; j < outs; ++j)
      for (std::size_t c = 0; c < run_.out_size; ++c) {
        const std::size_t t = check_.skip + j * check_.stride;
        ASSERT_NEAR(y[c * frames_ + t], check_.output.values[j * run_.out_size + c], tolerance_)
            << how << " at frame " << t << ", channel " << c;
      }
  }

  static bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
    return std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
  }

  void frame(std::vector<T>& y, std::size_t t) const {
    std::vector<T> in(run_.in_size), out(run_.out_size);
    for (std::size_t c = 0; c < run_.in_size; ++c) in[c] = input_[c * frames_ + t];
    run_.forward(in.data(), out.data());
    for (std::size_t c = 0; c < run_.out_size; ++c) y[c * frames_ + t] = out[c];
  }

  std::vector<T> by_frames() const {
    std::vector<T> y(frames_ * run_.out_size);
    run_.reset();
    for (std::size_t t = 0; t < frames_; ++t) frame(y, t);
    return y;
  }

  // Buffers start `offset` values into their memory; guards show what is written outside of them.
  std::vector<T> by_buffers(const std::vector<std::size_t>& cuts, std::size_t offset = 0, bool in_place = false) const {
    constexpr T guard = T(12345);
    const std::size_t stride = frames_ + offset + 1;
    std::vector<T> x(stride * run_.in_size + offset, guard), y(stride * run_.out_size + offset, guard);
    const auto x_at = [&](std::size_t c) { return x.data() + c * stride + offset; };
    const auto y_at = [&](std::size_t c) {
      return in_place && c < run_.in_size ? x_at(c) : y.data() + c * stride + offset;
    };
    for (std::size_t c = 0; c < run_.in_size; ++c) std::copy_n(input_.data() + c * frames_, frames_, x_at(c));
    run_.reset();
    std::vector<const T*> in(run_.in_size);
    std::vector<T*> out(run_.out_size);
    for (std::size_t t = 0, cut = 0; t < frames_; ++cut) {
      const std::size_t count = std::min(cuts[cut % cuts.size()], frames_ - t);
      for (std::size_t c = 0; c < run_.in_size; ++c) in[c] = x_at(c) + t;
      for (std::size_t c = 0; c < run_.out_size; ++c) out[c] = y_at(c) + t;
      run_.process(in.data(), out.data(), count);
      t += count;
    }
    std::vector<T> result(frames_ * run_.out_size);
    for (std::size_t c = 0; c < run_.out_size; ++c) {
      std::copy_n(y_at(c), frames_, result.data() + c * frames_);
      EXPECT_EQ(y_at(c)[frames_], guard) << "written behind the end of channel " << c;
    }
    return result;
  }

  std::vector<T> half_and_half() const {
    std::vector<T> y = by_buffers({frames_ / 2});
    run_.reset();
    std::vector<const T*> in(run_.in_size);
    std::vector<T*> out(run_.out_size);
    for (std::size_t c = 0; c < run_.in_size; ++c) in[c] = input_.data() + c * frames_;
    for (std::size_t c = 0; c < run_.out_size; ++c) out[c] = y.data() + c * frames_;
    const std::size_t third = frames_ / 3;
    run_.process(in.data(), out.data(), third);
    for (std::size_t t = third; t < 2 * third; ++t) frame(y, t);
    for (auto& p : in) p += 2 * third;
    for (auto& p : out) p += 2 * third;
    run_.process(in.data(), out.data(), frames_ - 2 * third);
    return y;
  }

  const Runner<T>& run_;
  std::size_t layers_;
  const inlay::io::Check& check_;
  std::size_t frames_;
  double tolerance_;
  std::vector<T> input_;  // planar
};

}  // namespace

template <class T>
void expect_golden(const Runner<T>& run, std::size_t layers, const inlay::io::Check& check, double tolerance) {
  Comparison<T>(run, layers, check, tolerance).all();
}

template void expect_golden<float>(const Runner<float>&, std::size_t, const inlay::io::Check&, double);
template void expect_golden<double>(const Runner<double>&, std::size_t, const inlay::io::Check&, double);

std::string test_file(const std::string& name) { return std::string(INLAY_TEST_DIR) + "/" + name; }

inlay::io::Check read_check(const std::string& path) {
  return *inlay::io::read_model(inlay::io::parse(inlay::io::read_text(std::filesystem::path(path)))).check;
}
