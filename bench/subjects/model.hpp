/// ModelSubject: a ModelT or a Model as a subject.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "subject.hpp"

namespace inlay::bench {

/// Channels of a model: constants for a ModelT, std::dynamic_extent for a Model.
template <class Model>
inline constexpr std::size_t extent_in = std::dynamic_extent;
template <class Model>
inline constexpr std::size_t extent_out = std::dynamic_extent;
template <class Model>
inline constexpr std::size_t extent_side = std::dynamic_extent;
template <class Model>
  requires(Model::in_size > 0)
inline constexpr std::size_t extent_in<Model> = Model::in_size;
template <class Model>
  requires(Model::in_size > 0)
inline constexpr std::size_t extent_out<Model> = Model::out_size;
template <class Model>
  requires(Model::in_size > 0)
inline constexpr std::size_t extent_side<Model> = Model::condition_size;

/// Callbacks of one frame are calls of `forward` if that gives one frame, others of `process`. The last channels of a
/// signal are the model's side channels, if it has any.
template <class Model>
class ModelSubject final : public Subject {
 public:
  ModelSubject(std::unique_ptr<Model> model, std::size_t in_size, std::size_t out_size, std::size_t side_size)
      : model_(std::move(model)), in_size_(in_size), out_size_(out_size), side_size_(side_size) {}

  Model& model() { return *model_; }

  void start(const Frames& signal, std::size_t block) override {
    model_->reset();
    block_ = block;
    by_frame_ = block == 1 && model_->max_output_frames(1) == 1;
    given_.assign(signal.size() / block, 0);
    if (by_frame_) {
      frames_in_ = interleaved(signal);
      frames_out_ = Buffer(signal.size() * out_size_);
    } else {
      in_ = Planar(signal, block);
      out_ = Planar(out_size_, model_->max_output_frames(block), signal.size() / block);
    }
  }

  void run(std::size_t first, std::size_t count) override {
    if (by_frame_) return run_frames(first, count);
    for (std::size_t i = first; i < first + count; ++i) {
      given_[i] = process(in_.callback(i), out_.callback(i));
      clobber_memory();
    }
  }

  Frames output() const override {
    Frames output;
    for (std::size_t i = 0; i < given_.size(); ++i)
      for (std::size_t f = 0; f < given_[i]; ++f) {
        auto& frame = output.emplace_back();
        for (std::size_t c = 0; c < out_size_; ++c)
          frame.push_back(double(by_frame_ ? frames_out_.data()[i * out_size_ + c] : out_.callback(i)[c][f]));
      }
    return output;
  }

 private:
  void run_frames(std::size_t first, std::size_t count) {
    constexpr std::size_t in = extent_in<Model>, out = extent_out<Model>;
    const std::size_t width = in_size_ + side_size_;
    Scalar* x = frames_in_.data() + first * width;
    Scalar* y = frames_out_.data() + first * out_size_;
    for (std::size_t i = first; i < first + count; ++i, x += width, y += out_size_) {
      const std::span<const Scalar, in> frame(x, in_size_);
      const std::span<Scalar, out> result(y, out_size_);
      if constexpr (extent_side<Model> == 0) model_->forward(frame, result);
      else model_->forward(frame, result, std::span<const Scalar, extent_side<Model>>(x + in_size_, side_size_));
      if (frames_wait && i + 1 < first + count) x[width] += zero_ * y[0];
      clobber_memory();
    }
    for (std::size_t i = first; i < first + count; ++i) given_[i] = 1;
  }

  std::size_t process(const Scalar* const* in, Scalar* const* out) {
    if constexpr (extent_side<Model> == 0) return model_->process(in, out, block_);
    else return model_->process(in, out, block_, in + in_size_);
  }

  std::unique_ptr<Model> model_;
  std::size_t in_size_, out_size_, side_size_, block_ = 0;
  bool by_frame_ = false;
  Scalar zero_ = 0;  ///< the compiler must not know it
  Buffer frames_in_, frames_out_;
  Planar in_, out_;
  std::vector<std::size_t> given_;  ///< output frames of each callback
};

/// Makes a subject of a ModelT.
template <class Model>
std::unique_ptr<Subject> subject_of(std::unique_ptr<Model> model) {
  auto subject =
      std::make_unique<ModelSubject<Model>>(std::move(model), Model::in_size, Model::out_size, Model::condition_size);
  subject->macs = Model::macs_per_sample;
  subject->weight_bytes = Model::weight_bytes, subject->state_bytes = Model::state_bytes;
  return subject;
}

/// Makes a subject of a ModelT with the weights of a file.
template <class Model>
std::unique_ptr<Subject> loaded(const std::filesystem::path& file) {
  auto model = std::make_unique<Model>();
  model->load(file);
  return subject_of(std::move(model));
}

}  // namespace inlay::bench
