# inlay_dependency(PACKAGE TARGET INCLUDE MINIMUM URL)
#
# Puts a header-only package on inlay's include path: the system's if it has one of at least version MINIMUM,
# else a download. Of a download only the folder INCLUDE is used: its own CMake code would bring targets, tests
# and options into the user's build. Without either, the package's feature is left out.
include(FetchContent)

set(INLAY_SYSTEM_PACKAGES "")  # package=target: an installed inlay asks for these again,
set(INLAY_FETCHED_PACKAGES "") # and uses these where the user has them

macro(inlay_dependency package target include minimum url)
  find_package(${package} QUIET)
  # Versions are compared here because a package's own idea of compatibility ends at its major version.
  if(${package}_FOUND AND NOT "${${package}_VERSION}" VERSION_LESS ${minimum})
    message(STATUS "inlay: ${package} ${${package}_VERSION} of the system")
    # Its headers, not the target itself: Debian's xsimd asks for a library xtl that it does not come with, and an
    # imported target would not be known in the directory of a project that adds this one.
    get_target_property(directories ${target} INTERFACE_INCLUDE_DIRECTORIES)
    target_include_directories(inlay SYSTEM INTERFACE "$<BUILD_INTERFACE:${directories}>")
    list(APPEND INLAY_SYSTEM_PACKAGES ${package}=${target})
  elseif(INLAY_FETCH_DEPENDENCIES)
    message(STATUS "inlay: ${package} from ${url}")
    if(POLICY CMP0135)
      cmake_policy(SET CMP0135 NEW)
    endif()
    FetchContent_Declare(inlay_${package} URL ${url} SOURCE_SUBDIR none)
    FetchContent_MakeAvailable(inlay_${package})
    string(TOLOWER inlay_${package} name)
    target_include_directories(inlay SYSTEM INTERFACE $<BUILD_INTERFACE:${${name}_SOURCE_DIR}/${include}>)
    list(APPEND INLAY_FETCHED_PACKAGES ${package}=${target})
  else()
    message(STATUS "inlay: no ${package}, what needs it is left out")
  endif()
endmacro()
