/// A first model: loads it, then runs it frame by frame and in a buffer.
#include <cstdio>
#include <inlay/inlay.hpp>
#include <vector>

using Amp = inlay::ModelT<inlay::LSTM<1, 20>, inlay::Dense<20, 1>>;  // sizes and scalar are deduced

int main(int argc, char** argv) try {
  Amp amp;
  amp.load(argc > 1 ? argv[1] : "examples/amp/amp.json");  // throws inlay::load_error with the place

  std::vector<float> in(480), out(480);
  in[0] = 1;  // a click

  amp.reset();
  for (std::size_t t = 0; t < in.size(); ++t) out[t] = amp.forward(in[t]);  // one frame at a time

  amp.reset();
  amp.process(in, out);  // or a buffer

  std::printf("%zu parameters, %zu bytes; the click comes out as %g\n", Amp::parameters, sizeof amp, double(out[0]));
} catch (const inlay::load_error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
