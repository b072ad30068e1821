# plugin_format(<plugin> lv2|vst3|clap|jack)
#
# Makes <plugin>_<format> from the object library <plugin>: bin/<plugin>.lv2, bin/<plugin>.vst3, bin/<plugin>.clap and
# the program bin/<plugin>. The current folder contains DistrhoPluginInfo.h. Needs DPF 1.6 (Debian: dpf-source), whose own
# dpf_add_plugin does not know CLAP.
include_guard(GLOBAL)
set(DPF_ROOT /usr/share/dpf CACHE PATH "DPF: the folder that contains distrho/")

# The headers of the framework, without warnings.
add_library(dpf INTERFACE)
target_include_directories(dpf SYSTEM INTERFACE ${DPF_ROOT}/distrho)

add_executable(lv2_ttl_generator ${DPF_ROOT}/utils/lv2-ttl-generator/lv2_ttl_generator.c)
target_link_libraries(lv2_ttl_generator PRIVATE ${CMAKE_DL_LIBS})

function(plugin_format plugin format)
  set(target ${plugin}_${format})
  set(bin ${CMAKE_CURRENT_BINARY_DIR}/bin)
  set(main ${DPF_ROOT}/distrho/DistrhoPluginMain.cpp)
  if(format STREQUAL jack)
    add_executable(${target} ${main})
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${bin} OUTPUT_NAME ${plugin})
    target_compile_definitions(${target} PRIVATE HAVE_JACK) # libjack is loaded when the program runs
  else()
    add_library(${target} MODULE ${main})
    set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME ${plugin})
    set(symbols ${format})
  endif()
  string(TOUPPER ${format} upper)
  target_compile_definitions(${target} PRIVATE DISTRHO_PLUGIN_TARGET_${upper})
  target_compile_options(${target} PRIVATE -w) # the framework's source, not ours
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE ${plugin} ${CMAKE_DL_LIBS})

  if(format STREQUAL lv2)
    set(symbols lv2-dsp)
    set_target_properties(${target} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${bin}/${plugin}.lv2 OUTPUT_NAME ${plugin}_dsp)
    add_custom_command(TARGET ${target} POST_BUILD WORKING_DIRECTORY ${bin}/${plugin}.lv2
                       COMMAND lv2_ttl_generator $<TARGET_FILE:${target}>)
    add_dependencies(${target} lv2_ttl_generator)
  elseif(format STREQUAL vst3)
    set_target_properties(${target} PROPERTIES
      LIBRARY_OUTPUT_DIRECTORY ${bin}/${plugin}.vst3/Contents/${CMAKE_SYSTEM_PROCESSOR}-linux)
  elseif(format STREQUAL clap)
    set_target_properties(${target} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${bin} SUFFIX .clap)
  endif()
  if(symbols) # nothing but the entry point is seen from outside: two plugins with inlay do not meet
    target_link_options(${target} PRIVATE -Wl,--version-script=${DPF_ROOT}/utils/symbols/${symbols}.version)
  endif()
endfunction()
