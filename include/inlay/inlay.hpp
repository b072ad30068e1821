/// inlay: small neural networks in hard real time. Everything: engine and model files.
#pragma once

#include "inlay/engine.hpp"
#include "inlay/io/load.hpp"
