/// One program for every processor: the model was compiled for several instruction sets, and the best one runs.
#include <cstdio>
#include <dispatched/Amp.hpp>  // written by inlay_dispatch, see CMakeLists.txt
#include <vector>

int main(int argc, char** argv) try {
  Amp amp;
  amp.load(argc > 1 ? argv[1] : "examples/amp/amp.json");

  std::vector<float> in(480), out(480);
  in[0] = 1;  // a click
  amp.process(in, out);

  const std::string_view isa = Amp::isa();
  std::printf("on %.*s the click comes out as %g\n", int(isa.size()), isa.data(), double(out[0]));
} catch (const inlay::load_error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
