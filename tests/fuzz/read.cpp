// Text of a file: read_model_text gives a model, which is written and read again, or throws load_error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <inlay/io/read_model.hpp>
#include <inlay/io/write_model.hpp>
#include <inlay/plugin/levels.hpp>
#include <string>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// What is written can be read, and is written the same.
void write_again(const inlay::io::ModelFile& file) {
  if (!file.check) return;  // only files with a check can be written
  const std::string text = inlay::io::write_model(file);
  require(inlay::io::write_model(inlay::io::read_model_text(text)) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const std::optional<double> part : {std::optional<double>(), std::optional<double>(0.3)}) {
    try {
      const inlay::io::ModelFile file = inlay::io::read_model_text(text, {part});
      if (!part) write_again(file);
      (void)inlay::gains_for(inlay::levels_of(file.info));
    } catch (const inlay::load_error& error) {
      require(!error.place().empty() && !error.expected().empty());
    }
  }
  return 0;
}
