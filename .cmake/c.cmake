# inlay::c and inlay::c_shared: the C interface <inlay/inlay.h>, as a static and as a shared library. Each is built only
# if another target links it, by its name, or with INLAY_BUILD_C.
set(file ${PROJECT_BINARY_DIR}/compiled/c.cpp)
file(CONFIGURE OUTPUT ${file} CONTENT "#include <inlay/src_c_load.hpp>\n")
foreach(kind STATIC SHARED)
  set(target inlay_c)
  if(kind STREQUAL SHARED)
    set(target inlay_c_shared)
  endif()
  add_library(${target} ${kind} ${file})
  if(NOT INLAY_BUILD_C)
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
  string(REPLACE inlay_ "" name ${target})
  add_library(inlay::${name} ALIAS ${target})
  set_target_properties(
    ${target} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
                         VISIBILITY_INLINES_HIDDEN ON
  )
  target_include_directories(
    ${target} INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
  )
  target_link_libraries(${target} PRIVATE inlay_compiled)
endforeach()
set_target_properties(inlay_c_shared PROPERTIES OUTPUT_NAME inlay VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
target_compile_definitions(inlay_c_shared PRIVATE INLAY_C_BUILDS_SHARED INTERFACE INLAY_C_SHARED)
if(UNIX AND NOT APPLE) # exports the C interface alone
  target_link_options(inlay_c_shared PRIVATE -Wl,--exclude-libs,ALL)
endif()
