// A mistake ten levels deep. The message names the layer and both sizes.
// expect: InputMatchesPrevious<2U?L?, 12U?L?, 8U?L?>
// expect: a layer's input size must be the output size of the layer before it
// errors: 1
#include <inlay/engine.hpp>

using namespace inlay;
using Core = Sequential<Dense<8, 8>, Tanh<8>, Dense<12, 8>>;  // the mistake
using Deep = Residual<Residual<Residual<Residual<Residual<Residual<Residual<Residual<Residual<Residual<Core>>>>>>>>>>;
ModelT<Deep> model;
