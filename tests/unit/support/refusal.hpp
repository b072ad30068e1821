// Expects that a call is refused.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include <inlay/io/error.hpp>

/// Expects a load_error whose message contains a text.
void expect_refusal(const auto& action, const std::string& message) {
  try {
    action();
    ADD_FAILURE() << "accepted, where this was to come: " << message;
  } catch (const inlay::load_error& error) {
    EXPECT_NE(std::string(error.what()).find(message), std::string::npos) << error.what();
  }
}
