/// The engine without files: no heap, no exceptions, no RTTI, no JSON. For bare metal and for plugins
/// that bring their weights along.
#pragma once

#include "inlay/backend/default.hpp"
#include "inlay/core/assign.hpp"
#include "inlay/layers/batchnorm1d.hpp"
#include "inlay/layers/conv1d.hpp"
#include "inlay/layers/dense.hpp"
#include "inlay/layers/elu.hpp"
#include "inlay/layers/gru.hpp"
#include "inlay/layers/hard_sigmoid.hpp"
#include "inlay/layers/leaky_relu.hpp"
#include "inlay/layers/lstm.hpp"
#include "inlay/layers/prelu.hpp"
#include "inlay/layers/relu.hpp"
#include "inlay/layers/sigmoid.hpp"
#include "inlay/layers/softmax.hpp"
#include "inlay/layers/tanh.hpp"
#include "inlay/model/model_t.hpp"
