// Writes .nam documents as .namb files, byte for byte as nam2namb of nam-binary-loader does.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace inlay_test {

/// Where a layer array has its kernel sizes: the number of the format did not change with it.
enum class NambForm {
  march_2026,  ///< one size for all layers of an array, and heads of one tap
  april_2026,  ///< a list of sizes, and heads of one tap
  current      ///< a list of sizes, and the size of the head's kernel
};

/// Returns the file. Throws nlohmann::json::exception or std::out_of_range if the document is no .nam file whose
/// architecture the format has.
std::string write_namb(const nlohmann::json& nam, NambForm form = NambForm::current);

/// Writes a file's size and checksum into its header, after its bytes were changed.
void seal_namb(std::string& file);

}  // namespace inlay_test
