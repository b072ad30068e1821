// amp.cpp
#include "amp.hpp"

#include <inlay/inlay.hpp>

struct Amp::Network : inlay::ModelT<inlay::LSTM<1, 20>, inlay::Dense<20, 1>> {};

Amp::Amp() : network_(std::make_unique<Network>()) {}
Amp::~Amp() = default;
void Amp::load(const char* file) { network_->load(std::filesystem::path(file)); }
void Amp::reset() noexcept { network_->reset(); }
void Amp::process(const float* const* in, float* const* out, int frames) noexcept {
  network_->process(in, out, static_cast<std::size_t>(frames));
}
