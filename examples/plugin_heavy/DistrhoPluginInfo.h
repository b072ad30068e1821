/// What the plugin framework asks about the plugin.
#pragma once

#define DISTRHO_PLUGIN_BRAND "inlay"
#define DISTRHO_PLUGIN_NAME "inlay heavy"
#define DISTRHO_PLUGIN_URI "urn:inlay:heavy"
#define DISTRHO_PLUGIN_CLAP_ID "inlay.heavy"
#define DISTRHO_PLUGIN_LV2_CATEGORY "lv2:SimulatorPlugin"
#define DISTRHO_PLUGIN_VST3_CATEGORIES "Fx|Distortion|Stereo"
#define DISTRHO_PLUGIN_CLAP_FEATURES "audio-effect", "distortion", "stereo"

#define DISTRHO_PLUGIN_HAS_UI 0
#define DISTRHO_PLUGIN_NUM_INPUTS 2
#define DISTRHO_PLUGIN_NUM_OUTPUTS 2
#define DISTRHO_PLUGIN_IS_RT_SAFE 1
#define DISTRHO_PLUGIN_WANT_LATENCY 1
#define DISTRHO_PLUGIN_WANT_STATE 1       // the model file
#define DISTRHO_PLUGIN_WANT_FULL_STATE 1  // is asked for with getState
