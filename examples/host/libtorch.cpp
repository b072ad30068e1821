/// A TorchScript network in LibTorch.
///
///     host_libtorch MODEL.pt
#include <cstdio>
#include <inlay/host.hpp>
#include <inlay/host/libtorch.hpp>

#include "simulated_host.hpp"

int main(int argc, char** argv) try {
  using namespace inlay::host;  // NOLINT(google-build-using-namespace)
  if (argc != 2) return std::fprintf(stderr, "usage: host_libtorch MODEL.pt\n"), 2;
  LibTorch engine({.file = argv[1], .in = {{.shape = {1, 1, 134}, .hop = 128}}});  // 6 frames of the past, 128 new ones
  Session session(std::move(engine), Pool::shared());
  session.prepare({.block = 128, .rate = 48000}, Budget::measured());
  example::play(session, 1, 128, "LibTorch");
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
