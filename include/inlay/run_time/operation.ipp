#pragma once

#include "inlay/run_time/operation.hpp"

namespace inlay::run_time {

INLAY_DECL Memory::~Memory() = default;

template <class T>
Operation<T>::~Operation() = default;

template <class T>
double Operation<T>::bound() const {
  return 0;
}

template <class T>
void Operation<T>::load(const Weights&, const Weights&) {}

template <class T>
std::unique_ptr<Memory> Operation<T>::memory() const {
  return nullptr;
}

}  // namespace inlay::run_time
