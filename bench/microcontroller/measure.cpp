// Runs one network with weights that are made up, and prints what it takes: instructions per sample in buffers and
// frame by frame, bytes of weights, state and stack.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "board.hpp"
#include "count.hpp"
#include "networks.hpp"

namespace {

/// Sets every weight of a network to a small number.
struct Fill {
  std::uint32_t seed = 1;

  constexpr void option(std::string_view, const auto&, std::size_t = 0) {}
  constexpr void require(bool, std::string_view, std::string_view) {}
  constexpr void number(std::string_view, auto&) {}
  constexpr void tensor(std::string_view, auto& x) {
    for (std::size_t i = 0; i < size_of(x); ++i) x.set(i, next());
  }
  constexpr void optional_tensor(std::string_view, auto& x, auto) { tensor("", x); }
  constexpr void chain(std::string_view, auto& layers, std::size_t = 0) {
    layers.for_each([&](auto i) { layers.template layer<i>().visit(*this); });
  }
  constexpr float next() {
    seed = seed * 1664525 + 1013904223;
    return static_cast<float>(static_cast<std::int32_t>(seed)) * 0x1p-33f;
  }
};

constexpr auto layers = inlay::constant_layers<networks::NETWORK>([](auto& network) {
  Fill fill;
  network.visit(fill);
  return true;
});
using Model = inlay::ConstantModel<layers>;

constinit Model model;  // a state; the weights are in flash
#ifndef BLOCK
#define BLOCK 48
#endif
constexpr std::size_t block = BLOCK, blocks = 40, ins = Model::in_size, outs = Model::out_size;
float in[ins][block], out[outs][block];  // planar
float frame_in[ins], frame_out[outs];

void line(const char* name, std::uint32_t value) {
  board::print(name);
  board::print(" ");
  board::print_number(value);
  board::print("\n");
}

void process() {
  if constexpr (ins == 1 && outs == 1) {
    model.process(std::span<const float>(in[0]), std::span<float>(out[0]));
  } else {
    const float* from[ins];
    float* to[outs];
    for (std::size_t c = 0; c < ins; ++c) from[c] = in[c];
    for (std::size_t c = 0; c < outs; ++c) to[c] = out[c];
    model.process(from, to, block);
  }
}
void forward() {
  for (std::size_t t = 0; t < block; ++t) {
    if constexpr (ins == 1 && outs == 1) out[0][t] = model.forward(in[0][t]);
    else model.forward(std::span(std::as_const(frame_in)), std::span(frame_out));
  }
}

std::uint32_t instructions(void (*run)(), std::uint32_t per_million) {
  run();
  std::uint64_t ticks = 0;
  count::Timer timer;
  for (std::size_t i = 0; i < blocks; ++i) {
    run();
    ticks += timer.lap();
  }
  return count::instructions_times_10(ticks, block * blocks, per_million);
}

/// Bytes of stack that `run` takes below this function's own frame.
[[gnu::noinline]] std::uint32_t stack(void (*run)()) {
  constexpr std::uint32_t paint = 0xC0FFEE11, words = 4096;
  auto* const top = static_cast<std::uint32_t*>(__builtin_frame_address(0)) - 32;
  for (auto* p = top - words; p < top; ++p) *static_cast<volatile std::uint32_t*>(p) = paint;
  run();
  const auto* used = top - words;
  while (used < top && *static_cast<const volatile std::uint32_t*>(used) == paint) ++used;
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(top) - reinterpret_cast<std::uintptr_t>(used));
}

}  // namespace

int board::run() {
  Fill random;
  for (auto& channel : in)
    for (float& x : channel) x = random.next();
  if constexpr (ins > 1 || outs > 1)
    for (float& x : frame_in) x = random.next();
  count::Timer::start();
  const std::uint32_t per_million = count::ticks_per_million();
  line("process", instructions(process, per_million));
  line("forward", instructions(forward, per_million));
  line("weights", sizeof layers);
  line("state", sizeof model);
  line("stack", stack(process));
  return 0;
}
