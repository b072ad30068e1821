set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR armv7l)
set(CMAKE_C_COMPILER arm-linux-gnueabihf-gcc)
set(CMAKE_CXX_COMPILER arm-linux-gnueabihf-g++)
# NEON with fused multiply-add: Cortex-A7, Cortex-A15 and later, so every Raspberry Pi from the second on.
set(CMAKE_C_FLAGS_INIT -mfpu=neon-vfpv4)
# No notes on the calling convention of GCC 6, and no false warnings of GCC 12 about its own std::string.
set(CMAKE_CXX_FLAGS_INIT "-mfpu=neon-vfpv4 -Wno-psabi -Wno-array-bounds -Wno-stringop-overflow")
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-arm -L /usr/arm-linux-gnueabihf)
