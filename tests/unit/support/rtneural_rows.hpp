/// Rows of input and output for models of RTNeural's names.
#pragma once

#include <cstddef>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <gtest/gtest.h>

using nlohmann::json;

template <class T>
using Rows = std::vector<std::vector<T>>;

inline json read_json(const std::string& path) {
  std::ifstream stream(path);
  json document;
  stream >> document;
  return document;
}

/// Runs rows of input through a model with RTNeural's calls, and expects the rows of output.
template <class T, class Model>
void expect_rows(Model& model, const std::vector<std::vector<T>>& in, const std::vector<std::vector<T>>& out,
                 double tolerance, std::size_t first = 0) {
  model.reset();
  for (std::size_t t = 0; t < in.size(); ++t) {
    const T y = model.forward(in[t].data());
    ASSERT_EQ(y, model.getOutputs()[0]);
    if (t < first || t - first >= out.size()) continue;
    for (std::size_t c = 0; c < out[t - first].size(); ++c)
      ASSERT_NEAR(model.getOutputs()[c], out[t - first][c], tolerance) << "frame " << t << ", channel " << c;
  }
}
