// load_models FILE...: loads each file, which runs its check. Prints "ok", the missing layer type, or the error.
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <inlay/run_time.hpp>

int main(int count, char** files) {
  int failures = 0;
  for (int i = 1; i < count; ++i) try {
      inlay::Model<float>::load(std::filesystem::path(files[i]));
      std::puts("ok");
    } catch (const inlay::load_error& error) {
      const bool missing = error.expected() == "a layer type that inlay::Model supports";
      failures += !missing;
      std::printf("%s %s\n", missing ? "missing" : "wrong", error.what());
    }
  return failures == 0 ? 0 : 1;
}
