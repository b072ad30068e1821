// load_models [--facts] FILE...: loads each file, which runs its check. Prints "ok", the missing layer type, or the
// error. With --facts, "ok" is followed by the receptive field (-1 if unbounded), the latency, and the numbers of
// parameters and of multiply-accumulates.
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <inlay/run_time.hpp>

int main(int count, char** files) {
  int failures = 0;
  const bool facts = count > 1 && std::strcmp(files[1], "--facts") == 0;
  for (int i = facts ? 2 : 1; i < count; ++i) try {
      const auto model = inlay::Model<float>::load(std::filesystem::path(files[i]));
      if (facts)
        std::printf("ok %td %zu %zu %zu\n",
                    model.receptive_field() == inlay::unbounded ? -1 : std::ptrdiff_t(model.receptive_field()),
                    model.latency(), model.parameters(), model.macs_per_sample());
      else std::puts("ok");
    } catch (const inlay::load_error& error) {
      const bool missing = error.expected() == "a layer type that inlay::Model supports";
      failures += !missing;
      std::printf("%s %s\n", missing ? "missing" : "wrong", error.what());
    }
  return failures == 0 ? 0 : 1;
}
