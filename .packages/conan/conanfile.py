"""Recipe of inlay for Conan 2. Builds the source tree that this folder is in."""

from pathlib import Path

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy

required_conan_version = ">=2.1"


class Inlay(ConanFile):
    name = "inlay"
    version = "0.1.0"
    description = "Neural networks in hard real time audio"
    license = "BSD-3-Clause"
    topics = ("audio", "neural-network", "real-time", "simd")
    package_type = "static-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"with_eigen": [True, False]}
    default_options = {"with_eigen": False}

    def export_sources(self):
        root = Path(self.recipe_folder).parents[1]
        for pattern in ("CMakeLists.txt", "LICENSE", ".cmake/*", "include/*"):
            copy(self, pattern, src=str(root), dst=self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("nlohmann_json/[>=3.9 <4]", transitive_headers=True)
        self.requires("xsimd/[>=8 <15]", transitive_headers=True)
        if self.options.with_eigen:
            self.requires("eigen/[>=3.4 <6]", transitive_headers=True)

    def validate(self):
        check_min_cppstd(self, 20)

    def generate(self):
        CMakeDeps(self).generate()
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["INLAY_WITH_EIGEN"] = bool(self.options.with_eigen)
        for option in (
            "INLAY_FETCH_DEPENDENCIES",
            "INLAY_BUILD_TESTS",
            "INLAY_BUILD_BENCH",
            "INLAY_BUILD_EXAMPLES",
        ):
            toolchain.cache_variables[option] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(
            self, "LICENSE", src=self.source_folder, dst=str(Path(self.package_folder, "licenses"))
        )

    def package_info(self):
        # CMake reads inlay's own configuration, which also defines inlay_dispatch.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = ["lib/cmake/inlay"]
        # For other build systems:
        self.cpp_info.libs = ["inlay_compiled"]
        self.cpp_info.defines = ["INLAY_COMPILED"]
        if self.settings.os in ("Linux", "FreeBSD"):
            self.cpp_info.system_libs = ["pthread"]
