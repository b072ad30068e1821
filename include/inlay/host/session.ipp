#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "inlay/core/compiled.hpp"
#include "inlay/host/session.hpp"
#include "inlay/host/session_core.hpp"

namespace inlay::host {

INLAY_HOT_DECL Session::Session(std::unique_ptr<detail::AnyEngine> engine, std::optional<Pool> pool,
                                SessionOptions options)
    : core_(std::make_unique<detail::SessionCore>(std::move(engine), std::move(pool), std::move(options))) {}
INLAY_HOT_DECL Session::Session(Session&&) noexcept = default;
INLAY_HOT_DECL Session& Session::operator=(Session&&) noexcept = default;
INLAY_HOT_DECL Session::~Session() = default;

INLAY_HOT_DECL Plan Session::prepare(const Host& host, const Budget& budget) { return core_->prepare(host, budget); }
INLAY_HOT_DECL const Plan& Session::plan() const noexcept { return core_->plan(); }
INLAY_HOT_DECL std::size_t Session::latency(std::size_t i) const noexcept { return core_->latency(i); }
INLAY_HOT_DECL const Ports& Session::ports() const noexcept { return core_->ports(); }

INLAY_HOT_DECL void Session::process(const float* const* in, float* const* out, std::size_t frames) noexcept {
  core_->process(in, out, frames);
}
INLAY_HOT_DECL void Session::process(std::span<const float> in, std::span<float> out) noexcept {
  const float* const from = in.data();
  float* const to = out.data();
  core_->process(&from, &to, std::min(in.size(), out.size()));
}
INLAY_HOT_DECL void Session::push(std::size_t i, const float* const* channels, std::size_t frames) noexcept {
  core_->push(i, channels, frames);
}
INLAY_HOT_DECL void Session::pop(std::size_t i, float* const* channels, std::size_t frames) noexcept {
  core_->pop(i, channels, frames);
}
INLAY_HOT_DECL void Session::reset() noexcept { core_->reset(); }

INLAY_HOT_DECL bool Session::set(std::size_t i, std::span<const float> values) noexcept {
  return core_->set(i, values);
}
INLAY_HOT_DECL bool Session::latest(std::size_t i, std::span<float> values) const noexcept {
  return core_->latest(i, values);
}
INLAY_HOT_DECL void Session::set_offline(bool offline) noexcept { core_->set_offline(offline); }
INLAY_HOT_DECL Stats Session::stats() const noexcept { return core_->stats(); }

INLAY_HOT_DECL void Session::exchange(std::unique_ptr<detail::AnyEngine> engine, bool real_time) {
  if (core_->on_audio_thread() && !real_time)
    throw std::invalid_argument("inlay::host::Session: the engine is not for the audio thread");
  core_->exchange(std::move(engine));
}

}  // namespace inlay::host
