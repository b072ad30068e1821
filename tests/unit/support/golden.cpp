#include "golden.hpp"
#include "support/paths.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <inlay/io/player.hpp>
#include <vector>

namespace {

// Outputs are planar: channel c of frame j is at [c * room + j].
template <class T>
class Comparison {
 public:
  Comparison(const Runner<T>& run, std::size_t layers, const inlay::io::Check& check, double tolerance)
      : run_(run),
        layers_(layers),
        check_(check),
        frames_(check.input.shape[0]),
        room_(run.max_output_frames(frames_)),
        tolerance_(tolerance),
        input_(planar(check.input, run.in_size)),
        condition_(planar(check.condition, run.condition_size)) {
    double peak = 1;
    for (double y : check.output.values) peak = std::max(peak, std::abs(y));
    tolerance_ *= peak;
  }

  void all() {
    ASSERT_EQ(check_.input.shape[1], run_.in_size);
    ASSERT_EQ(check_.output.shape[1], run_.out_size);
    const auto frames = inlay::io::Player<T>(run_, check_).by_frames();
    checked_ = inlay::io::checked_frames(run_, check_, frames);
    output_frames_ = frames.frames;
    ASSERT_LT(checked_.first + (check_.output.shape[0] - 1) * checked_.stride, output_frames_);
    const std::vector<T> by_frames(frames.values.begin(), frames.values.end());
    expect_framework(by_frames, "forward");
    const std::vector<T> whole = by_buffers({frames_});
    expect_framework(whole, "process");
    record_hashes(by_frames, whole);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      const double limit = 2e-6 * double(layers_) * std::max(1.0, std::abs(double(whole[i])));
      ASSERT_NEAR(by_frames[i], whole[i], limit) << "forward against process at frame " << i % room_;
    }
    for (const std::vector<std::size_t>& cuts :
         std::vector<std::vector<std::size_t>>{{1}, {7}, {16}, {64}, {65}, {1, 7, 64, 3, 130, 0, 33}, {100, 1}})
      for (std::size_t offset : {0u, 1u, 3u})
        for (bool in_place : {false, true}) {
          if (in_place && !run_.one_to_one) continue;
          ASSERT_TRUE(same_bits(by_buffers(cuts, offset, in_place), whole))
              << "cut " << cuts[0] << ", offset " << offset << (in_place ? ", in place" : "");
        }
    expect_framework(half_and_half(), "forward after process");
  }

 private:
  /// Appends a line to the file that the environment variable INLAY_HASHES names: the test, and hashes of the outputs
  /// of `forward` and of `process`. tests/hashes.py compares two such files.
  static void record_hashes(const std::vector<T>& frames, const std::vector<T>& whole) {
    const char* const path = std::getenv("INLAY_HASHES");
    if (!path) return;
    const auto hash = [](const std::vector<T>& values) {  // FNV-1a
      std::uint64_t h = 14695981039346656037u;
      const auto* bytes = reinterpret_cast<const unsigned char*>(values.data());
      for (std::size_t i = 0; i < values.size() * sizeof(T); ++i) h = (h ^ bytes[i]) * 1099511628211u;
      return h;
    };
    const ::testing::TestInfo& test = *::testing::UnitTest::GetInstance()->current_test_info();
    const char* const type = test.type_param();
    std::ofstream(path, std::ios::app) << test.test_suite_name() << '.' << test.name() << '\t'
                                       << (type ? type : (sizeof(T) == 4 ? "float" : "double")) << '\t' << std::hex
                                       << hash(frames) << '\t' << hash(whole) << '\n';
  }

  std::vector<T> planar(const inlay::io::TensorRecord& signal, std::size_t channels) const {
    std::vector<T> values(signal.values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i % channels * frames_ + i / channels] = static_cast<T>(signal.values[i]);
    return values;
  }

  void expect_framework(const std::vector<T>& y, const char* how) const {
    for (std::size_t i = 0; i < check_.output.values.size(); ++i) {
      const std::size_t j = checked_.first + i / run_.out_size * checked_.stride, c = i % run_.out_size;
      ASSERT_NEAR(y[c * room_ + j], check_.output.values[i], tolerance_)
          << how << " at frame " << j << ", channel " << c;
    }
  }

  static bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
    return std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
  }

  // Runs frames [from, to) with `forward` or in one call of `process`, and writes the output from frame j on.
  std::size_t by_forward(std::size_t from, std::size_t to, std::vector<T>& y, std::size_t j) const {
    std::vector<T> in(run_.in_size), side(run_.condition_size), out(run_.max_output_frames(1) * run_.out_size);
    for (std::size_t t = from; t < to; ++t) {
      for (std::size_t c = 0; c < in.size(); ++c) in[c] = input_[c * frames_ + t];
      for (std::size_t c = 0; c < side.size(); ++c) side[c] = condition_[c * frames_ + t];
      const std::size_t output_frames = run_.forward(in.data(), out.data(), side.data());
      for (std::size_t f = 0; f < output_frames; ++f, ++j)
        for (std::size_t c = 0; c < run_.out_size; ++c) y[c * room_ + j] = out[f * run_.out_size + c];
    }
    return j;
  }
  std::size_t by_process(std::size_t from, std::size_t to, std::vector<T>& y, std::size_t j) const {
    std::vector<const T*> in(run_.in_size), side(run_.condition_size);
    std::vector<T*> out(run_.out_size);
    for (std::size_t c = 0; c < in.size(); ++c) in[c] = input_.data() + c * frames_ + from;
    for (std::size_t c = 0; c < side.size(); ++c) side[c] = condition_.data() + c * frames_ + from;
    for (std::size_t c = 0; c < out.size(); ++c) out[c] = y.data() + c * room_ + j;
    return j + run_.process(in.data(), out.data(), to - from, side.data());
  }

  // Buffers start `offset` values after the start of their memory. Guard values detect writes outside of them.
  std::vector<T> by_buffers(const std::vector<std::size_t>& cuts, std::size_t offset = 0, bool in_place = false) const {
    constexpr T guard = T(12345);
    const std::size_t in_stride = frames_ + offset + 1, out_stride = (in_place ? frames_ : room_) + offset + 1;
    std::vector<T> x(in_stride * run_.in_size + offset, guard), y(out_stride * run_.out_size + offset, guard);
    const auto x_at = [&](std::size_t c) { return x.data() + c * in_stride + offset; };
    const auto y_at = [&](std::size_t c) {
      return in_place && c < run_.in_size ? x_at(c) : y.data() + c * out_stride + offset;
    };
    for (std::size_t c = 0; c < run_.in_size; ++c) std::copy_n(input_.data() + c * frames_, frames_, x_at(c));
    run_.reset();
    std::vector<const T*> in(run_.in_size), side(run_.condition_size);
    std::vector<T*> out(run_.out_size);
    std::size_t written = 0;
    for (std::size_t t = 0, cut = 0; t < frames_; ++cut) {
      const std::size_t count = std::min(cuts[cut % cuts.size()], frames_ - t);
      for (std::size_t c = 0; c < run_.in_size; ++c) in[c] = x_at(c) + t;
      for (std::size_t c = 0; c < side.size(); ++c) side[c] = condition_.data() + c * frames_ + t;
      for (std::size_t c = 0; c < run_.out_size; ++c) out[c] = y_at(c) + written;
      const std::size_t output_frames = run_.process(in.data(), out.data(), count, side.data());
      EXPECT_LE(output_frames, run_.max_output_frames(count));
      written += output_frames;
      t += count;
    }
    EXPECT_EQ(written, output_frames_) << "output frames";
    std::vector<T> result(room_ * run_.out_size);
    for (std::size_t c = 0; c < run_.out_size; ++c) {
      std::copy_n(y_at(c), written, result.data() + c * room_);
      EXPECT_EQ(y_at(c)[written], guard) << "written after the end of channel " << c;
    }
    return result;
  }

  std::vector<T> half_and_half() const {
    std::vector<T> y(room_ * run_.out_size);
    run_.reset();
    by_process(0, frames_ / 2, y, 0);
    run_.reset();
    const std::size_t third = frames_ / 3;
    std::size_t j = by_process(0, third, y, 0);
    j = by_forward(third, 2 * third, y, j);
    EXPECT_EQ(by_process(2 * third, frames_, y, j), output_frames_);
    return y;
  }

  const Runner<T>& run_;
  std::size_t layers_;
  const inlay::io::Check& check_;
  std::size_t frames_, room_;
  double tolerance_;
  std::vector<T> input_, condition_;  // planar
  inlay::io::Checked checked_{};
  std::size_t output_frames_ = 0;
};

}  // namespace

template <class T>
void expect_golden(const Runner<T>& run, std::size_t layers, const inlay::io::Check& check, double tolerance) {
  Comparison<T>(run, layers, check, tolerance).all();
}

template void expect_golden<float>(const Runner<float>&, std::size_t, const inlay::io::Check&, double);
template void expect_golden<double>(const Runner<double>&, std::size_t, const inlay::io::Check&, double);

std::string test_file(const std::string& name) { return inlay_test::folder() + "/" + name; }

inlay::io::Check read_check(const std::string& path) {
  return *inlay::io::read_model(std::filesystem::path(path)).check;
}
