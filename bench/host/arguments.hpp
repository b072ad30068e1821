/// Arguments: what the programs of this folder are told, as KEY=VALUE.
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace inlay::bench {

/// KEY=VALUE of a command line. Each key has a description that begins with its default: "64: frames of a callback".
class Arguments {
 public:
  /// Prints the keys and ends the process if there is an unknown one.
  Arguments(int argc, char** argv, const std::map<std::string, std::string>& keys) {
    for (const auto& [key, text] : keys) values_[key] = text.substr(0, text.find(':'));
    for (int i = 1; i < argc; ++i) {
      const std::string argument = argv[i];
      const std::size_t equals = argument.find('=');
      if (equals == std::string::npos || !keys.contains(argument.substr(0, equals))) {
        std::fprintf(stderr, "usage: %s [KEY=VALUE...]; keys and what they are without you:\n", argv[0]);
        for (const auto& [key, text] : keys) std::fprintf(stderr, "  %-12s %s\n", key.c_str(), text.c_str());
        std::exit(2);
      }
      values_[argument.substr(0, equals)] = argument.substr(equals + 1);
    }
  }
  const std::string& text(const std::string& key) const { return values_.at(key); }
  double number(const std::string& key) const { return std::atof(text(key).c_str()); }
  std::size_t count(const std::string& key) const { return static_cast<std::size_t>(number(key)); }
  std::vector<std::string> texts(const std::string& key) const {
    std::vector<std::string> parts;
    std::istringstream stream(text(key));
    for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
    return parts;
  }
  std::vector<double> numbers(const std::string& key) const {
    std::vector<double> values;
    for (const std::string& part : texts(key)) values.push_back(std::atof(part.c_str()));
    return values;
  }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace inlay::bench
