#pragma once

#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <variant>

#include "inlay/io/json.hpp"
#include "inlay/io/number_text.hpp"
#include "inlay/io/write_model.hpp"

namespace inlay::io {

namespace detail {

/// Builds the text without a stream: a stream's number format depends on the locale.
class InlayWriter {
 public:
  explicit InlayWriter(bool single) : single_(single) {}

  std::string write(const ModelFile& file) && {
    put({"{\n  \"format\": \"inlay\",\n  \"version\": 1"});
    if (file.info.sample_rate) put({",\n  \"sample_rate\": ", number(*file.info.sample_rate)});
    if (!file.info.metadata.empty()) put({",\n  \"metadata\": ", file.info.metadata});
    if (file.info.prewarm > 0) put({",\n  \"prewarm\": ", file.info.prewarm});
    put({",\n  \"layers\": "});
    chain(file.chain, "  ");
    check(*file.check);
    put({"\n}\n"});
    return std::move(text_);
  }

 private:
  void chain(const ChainRecord& record, const std::string& indent) {
    const char* separator = "[";
    for (const LayerRecord& each : record.layers) {
      put({separator, "\n", indent, "  "});
      layer(each, indent + "  ");
      separator = ",";
    }
    put({"\n", indent, "]"});
  }

  /// Writes the options on the first line, then one line for each chain and each tensor.
  void layer(const LayerRecord& record, const std::string& indent) {
    put({"{\"type\": ", value(record.type)});
    for (const auto& [name, option] : record.values) put({", ", json_string(name), ": ", value(option)});
    for (const auto& [name, chains] : record.chains) {
      const bool several = name == "branches" || chains.size() != 1;
      put({",\n", indent, "  ", json_string(name), ": ", several ? "[" : ""});
      for (const ChainRecord& each : chains) {
        put({&each == chains.data() ? "" : ", "});
        chain(each, indent + "  ");
      }
      put({several ? "]" : ""});
    }
    for (const auto& [name, each] : record.tensors) tensor(name, each, indent + "  ");
    put({"}"});
  }

  void tensor(const std::string& name, const TensorRecord& record, const std::string& indent) {
    put({",\n", indent, json_string(name), ": {\"shape\": ["});
    for (std::size_t i = 0; i < record.shape.size(); ++i) put({i == 0 ? "" : ", ", record.shape[i]});
    put({"], \"data\": ["});
    for (std::size_t i = 0; i < record.values.size(); ++i) {
      if (!std::isfinite(record.values[i])) expect_finite(record.values[i], record.place_of(i));
      put({i == 0 ? "" : ", ", element(record.values[i])});
    }
    put({"]}"});
  }

  void check(const Check& check) {
    put({",\n  \"check\": {\"source\": ", json_string(check.source), ", \"dtype\": ", json_string(check.dtype),
         ", \"skip\": ", check.skip, ", \"stride\": ", check.stride, ", \"tolerance\": ", number(check.tolerance)});
    tensor("input", check.input, "    ");
    if (!check.condition.shape.empty()) tensor("condition", check.condition, "    ");
    tensor("output", check.output, "    ");
    put({"}"});
  }

  void put(std::initializer_list<TextPart> parts) { text_ += concat(parts); }

  static std::string value(const Value& value) {
    if (const auto* flag = std::get_if<bool>(&value.value)) return *flag ? "true" : "false";
    if (const auto* whole = std::get_if<std::size_t>(&value.value)) return std::to_string(*whole);
    if (const auto* text = std::get_if<std::string>(&value.value)) return json_string(*text);
    const double x = std::get<double>(value.value);
    expect_finite(x, value.place);
    return number(x);
  }

  /// Returns the shortest text that reads back to the same number, with a point or an exponent.
  template <class T>
  static std::string number(T x) {
    std::string written = shortest_text(x);
    if (written.find_first_of(".e") == std::string::npos) written += ".0";
    return written;
  }

  /// Returns the text of a tensor's value, in the precision of the dtype.
  std::string element(double x) const {
    const auto narrow = static_cast<float>(x);
    return single_ && static_cast<double>(narrow) == x ? number(narrow) : number(x);
  }

  static void expect_finite(double x, const SourceLocation& place) {
    if (!std::isfinite(x)) refuse(place, "a finite number", std::to_string(x));
  }

  std::string text_;
  bool single_;
};

}  // namespace detail

INLAY_DECL std::string write_model(const ModelFile& file) {
  if (!file.check) throw load_error("check", "a check: an input signal and the model's output", "none");
  return detail::InlayWriter(file.check->dtype == "float32").write(file);
}

INLAY_DECL void write_model(const ModelFile& file, std::ostream& stream) { stream << write_model(file); }

}  // namespace inlay::io
