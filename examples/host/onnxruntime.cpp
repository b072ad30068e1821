/// A recurrent network in ONNX Runtime: its hidden state is an output of each run and an input of the next.
///
///     host_onnxruntime MODEL.onnx
#include <cstdio>
#include <inlay/host.hpp>
#include <inlay/host/onnxruntime.hpp>

#include "simulated_host.hpp"

int main(int argc, char** argv) try {
  using namespace inlay::host;  // NOLINT(google-build-using-namespace)
  if (argc != 2) return std::fprintf(stderr, "usage: host_onnxruntime MODEL.onnx\n"), 2;
  OnnxRuntime engine({.file = argv[1],
                      .in = {{.name = "x", .shape = {128, 1, 1}}},  // 128 frames, which the graph leaves open
                      .carry = {{.out = "h_out", .in = "h"}, {.out = "c_out", .in = "c"}}});
  Session session(std::move(engine), Pool::shared());
  session.prepare({.block = 128, .rate = 48000}, Budget::measured());
  example::play(session, 1, 128, "ONNX Runtime");
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
