#pragma once

#include <memory>
#include <utility>

#include "inlay/core/compiled.hpp"
#include "inlay/host/pool.hpp"
#include "inlay/host/pool_core.hpp"

namespace inlay::host {

INLAY_HOT_DECL Pool::Pool(PoolOptions options) : core_(std::make_shared<detail::PoolCore>(std::move(options))) {}

INLAY_HOT_DECL Pool Pool::shared() {
  static const Pool pool;
  return pool;
}

INLAY_HOT_DECL bool Pool::run_one() noexcept { return core_->run_one(); }

INLAY_HOT_DECL PoolStats Pool::stats() const noexcept { return core_->stats(); }

}  // namespace inlay::host
