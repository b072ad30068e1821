#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <utility>

#include "inlay/core/compiler.hpp"
#include "inlay/io/check.hpp"
#include "inlay/io/limits.hpp"
#include "inlay/io/record.hpp"
#include "inlay/model/overlap.hpp"
#include "inlay/run_time/kernels.hpp"
#include "inlay/run_time/model.hpp"
#include "inlay/run_time/operation.hpp"
#include "inlay/run_time/plan/pace.hpp"
#include "inlay/run_time/plan/planner.hpp"
#include "inlay/run_time/plan/program.hpp"

namespace inlay {

namespace run_time {

/// The weights and properties of a model. Constant after it is built; shared by all copies and states.
template <class T>
struct Network {
  explicit Network(const Kernels<T>& k) : kernels(k) {}
  const Kernels<T>& kernels;
  plan::Program<T> program;
  plan::Pace pace;
  std::size_t in_size = 0, out_size = 0, condition_size = 0;
  std::size_t room = 0;  ///< largest number of values that one `forward` writes
  std::size_t receptive_field = 0, latency = 0, parameters = 0, macs = 0;
  double work = 0;  ///< operations per input frame
  bool one_to_one = true, mono = false;
  ModelInfo info;
};

template <class T>
struct NetworkState {
  typename plan::Program<T>::State program;
};

/// Builds a network from the contents of a file. Sets `bound` to the largest error that a layer's mathematics states.
/// Throws load_error.
template <class T>
INLAY_COLD std::shared_ptr<Network<T>> build(const io::ModelFile& file, const Kernels<T>& kernels, double& bound) {
  auto network = std::make_shared<Network<T>>(kernels);
  plan::Planner<T> planner(network->program, kernels);
  const std::size_t in_size = file.check ? file.check->input.shape[1] : io::width_of(file.chain);
  const bool conditioned = file.check && !file.check->condition.shape.empty();
  const std::size_t condition_size = conditioned ? file.check->condition.shape[1] : io::condition_of(file.chain);
  for (const std::size_t channels : {in_size, condition_size})
    if (channels > limits::channels)
      throw load_error(file.chain.place, io::concat({"at most ", limits::channels, " channels"}),
                       std::to_string(channels));
  const plan::Signal in = planner.input(in_size), condition = planner.input(condition_size);
  const plan::Signal out = planner.network(file.chain, in, condition);
  network->pace = out.pace;
  network->in_size = in_size, network->out_size = out.count(), network->condition_size = condition_size;
  network->one_to_one = out.pace.one_to_one();
  network->mono = network->one_to_one && in_size == 1 && out.count() == 1;
  network->room = out.pace.max_output_frames(1) * out.count();
  network->program.finish(in.parts[0], planner.contiguous(out), condition.parts[0], kernels, out.pace.tile(),
                          network->one_to_one);
  network->work = planner.costs.work;
  const std::uint64_t state = planner.costs.state + network->program.room();
  if (state > limits::state_values)
    throw load_error(file.chain.place,
                     io::concat({"a network whose state has at most ", limits::state_values, " values"}),
                     std::to_string(state));
  const double frames = static_cast<double>(file.info.prewarm);
  io::expect_work(file.chain.place, network->work, frames, planner.costs.windows);
  network->receptive_field = out.past == unbounded ? unbounded : out.past + 1;
  network->latency = out.latency.rounded_up();
  network->parameters = io::parameters_of(file.chain);
  network->macs = planner.macs;
  bound = planner.bound;
  return network;
}

}  // namespace run_time

template <class T>
Model<T>::State::State(std::shared_ptr<const run_time::Network<T>> network)
    : network_(std::move(network)),
      state_(new run_time::NetworkState<T>{typename plan::Program<T>::State(network_->program)}) {}
template <class T>
Model<T>::State::State(const State& other)
    : network_(other.network_), state_(other.state_ ? new run_time::NetworkState<T>(*other.state_) : nullptr) {}
template <class T>
Model<T>::State::State(State&&) noexcept = default;
template <class T>
auto Model<T>::State::operator=(State other) noexcept -> State& {
  std::swap(network_, other.network_);
  std::swap(state_, other.state_);
  return *this;
}
template <class T>
Model<T>::State::~State() = default;

template <class T>
Model<T>::Model(std::shared_ptr<const run_time::Network<T>> network) : network_(network), state_(std::move(network)) {}
template <class T>
Model<T>::Model(const Model&) = default;
template <class T>
Model<T>::Model(Model&&) noexcept = default;
template <class T>
auto Model<T>::operator=(Model other) noexcept -> Model& {
  std::swap(network_, other.network_);
  std::swap(state_, other.state_);
  return *this;
}
template <class T>
Model<T>::~Model() = default;

template <class T>
auto Model<T>::of(const io::ModelFile& file, const ModelOptions& options) -> Model {
  return of(file, run_time::choose_kernels<T>(options.isa));
}

template <class T>
INLAY_COLD auto Model<T>::of(const io::ModelFile& file, const run_time::Kernels<T>& kernels) -> Model {
  try {
    double bound = 0;
    const auto network = run_time::build(file, kernels, bound);
    network->info = io::checked_info(file, Model(network).runnable(), bound);
    if (file.info.prewarm > 0) network->program.start_after_silence(file.info.prewarm);
    return Model(network);
  } catch (const load_error& error) {
    throw file.source.empty() ? error : error.from(file.source);
  }
}

template <class T>
std::size_t Model<T>::in_size() const noexcept {
  return network_->in_size;
}
template <class T>
std::size_t Model<T>::out_size() const noexcept {
  return network_->out_size;
}
template <class T>
std::size_t Model<T>::condition_size() const noexcept {
  return network_->condition_size;
}
template <class T>
bool Model<T>::accepts(std::size_t in, std::size_t out, std::size_t condition) const noexcept {
  return one_to_one() && in_size() == in && out_size() == out && condition_size() == condition;
}
template <class T>
Rate Model<T>::rate() const noexcept {
  return network_->pace.rate();
}
template <class T>
bool Model<T>::one_to_one() const noexcept {
  return network_->one_to_one;
}
template <class T>
std::size_t Model<T>::max_output_frames(std::size_t frames) const noexcept {
  return network_->pace.max_output_frames(frames);
}
template <class T>
std::size_t Model<T>::receptive_field() const noexcept {
  return network_->receptive_field;
}
template <class T>
std::size_t Model<T>::parameters() const noexcept {
  return network_->parameters;
}
template <class T>
std::size_t Model<T>::macs_per_sample() const noexcept {
  return network_->macs;
}
template <class T>
std::size_t Model<T>::latency() const noexcept {
  return network_->latency;
}
template <class T>
std::string_view Model<T>::isa() const noexcept {
  return network_->kernels.name();
}
template <class T>
const ModelInfo& Model<T>::info() const noexcept {
  return network_->info;
}

template <class T>
auto Model<T>::new_state() const -> State {
  return State(network_);
}
template <class T>
void Model<T>::reset(State& state) const noexcept {
  if (state.network_ == network_) network_->program.reset(state.state_->program);
}

template <class T>
std::size_t Model<T>::forward(State& state, std::span<const T> in, std::span<T> out,
                              std::span<const T> condition) const noexcept {
  const run_time::Network<T>& network = *network_;
  const bool fits = state.network_ == network_ && in.size() == network.in_size && out.size() >= network.room &&
                    condition.size() == network.condition_size;
  if (!fits) return 0;
  return network.kernels.forward(state.state_->program.run(), in.data(), out.data(), condition.data());
}
template <class T>
T Model<T>::forward(State& state, T in, std::span<const T> condition) const noexcept {
  T out{};
  if (state.network_ == network_ && network_->mono && condition.size() == network_->condition_size)
    network_->kernels.forward(state.state_->program.run(), &in, &out, condition.data());
  return out;
}

template <class T>
std::size_t Model<T>::process(State& state, const T* const* in, T* const* out, std::size_t frames,
                              Condition<T> condition) const noexcept {
  const run_time::Network<T>& network = *network_;
  if (state.network_ != network_ || !condition.fits(network.condition_size)) return 0;
  assert(!network.one_to_one || detail::overlaps_only_in_place(in, network.in_size, out, network.out_size, frames));
  return network.kernels.process(state.state_->program.run(), in, out, frames, condition);
}
template <class T>
std::size_t Model<T>::process(State& state, std::span<const T> in, std::span<T> out,
                              Condition<T> condition) const noexcept {
  if (!accepts(1, 1, condition_size())) return 0;
  const T* const from = in.data();
  T* const to = out.data();
  return process(state, &from, &to, std::min(in.size(), out.size()), condition);
}
template <class T>
void Model<T>::process(std::span<State* const> voices, const T* const* in, T* const* out, std::size_t frames,
                       std::span<const Condition<T>> conditions) const noexcept {
  if (!one_to_one() || (!conditions.empty() && conditions.size() < voices.size())) return;
  for (std::size_t v = 0; v < voices.size(); ++v)
    process(*voices[v], in + v * in_size(), out + v * out_size(), frames,
            conditions.empty() ? Condition<T>{} : conditions[v]);
}

template <class T>
io::Runnable<T> Model<T>::runnable() noexcept {
  return {in_size(),
          out_size(),
          condition_size(),
          receptive_field(),
          rate(),
          one_to_one(),
          [](const void* m, std::size_t frames) { return static_cast<const Model*>(m)->max_output_frames(frames); },
          this,
          &state_,
          [](const void* m, void* state) { static_cast<const Model*>(m)->reset(*static_cast<State*>(state)); },
          [](const void* m, void* state, const T* x, T* y, const T* side) {
            const auto& model = *static_cast<const Model*>(m);
            return model.forward(*static_cast<State*>(state), {x, model.in_size()}, {y, model.network_->room},
                                 {side, model.condition_size()});
          },
          [](const void* m, void* state, const T* const* x, T* const* y, std::size_t frames, Condition<T> side) {
            return static_cast<const Model*>(m)->process(*static_cast<State*>(state), x, y, frames, side);
          },
          network_->work};
}

}  // namespace inlay

#if !defined(INLAY_COMPILED)
#include "inlay/run_time/dispatch.ipp"
#endif
