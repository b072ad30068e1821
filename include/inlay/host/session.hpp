/// Session: an engine that a host's callback feeds and hears, on the audio thread or on others.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "inlay/host/engine.hpp"
#include "inlay/host/model_engine.hpp"
#include "inlay/host/plan.hpp"
#include "inlay/host/pool.hpp"
#include "inlay/host/session_options.hpp"
#include "inlay/host/stats.hpp"

namespace inlay::host {

/// Selects that a session runs its engine in the callback.
struct OnAudioThread {};
/// Argument of a session's constructor: `Session fx(model, on_audio_thread);`
inline constexpr OnAudioThread on_audio_thread{};

namespace detail {

template <class T>
struct Unwrapped {
  using type = T;
};
template <class T>
struct Unwrapped<std::reference_wrapper<T>> {
  using type = T;
};

/// The engine that a session makes of an argument: an engine, an inlay model, or a std::reference_wrapper of one.
template <class A, class E = typename Unwrapped<std::remove_cvref_t<A>>::type>
struct EngineOf;
template <class A, Engine E>
struct EngineOf<A, E> {
  using type = E;
  static std::unique_ptr<AnyEngine> make(A&& engine) {
    return std::make_unique<EngineHolder<E, std::remove_cvref_t<A>>>(std::in_place, std::forward<A>(engine));
  }
};
template <class A, InlayModel M>
  requires(!Engine<M>)
struct EngineOf<A, M> {
  using type = ModelEngine<M, std::remove_cvref_t<A>>;
  static std::unique_ptr<AnyEngine> make(A&& model) {
    return std::make_unique<EngineHolder<type>>(std::in_place, std::forward<A>(model));
  }
};

}  // namespace detail

/// An argument of Session: an `Engine`, an `InlayModel`, or a std::reference_wrapper of one.
template <class A>
concept Runnable = requires { typename detail::EngineOf<A>::type; };
/// One that may run on the audio thread.
template <class A>
concept RealTimeRunnable = Runnable<A> && is_real_time<typename detail::EngineOf<A>::type>;

/// An engine that a host's callback feeds and hears.
///
///     Session fx(model, on_audio_thread);       // runs in the callback: real-time engines only
///     Session big(engine, Pool::shared());      // runs on a pool's threads
///     const Plan plan = big.prepare({.block = 512, .rate = 48000}, Budget::measured());
///     big.process(in, out, frames);             // on the audio thread
///
/// The session keeps a copy of the engine, or the engine itself if it is moved in. With std::ref it uses yours, which
/// must outlive the session and must not be used meanwhile.
///
/// Threads: `process`, `push`, `pop` and `reset` are the audio thread's. They neither allocate, lock nor throw; they
/// call the system at most to wake a worker that sleeps, and wait only as long as `Budget::wait` says. `set`, `latest`,
/// `stats`, `latency` and `set_offline` are for any thread at any time, audio threads included. `prepare`, `exchange`
/// and the destructor are for other threads; `prepare`, moves and the destructor must not run during a call on the
/// audio thread.
class Session {
 public:
  template <RealTimeRunnable A>
  Session(A&& engine, OnAudioThread, SessionOptions options = {})
      : Session(detail::EngineOf<A>::make(std::forward<A>(engine)), std::nullopt, std::move(options)) {}
  template <Runnable A>
  explicit Session(A&& engine, Pool pool = Pool::shared(), SessionOptions options = {})
      : Session(detail::EngineOf<A>::make(std::forward<A>(engine)), std::optional<Pool>(std::move(pool)),
                std::move(options)) {}
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  /// Allocates everything for a host, and starts a new signal. May be called again, with other sessions running; waits
  /// for the run in progress. Throws std::invalid_argument if the arguments do not fit the engine, std::runtime_error
  /// if the engine cannot keep up, and what the engine throws; the session is prepared as before then.
  ///
  /// On the audio thread, runs take no time of others: the budget is ignored, and there is only the latency of adapting
  /// the host's block to the engine's hop. There is none if the engine takes any number of frames.
  Plan prepare(const Host& host, const Budget& budget = Budget::measured());

  /// The plan of the last `prepare`.
  const Plan& plan() const noexcept;
  /// Frames by which output `i` is late, in its own frames, with the engine's own latency.
  std::size_t latency(std::size_t i = 0) const noexcept;
  /// The engine's tensors, with the hops of the last `prepare`.
  const Ports& ports() const noexcept;

  /// Runs `frames` frames of the reference tensor. `in` lists the channels of all inputs that stream, the first input's
  /// first, and `out` those of all outputs that stream. A tensor with another hop has frames * hop / reference hop
  /// frames, rounded down over the whole signal. In-place operation is allowed if all hops are equal. More frames than
  /// Host::block are processed in parts. Before `prepare`, the output is silence.
  void process(const float* const* in, float* const* out, std::size_t frames) noexcept;
  /// The same for one channel in and out.
  void process(std::span<const float> in, std::span<float> out) noexcept;
  /// Gives frames of input `i`.
  void push(std::size_t i, const float* const* channels, std::size_t frames) noexcept;
  /// Takes frames of output `i`. Every output that streams must be taken. For an engine without inputs that stream,
  /// time passes with the first output.
  void pop(std::size_t i, float* const* channels, std::size_t frames) noexcept;
  /// Starts a new signal: with `latency()` frames of silence and a reset engine.
  void reset() noexcept;

  /// Sets the values of input `i`, which does not stream. Jobs that are submitted later see them, always all of one
  /// call. Returns false if there is no such input, or if it has another number of values.
  bool set(std::size_t i, std::span<const float> values) noexcept;
  bool set(std::size_t i, float value) noexcept { return set(i, std::span<const float>(&value, 1)); }
  /// Reads the values of output `i`, which does not stream: all of one job, the latest that has finished. Returns false
  /// if there is none yet, no such output, or another number of values.
  bool latest(std::size_t i, std::span<float> values) const noexcept;

  /// Offline: `process` and `pop` wait for results instead of replacing them. The output is that of a real-time run
  /// without misses, to the last bit. Not real-time safe.
  void set_offline(bool offline) noexcept;

  /// Replaces the engine by another one with the same tensors, between two jobs, while the session runs. Both run
  /// during a crossfade. Throws std::invalid_argument if the tensors differ, and what the engine throws.
  template <Runnable A>
  void exchange(A&& engine) {
    exchange(detail::EngineOf<A>::make(std::forward<A>(engine)), RealTimeRunnable<A>);
  }

  /// What has happened since `prepare`.
  Stats stats() const noexcept;

 private:
  Session(std::unique_ptr<detail::AnyEngine> engine, std::optional<Pool> pool, SessionOptions options);
  void exchange(std::unique_ptr<detail::AnyEngine> engine, bool real_time);

  std::unique_ptr<detail::SessionCore> core_;
};

}  // namespace inlay::host

#if !defined(INLAY_COMPILED)
#include "inlay/host/session.ipp"
#endif
