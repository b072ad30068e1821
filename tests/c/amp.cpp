// A model in constant data, and the C interface without files.
#include <inlay/c/constant.hpp>
#include <inlay/src_c.hpp>  // the functions on voices: no heap, no exceptions, no files

#include "amp.hpp"  // inlay codegen amp.json --name Amp --constant -o amp.hpp
INLAY_C_MODEL(amp, Amp, 48000)

// The signals of the file's check, for C.
extern "C" {
extern const std::size_t check_frames = std::size(amp_weights::check::input);
extern const float* const check_input = amp_weights::check::input;
extern const float* const check_output = amp_weights::check::output;
}
