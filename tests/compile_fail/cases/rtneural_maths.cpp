// A custom MathsProvider compiles with one warning for all layers. Here the warning is an error.
// expect: a MathsProvider of your own is not used
// errors: 1
#pragma GCC diagnostic error "-Wdeprecated-declarations"
#include <inlay/compat/rtneural_activations.hpp>
#include <inlay/compat/rtneural_recurrent.hpp>

using namespace inlay::compat::rtneural;
struct OwnMaths {};
struct OtherMaths {};
TanhActivationT<float, 8, OwnMaths> tanh_layer;
SigmoidActivationT<float, 8, OtherMaths> sigmoid_layer;
SoftmaxActivationT<float, 8, OwnMaths> softmax_layer;
ELuActivationT<float, 8, 1, 1, OwnMaths> elu_layer;
GRULayerT<float, 8, 8, SampleRateCorrectionMode::None, OwnMaths> gru;
LSTMLayerT<float, 8, 8, SampleRateCorrectionMode::None, OtherMaths> lstm;
LSTMLayerT<float, 8, 8> without;
