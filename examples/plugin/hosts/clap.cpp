/// CLAP: the plugin through its C interface.
#include <clap/entry.h>
#include <clap/ext/latency.h>
#include <clap/ext/params.h>
#include <clap/ext/state.h>
#include <clap/plugin-factory.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "dpf_state.hpp"
#include "host.hpp"
#include "library.hpp"

namespace hosts {

namespace {

void require(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(std::string("CLAP: ") + what);
}

/// The library, shared by all its instances.
class Module {
 public:
  static std::shared_ptr<Module> of(const std::string& file) {
    static std::weak_ptr<Module> last;
    std::shared_ptr<Module> module = last.lock();
    if (!module) last = module = std::make_shared<Module>(file);
    return module;
  }
  explicit Module(const std::string& file)
      : library_(file), entry_(*library_.symbol<const clap_plugin_entry_t>("clap_entry")) {
    require(entry_.init(file.c_str()), "init");
  }
  ~Module() { entry_.deinit(); }
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  const clap_plugin_factory_t& factory() const {
    const void* const factory = entry_.get_factory(CLAP_PLUGIN_FACTORY_ID);
    require(factory != nullptr, "get_factory");
    return *static_cast<const clap_plugin_factory_t*>(factory);
  }

 private:
  Library library_;
  const clap_plugin_entry_t& entry_;
};

class ClapHost final : public Host {
 public:
  explicit ClapHost(const std::string& file) : module_(Module::of(file)) {
    const clap_plugin_factory_t& factory = module_->factory();
    require(factory.get_plugin_count(&factory) == 1, "one plugin in the file");
    plugin_ = factory.create_plugin(&factory, &host_, factory.get_plugin_descriptor(&factory, 0)->id);
    require(plugin_ != nullptr && plugin_->init(plugin_), "create_plugin");
    parameters_ = &extension<clap_plugin_params_t>(CLAP_EXT_PARAMS);
    state_ = &extension<clap_plugin_state_t>(CLAP_EXT_STATE);
    latency_ = &extension<clap_plugin_latency_t>(CLAP_EXT_LATENCY);
  }
  ~ClapHost() override {
    if (active_) ClapHost::deactivate();
    plugin_->destroy(plugin_);
  }

  void activate(double sample_rate, std::uint32_t max_frames) override {
    require(plugin_->activate(plugin_, sample_rate, 1, max_frames), "activate");
    require(plugin_->start_processing(plugin_), "start_processing");
    active_ = true;
  }
  void deactivate() override {
    plugin_->stop_processing(plugin_);
    plugin_->deactivate(plugin_);
    active_ = false;
  }

  void process(const float* const* in, float* const* out, std::uint32_t frames) override {
    float* ins[2] = {const_cast<float*>(in[0]), const_cast<float*>(in[1])};  // the interface has no const
    float* outs[2] = {out[0], out[1]};
    clap_audio_buffer_t input{}, output{};
    input.data32 = ins;
    output.data32 = outs;
    input.channel_count = output.channel_count = 2;

    const clap_input_events_t events{
        this, [](const clap_input_events_t* list) { return static_cast<std::uint32_t>(self(list).events_.size()); },
        [](const clap_input_events_t* list, std::uint32_t i) -> const clap_event_header_t* {
          return &self(list).events_[i].header;
        }};
    const clap_output_events_t ignored{nullptr,
                                       [](const clap_output_events_t*, const clap_event_header_t*) { return true; }};
    clap_process_t process{};
    process.steady_time = -1;
    process.frames_count = frames;
    process.audio_inputs = &input;
    process.audio_outputs = &output;
    process.audio_inputs_count = process.audio_outputs_count = 1;
    process.in_events = &events;
    process.out_events = &ignored;
    clap_process_status status = CLAP_PROCESS_ERROR;
    audio_thread([&] { status = plugin_->process(plugin_, &process); });
    require(status != CLAP_PROCESS_ERROR, "process");
    events_.clear();
  }

  void set(const std::string& parameter, double value) override {
    clap_param_info_t info{};
    for (std::uint32_t i = 0; parameters_->get_info(plugin_, i, &info); ++i) {
      if (info.name != parameter) continue;
      clap_event_param_value_t event{};
      event.header = {sizeof event, 0, CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_PARAM_VALUE, 0};
      event.param_id = info.id;
      event.cookie = info.cookie;
      event.note_id = event.port_index = event.channel = event.key = -1;
      event.value = value;
      events_.push_back(event);
      return;
    }
    require(false, "no such parameter");
  }
  void load(const std::string& model) override { restore(with_model(save(), model)); }

  std::string save() override {
    std::string state;
    const clap_ostream_t stream{&state, [](const clap_ostream_t* to, const void* data, std::uint64_t size) {
                                  static_cast<std::string*>(to->ctx)->append(static_cast<const char*>(data), size);
                                  return static_cast<std::int64_t>(size);
                                }};
    require(state_->save(plugin_, &stream), "save");
    return state;
  }
  void restore(const std::string& state) override {
    std::string rest = state;
    const clap_istream_t stream{&rest, [](const clap_istream_t* from, void* data, std::uint64_t size) {
                                  std::string& text = *static_cast<std::string*>(from->ctx);
                                  const std::size_t n = std::min<std::size_t>(size, text.size());
                                  std::memcpy(data, text.data(), n);
                                  text.erase(0, n);
                                  return static_cast<std::int64_t>(n);
                                }};
    require(state_->load(plugin_, &stream), "load");
  }
  std::uint32_t latency() override { return latency_->get(plugin_); }

 private:
  static ClapHost& self(const clap_input_events_t* list) { return *static_cast<ClapHost*>(list->ctx); }

  template <class Extension>
  const Extension& extension(const char* id) {
    const void* const found = plugin_->get_extension(plugin_, id);
    require(found != nullptr, id);
    return *static_cast<const Extension*>(found);
  }

  std::shared_ptr<Module> module_;
  /// DPF 1.6 needs a host that can be told of another latency, and crashes without.
  static const void* host_extension(const clap_host_t*, const char* id) {
    static const clap_host_latency_t latency{[](const clap_host_t*) {}};
    return std::strcmp(id, CLAP_EXT_LATENCY) == 0 ? &latency : nullptr;
  }
  static void ignore(const clap_host_t*) {}

  clap_host_t host_{CLAP_VERSION_INIT, nullptr, "plugin_checks", "inlay", "", "1",
                    host_extension,    ignore,  ignore,          ignore};

  const clap_plugin_t* plugin_ = nullptr;
  const clap_plugin_params_t* parameters_ = nullptr;
  const clap_plugin_state_t* state_ = nullptr;
  const clap_plugin_latency_t* latency_ = nullptr;
  std::vector<clap_event_param_value_t> events_;
  bool active_ = false;
};

}  // namespace

std::unique_ptr<Host> open_clap(const std::string& file) { return std::make_unique<ClapHost>(file); }

}  // namespace hosts
