// The umbrella headers with all definitions, twice.
#if __has_include(<nlohmann/json.hpp>)
#include <inlay/compat/rtneural.hpp>
#include <inlay/inlay.hpp>
#include <inlay/io/write_model.hpp>
#include <inlay/run_time.hpp>
#endif
