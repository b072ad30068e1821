#include "peer.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace inlay::bench {

namespace {

Plan read_plan(const std::filesystem::path& base) {
  std::ifstream stream(base.string() + ".plan.json");
  if (!stream) throw std::runtime_error("not exported");
  const auto json = nlohmann::json::parse(stream);
  return {json.at("in"), json.at("out"), json.at("up"), json.at("planar"), json.at("window"), json.at("states")};
}

/// Copies each callback to the library's memory and back, as from and to a host's memory.
class PeerSubject final : public Subject {
 public:
  PeerSubject(std::unique_ptr<Engine> engine, Plan plan) : engine_(std::move(engine)), plan_(std::move(plan)) {}

  void start(const Frames& signal, std::size_t block) override {
    block_ = block;
    unit_ = plan_.window == 0 ? block : plan_.window;
    collected_ = 0;
    in_.clear();
    out_.assign(signal.size() / block, {});
    for (auto& out : out_) out.reserve((block / unit_ + 1) * frames_out() * plan_.out_size);
    if (plan_.window != 0 && plan_.in_size != 1) throw std::runtime_error("windows of several channels");
    for (std::size_t t = 0; t < signal.size(); t += block)
      for (std::size_t i = 0; i < block * plan_.in_size; ++i) {
        const auto [frame, channel] = place(i, block, plan_.in_size);
        in_.push_back(Scalar(signal[t + frame][channel]));
      }
    engine_->start(unit_);
  }

  void run(std::size_t first, std::size_t count) override {
    for (std::size_t i = first; i < first + count; ++i) {
      out_[i].clear();
      const Scalar* x = in_.data() + i * block_ * plan_.in_size;
      for (std::size_t left = block_; left > 0;) {
        const std::size_t part = std::min(left, unit_ - collected_);
        std::copy_n(x, part * plan_.in_size, engine_->in() + collected_ * plan_.in_size);
        x += part * plan_.in_size, collected_ += part, left -= part;
        if (collected_ < unit_) break;
        collected_ = 0;
        engine_->run();
        out_[i].insert(out_[i].end(), engine_->out(), engine_->out() + frames_out() * plan_.out_size);
      }
    }
  }

  Frames output() const override {
    Frames output;
    for (const auto& values : out_)
      for (std::size_t at = 0; at < values.size(); at += frames_out() * plan_.out_size) {
        Frames part(frames_out(), std::vector<double>(plan_.out_size));
        for (std::size_t i = 0; i < frames_out() * plan_.out_size; ++i) {
          const auto [frame, channel] = place(i, frames_out(), plan_.out_size);
          part[frame][channel] = double(values[at + i]);
        }
        output.insert(output.end(), part.begin(), part.end());
      }
    return output;
  }

 private:
  std::size_t frames_out() const { return plan_.window == 0 ? unit_ * plan_.up : 1; }
  /// Returns frame and channel of value i of a tensor.
  std::pair<std::size_t, std::size_t> place(std::size_t i, std::size_t frames, std::size_t channels) const {
    return plan_.planar ? std::pair{i % frames, i / frames} : std::pair{i / channels, i % channels};
  }

  std::unique_ptr<Engine> engine_;
  Plan plan_;
  std::size_t block_ = 0, unit_ = 0;  ///< frames per callback, and per call of the library
  std::size_t collected_ = 0;         ///< frames of the current window
  std::vector<Scalar> in_;
  std::vector<std::vector<Scalar>> out_;
};

}  // namespace

std::unique_ptr<Subject> make_peer_subject(const std::filesystem::path& base,
                                           std::unique_ptr<Engine> (*make)(const std::filesystem::path&, const Plan&)) {
  Plan plan = read_plan(base);
  auto engine = make(base, plan);
  return std::make_unique<PeerSubject>(std::move(engine), std::move(plan));
}

}  // namespace inlay::bench
