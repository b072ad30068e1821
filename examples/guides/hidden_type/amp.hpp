// amp.hpp: what the rest of the plugin includes; it does not know the type
#include <memory>

class Amp {
 public:
  Amp();
  ~Amp();
  void load(const char* file);
  void reset() noexcept;
  void process(const float* const* in, float* const* out, int frames) noexcept;

 private:
  struct Network;
  std::unique_ptr<Network> network_;
};
