/// Stands in for <inlay/plugin/model_slot.hpp> until it is there.
#pragma once

#include <atomic>
#include <filesystem>
#include <inlay/run_time.hpp>
#include <memory>
#include <mutex>
#include <vector>

namespace inlay {

struct ModelSlotOptions {
  std::size_t in = 1, out = 1, condition = 0, voices = 1, fade_frames = 1024;
};

template <class M>
class ModelSlot {
  struct Entry {
    std::optional<M> model;
    std::vector<typename M::State> states;
    void process(const float* const* in, float* const* out, std::size_t frames) noexcept {
      if (!model) return;
      for (std::size_t v = 0; v < states.size(); ++v)
        static_cast<const M&>(*model).process(states[v], in + v, out + v, frames);
    }
  };

 public:
  explicit ModelSlot(ModelSlotOptions o) : options_(o) { current_ = keep(std::make_unique<Entry>()); }
  ModelInfo load(const std::filesystem::path& path) {
    auto e = std::make_unique<Entry>();
    e->model.emplace(M::load(path));
    if (!e->model->accepts(options_.in, options_.out, options_.condition))
      throw load_error("layers", "mono", "another");
    for (std::size_t v = 0; v < options_.voices; ++v) e->states.push_back(e->model->new_state());
    ModelInfo info = e->model->info();
    offer(std::move(e));
    return info;
  }
  void clear() { offer(std::make_unique<Entry>()); }
  void process(const float* const* in, float* const* out, std::size_t frames) noexcept {
    if (!old_)
      if (Entry* next = next_.exchange(nullptr)) {
        old_ = current_;
        current_ = next;
        faded_ = 0;
      }
    if (!old_) {
      if (!current_->model) pass(in, out, frames);
      current_->process(in, out, frames);
      return;
    }
    std::vector<std::vector<float>> a(options_.voices, std::vector<float>(frames)), b = a;
    for (std::size_t v = 0; v < options_.voices; ++v) a[v].assign(in[v], in[v] + frames), b[v] = a[v];
    std::vector<float*> pa, pb;
    for (auto& x : a) pa.push_back(x.data());
    for (auto& x : b) pb.push_back(x.data());
    old_->process(pa.data(), pa.data(), frames);
    current_->process(pb.data(), pb.data(), frames);
    for (std::size_t t = 0; t < frames; ++t) {
      const float w = std::min(1.0f, float(faded_ + t) / float(options_.fade_frames));
      for (std::size_t v = 0; v < options_.voices; ++v) out[v][t] = a[v][t] + w * (b[v][t] - a[v][t]);
    }
    if ((faded_ += frames) >= options_.fade_frames) old_ = nullptr;
  }
  void reset() noexcept {
    if (Entry* next = next_.exchange(nullptr)) current_ = next;
    old_ = nullptr;
    if (current_->model)
      for (auto& s : current_->states) current_->model->reset(s);
  }
  std::size_t latency() const noexcept { return 0; }

 private:
  Entry* keep(std::unique_ptr<Entry> e) {
    std::lock_guard lock(mutex_);
    return all_.emplace_back(std::move(e)).get();
  }
  void offer(std::unique_ptr<Entry> e) { next_ = keep(std::move(e)); }
  void pass(const float* const* in, float* const* out, std::size_t frames) noexcept {
    for (std::size_t v = 0; v < options_.voices; ++v) std::copy_n(in[v], frames, out[v]);
  }
  ModelSlotOptions options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Entry>> all_;
  Entry *current_ = nullptr, *old_ = nullptr;
  std::size_t faded_ = 0;
  std::atomic<Entry*> next_{nullptr};
};

}  // namespace inlay
