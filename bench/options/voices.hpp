/// VoicesSubject: several voices of a model in one call.
#pragma once

#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include "../subjects/subject.hpp"

namespace inlay::bench {

/// The channels are those of the first voice, then those of the second, and so on.
template <class Model, std::size_t Voices>
class VoicesSubject final : public Subject {
 public:
  explicit VoicesSubject(std::unique_ptr<Model> model) : model_(std::move(model)) {
    for (std::size_t v = 0; v < Voices; ++v) voices_[v] = &states_[v];
    macs = Voices * Model::macs_per_sample;
    weight_bytes = Model::weight_bytes, state_bytes = Voices * Model::state_bytes;
  }

  void start(const Frames& signal, std::size_t block) override {
    for (auto* voice : voices_) model_->reset(*voice);
    block_ = block;
    frames_ = signal.size();
    in_ = Planar(signal, block);
    out_ = Planar(Voices * Model::out_size, block, frames_ / block);
  }

  void run(std::size_t first, std::size_t count) override {
    for (std::size_t i = first; i < first + count; ++i) {
      model_->process(voices_, in_.callback(i), out_.callback(i), block_);
      benchmark::ClobberMemory();
    }
  }

  Frames output() const override {
    Frames output(frames_);
    for (std::size_t t = 0; t < frames_; ++t)
      for (std::size_t c = 0; c < Voices * Model::out_size; ++c)
        output[t].push_back(double(out_.callback(t / block_)[c][t % block_]));
    return output;
  }

 private:
  std::unique_ptr<Model> model_;
  std::array<typename Model::State, Voices> states_;
  std::array<typename Model::State*, Voices> voices_;
  std::size_t block_ = 0, frames_ = 0;
  Planar in_, out_;
};

}  // namespace inlay::bench
