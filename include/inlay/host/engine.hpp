/// Engine: what a session can run.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include "inlay/host/job.hpp"
#include "inlay/host/ports.hpp"

namespace inlay::host {

/// An engine:
///
///     struct Mine {
///       static constexpr bool real_time = true;   // run and reset neither allocate nor block. Default: false
///       bool stateless() const noexcept;          // optional: whether a run depends on its job alone. Default: false
///       Ports ports() const;                      // the tensors, the same for the engine's whole life
///       void bind(const Job&);                    // optional: the memory of all later jobs; may allocate and throw
///       bool run(Job&);                           // one job; false or an exception: it failed
///       void reset() noexcept;                    // to the start of a signal
///     };
///
/// A session calls an engine from one thread at a time. An engine that can be copied may run on several lanes.
template <class E>
concept Engine = requires(E& engine, const E& constant, Job& job) {
  { constant.ports() } -> std::convertible_to<Ports>;
  { engine.run(job) } -> std::convertible_to<bool>;
  engine.reset();
};

/// Whether `run` and `reset` of an engine may be called on the audio thread.
template <class E>
inline constexpr bool is_real_time = false;
template <class E>
  requires requires { E::real_time; }
inline constexpr bool is_real_time<E> = E::real_time;

namespace detail {

/// An engine of any type.
struct AnyEngine {
  AnyEngine() = default;
  AnyEngine(const AnyEngine&) = delete;
  AnyEngine& operator=(const AnyEngine&) = delete;
  virtual ~AnyEngine() = default;
  virtual Ports ports() const = 0;
  virtual void bind(const Job& job) = 0;
  virtual bool run(Job& job) noexcept = 0;
  virtual void reset() noexcept = 0;
  /// Returns null if the engine cannot be copied.
  virtual std::unique_ptr<AnyEngine> copy() const = 0;
  virtual bool stateless() const noexcept = 0;
};

/// Holds an E, or refers to one if `Held` is a std::reference_wrapper<E>.
template <class E, class Held = E>
class EngineHolder final : public AnyEngine {
 public:
  /// Constructs the engine where it stays: it may be larger than a stack.
  template <class... Arguments>
  explicit EngineHolder(std::in_place_t, Arguments&&... arguments) : engine_(std::forward<Arguments>(arguments)...) {}

  Ports ports() const override { return static_cast<const E&>(engine_).ports(); }
  void bind(const Job& job) override {
    if constexpr (requires { get().bind(job); }) get().bind(job);
  }
  bool run(Job& job) noexcept override {
    if constexpr (noexcept(get().run(job))) {
      return get().run(job);
    } else {
      try {
        return get().run(job);
      } catch (...) {
        return false;
      }
    }
  }
  void reset() noexcept override { get().reset(); }
  std::unique_ptr<AnyEngine> copy() const override {
    if constexpr (std::same_as<E, Held> && std::copy_constructible<E>)
      return std::make_unique<EngineHolder>(std::in_place, engine_);
    else return nullptr;
  }
  bool stateless() const noexcept override {
    if constexpr (requires(const E& engine) { engine.stateless(); }) return static_cast<const E&>(engine_).stateless();
    else return false;
  }

 private:
  E& get() noexcept { return engine_; }
  Held engine_;
};

}  // namespace detail
}  // namespace inlay::host
