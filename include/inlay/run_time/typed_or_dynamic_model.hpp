/// TypedOrDynamicModel: loads a file into the first ModelT type that fits, or else into a run-time model.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "inlay/core/compiler.hpp"
#include "inlay/core/condition.hpp"
#include "inlay/io/load.hpp"
#include "inlay/io/runnable.hpp"
#include "inlay/run_time/model.hpp"

namespace inlay::INLAY_ISA {

/// A model whose network is one of the given `ModelT` types if it fits, and a `Model` otherwise. All types have the
/// same scalar. `TypedOrDynamicModel<Lstm16, Lstm20>` runs networks of these two sizes at the speed of `ModelT`. A file
/// with `prewarm` is always loaded into a `Model`.
///
/// `forward`, `process` and `reset` do not allocate, lock, throw or make system calls. Loading allocates.
///
/// Copies share the network and its state.
template <class First, class... Types>
class TypedOrDynamicModel {
 public:
  using scalar = typename First::scalar;

  /// Loads a file from a std::filesystem::path, a std::istream or a nlohmann::json. Throws inlay::load_error. Not
  /// real-time safe.
  template <class Source>
  static TypedOrDynamicModel load(Source&& source) {
    return of(io::read_model_of(std::forward<Source>(source)));
  }
  /// Loads the text of a file.
  static TypedOrDynamicModel load_text(std::string_view text) { return of(io::read_model_text(text)); }
  /// Makes a model from the contents of a file.
  static TypedOrDynamicModel of(const io::ModelFile& file) {
    TypedOrDynamicModel any;
    std::size_t index = 0;
    if (file.info.prewarm > 0 || !(any.fits<First>(file, index++) || ... || any.fits<Types>(file, index++))) {
      any.index_ = 1 + sizeof...(Types);
      any.set_dynamic(std::make_shared<Model<scalar>>(Model<scalar>::of(file)));
    }
    return any;
  }

  /// Index of the type that was loaded; the number of types if it is a `Model`.
  std::size_t index() const noexcept { return index_; }
  /// Numbers of input channels, output channels and side channels.
  std::size_t in_size() const noexcept { return run_.in_size; }
  std::size_t out_size() const noexcept { return run_.out_size; }
  std::size_t condition_size() const noexcept { return run_.condition_size; }
  /// Returns whether each input frame gives exactly one output frame.
  bool one_to_one() const noexcept { return run_.one_to_one; }
  /// Largest number of output frames for `frames` input frames: the room that `process` needs.
  std::size_t max_output_frames(std::size_t frames) const noexcept { return run_.max_output_frames(frames); }
  /// Information in the file other than the network.
  const ModelInfo& info() const noexcept { return info_; }

  /// Sets the state to the start of a signal.
  void reset() noexcept { run_.reset(); }
  /// Computes one frame. `in` has `in_size()` values, `condition` has `condition_size()` values, `out` has room for
  /// `max_output_frames(1)` frames of `out_size()` values. Returns the number of output frames.
  std::size_t forward(const scalar* in, scalar* out, const scalar* condition = nullptr) noexcept {
    return run_.forward(in, out, condition);
  }
  /// Computes a planar buffer, as `ModelT::process`. Returns the number of frames written.
  std::size_t process(const scalar* const* in, scalar* const* out, std::size_t frames,
                      const scalar* const* condition = nullptr) noexcept {
    return run_.process(in, out, frames, condition);
  }

 private:
  TypedOrDynamicModel() = default;

  template <class M>
  bool fits(const io::ModelFile& file, std::size_t index) {
    auto model = std::make_shared<M>();
    try {
      info_ = io::fill_model(*model, file);
    } catch (const load_error&) {
      return false;
    }
    index_ = index;
    auto state = std::make_shared<typename M::State>();
    run_ = io::runnable(*model, *state);
    model_ = std::move(model), state_ = std::move(state);
    return true;
  }
  void set_dynamic(std::shared_ptr<Model<scalar>> model) {
    info_ = model->info();
    run_ = model->runnable();
    model_ = std::move(model);
  }

  std::shared_ptr<void> model_, state_;
  io::Runnable<scalar> run_{};
  ModelInfo info_;
  std::size_t index_ = 0;
};

}  // namespace inlay::INLAY_ISA
