// The system calls of an audio thread, counted with a filter of the kernel that traps all of them. Linux on x86-64.
#include <gtest/gtest.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define INLAY_TEST_SANITIZED  // sanitizers call the system themselves
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define INLAY_TEST_SANITIZED
#endif

#if defined(__linux__) && defined(__x86_64__) && !defined(__ILP32__) && !defined(INLAY_TEST_SANITIZED)

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <thread>
#include <vector>

#include "inlay/host.hpp"

// A system call that the filter lets pass.
extern "C" long inlay_test_call(long number, long a, long b, long c, long d, long e, long f);
extern "C" const char inlay_test_after_call[];
__asm__(
    ".text\n"
    ".type inlay_test_call, @function\n"
    "inlay_test_call:\n"
    "  mov %rdi, %rax\n"
    "  mov %rsi, %rdi\n"
    "  mov %rdx, %rsi\n"
    "  mov %rcx, %rdx\n"
    "  mov %r8, %r10\n"
    "  mov %r9, %r8\n"
    "  mov 8(%rsp), %r9\n"
    "  syscall\n"
    "inlay_test_after_call:\n"
    "  ret\n");

namespace {

using namespace inlay::host;           // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

struct Calls {
  std::uint64_t futex = 0, other = 0;
};
Calls calls;  // of the thread with the filter: there is one at a time

/// Counts a call and makes it.
void trapped(int, siginfo_t* info, void* context) {
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const long number = info->si_syscall;
  if (number == SYS_futex) ++calls.futex;
  else if (number != SYS_clock_gettime) ++calls.other;  // a call only where the processor's clock is not used
  registers[REG_RAX] = inlay_test_call(number, registers[REG_RDI], registers[REG_RSI], registers[REG_RDX],
                                       registers[REG_R10], registers[REG_R8], registers[REG_R9]);
}

/// Returns whether the kernel traps the calls of this thread from now on.
bool trap_calls() {
  struct sigaction action{};
  action.sa_sigaction = trapped;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSYS, &action, nullptr);
  const auto after = reinterpret_cast<std::uintptr_t>(&inlay_test_after_call);
  const auto load = [](std::size_t offset) {
    return sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
  };
  const auto skip_unless = [](std::uint32_t value, std::uint8_t skipped) {
    return sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped);
  };
  const auto end = [](std::uint32_t what) { return sock_filter BPF_STMT(BPF_RET | BPF_K, what); };
  sock_filter filter[] = {load(offsetof(seccomp_data, nr)),
                          skip_unless(SYS_rt_sigreturn, 1),
                          end(SECCOMP_RET_ALLOW),
                          load(offsetof(seccomp_data, instruction_pointer)),
                          skip_unless(static_cast<std::uint32_t>(after), 3),
                          load(offsetof(seccomp_data, instruction_pointer) + 4),
                          skip_unless(static_cast<std::uint32_t>(after >> 32), 1),
                          end(SECCOMP_RET_ALLOW),
                          end(SECCOMP_RET_TRAP)};
  const sock_fprog program{static_cast<unsigned short>(std::size(filter)), filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

/// The calls that f() makes.
template <class F>
Calls during(F f) {
  const Calls before = calls;
  f();
  return {calls.futex - before.futex, calls.other - before.other};
}

/// Runs a test on a thread of its own whose calls are counted.
template <class F>
void on_a_counted_thread(F f) {
  bool possible = false;
  std::thread([&] {
    possible = trap_calls();
    if (possible) f();
  }).join();
  if (!possible) GTEST_SKIP() << "the kernel does not filter system calls";
}

constexpr std::size_t hop = 64;

struct Echo {
  static constexpr bool real_time = true;
  bool multiples = false;
  Ports ports() const {
    const std::size_t unit = multiples ? 1 : hop;
    return {{Port::stream(1, unit), Port::values(2)}, {Port::stream(1, unit), Port::values(2)}, multiples};
  }
  bool run(Job& job) noexcept {
    std::copy_n(job.in[0].channel(0), job.in[0].frames(), job.out[0].channel(0));
    std::copy_n(job.in[1].data(), 2, job.out[1].data());
    return true;
  }
  void reset() noexcept {}
};

/// Callbacks with a pause after each, in which workers finish and perhaps sleep. Returns all calls, and expects no more
/// than `most_futex` in a callback and nothing else.
Calls callbacks(Session& session, std::size_t frames, std::uint64_t most_futex) {
  Calls all;
  std::vector<float> in(frames, 1.0f), out(frames);
  std::array<float, 2> values{};
  for (int i = 0; i < 100; ++i) {
    const Calls made = during([&] {
      session.set(1, values);
      session.process(in, out);
      session.latest(1, values);
      static_cast<void>(session.stats());
      static_cast<void>(session.latency());
      if (i % 10 == 9) session.reset();
    });
    EXPECT_LE(made.futex, most_futex);
    EXPECT_EQ(made.other, 0u);
    all.futex += made.futex, all.other += made.other;
    if (i % 8 != 0) std::this_thread::sleep_for(1ms);
  }
  return all;
}

TEST(SystemCalls, AreCounted) {
  on_a_counted_thread([] {
    const Calls made = during([] {
      std::uint32_t word = 0;
      EXPECT_GT(syscall(SYS_getppid), 0);
      EXPECT_EQ(syscall(SYS_futex, &word, 1, 1, nullptr, nullptr, 0), 0);  // wakes nobody
    });
    EXPECT_EQ(made.futex, 1u);
    EXPECT_EQ(made.other, 1u);
  });
}

TEST(SystemCalls, ThereAreNoneWithTheEngineInTheCallback) {
  for (const bool multiples : {false, true}) {
    Session session(Echo{multiples}, on_audio_thread);
    session.prepare({.block = 100, .rate = 48000});
    on_a_counted_thread([&] { EXPECT_EQ(callbacks(session, 100, 0).futex, 0u); });
  }
}

TEST(SystemCalls, ThereAreNoneWhileWorkersLookForWork) {
  Session session(Echo{}, Pool({.workers = 1, .priority = Priority::normal, .spin = 1min}));
  session.prepare({.block = 100, .rate = 48000}, {.run_ms = 0.1, .wait = 0.1});
  on_a_counted_thread([&] { EXPECT_EQ(callbacks(session, 100, 0).futex, 0u); });
}

TEST(SystemCalls, ThereAreNoneIfWorkersPoll) {
  Session session(Echo{}, Pool({.workers = 2, .priority = Priority::normal, .spin = 0us, .poll = 200us}));
  session.prepare({.block = 100, .rate = 48000}, {.run_ms = 0.1});
  on_a_counted_thread([&] { EXPECT_EQ(callbacks(session, 100, 0).futex, 0u); });
  EXPECT_GT(session.stats().runs, 0u);
}

TEST(SystemCalls, OneWakesAWorkerThatSleeps) {
  for (const std::size_t workers : {1u, 3u}) {
    Session session(Echo{}, Pool({.workers = workers, .priority = Priority::normal, .spin = 0us}));
    session.prepare({.block = hop, .rate = 48000}, {.run_ms = 0.1});
    std::this_thread::sleep_for(20ms);
    on_a_counted_thread([&] { EXPECT_GT(callbacks(session, hop, 1).futex, 0u); });
  }
}

TEST(SystemCalls, ThereAreNoneWithoutWorkers) {
  Session session(Echo{}, Pool({.workers = 0}));
  session.prepare({.block = 100, .rate = 48000}, {.run_ms = 0.1});
  on_a_counted_thread([&] { EXPECT_EQ(callbacks(session, 100, 0).futex, 0u); });
}

}  // namespace

#else

TEST(SystemCalls, AreCounted) { GTEST_SKIP() << "for Linux on x86-64, without sanitizers"; }

#endif
