// load_models [--facts | --double] FILE...: loads each file, which runs its check. Prints "ok", the missing layer type,
// or the error. With --double, the models compute in double precision. With --facts, "ok" is followed by the receptive
// field (-1 if unbounded), the latency, and the numbers of parameters and of multiply-accumulates.
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <inlay/run_time.hpp>

template <class T>
int load_all(int count, char** files, bool facts) {
  int failures = 0;
  for (int i = 0; i < count; ++i) try {
      const auto model = inlay::Model<T>::load(std::filesystem::path(files[i]));
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

int main(int count, char** arguments) {
  const auto is = [&](const char* option) { return count > 1 && std::strcmp(arguments[1], option) == 0; };
  if (is("--double")) return load_all<double>(count - 2, arguments + 2, false);
  if (is("--facts")) return load_all<float>(count - 2, arguments + 2, true);
  return load_all<float>(count - 1, arguments + 1, false);
}
