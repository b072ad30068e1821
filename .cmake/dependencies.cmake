# inlay_dependency(PACKAGE TARGET INCLUDE MINIMUM URL)
#
# Adds a header-only package to inlay's include path: the system's package if its version is at least MINIMUM, otherwise
# a download. Only the folder INCLUDE of a download is used, because its CMake code would add targets, tests and options
# to the user's build. If neither is available, the feature that needs the package is disabled.
include(FetchContent)

set(INLAY_SYSTEM_PACKAGES "")  # package=target; an installed inlay requires these,
set(INLAY_FETCHED_PACKAGES "") # and uses these if the user's system has them

macro(inlay_dependency package target include minimum url)
  find_package(${package} QUIET)
  # Versions are compared here, because packages declare newer major versions incompatible.
  if(${package}_FOUND AND NOT "${${package}_VERSION}" VERSION_LESS ${minimum})
    message(STATUS "inlay: ${package} ${${package}_VERSION} of the system")
    # Uses the headers, not the target itself: Debian's xsimd target needs the library xtl, which its package does not
    # depend on, and an imported target would be unknown in the directory of a project that adds this one.
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
