/// Interface between the program and the board. Output uses semihosting: an emulator or debugger prints it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace board {

int run();  ///< the program; called after memory is initialised; returns the exit status

inline int semihost(int operation, const void* argument) {
  register int r0 asm("r0") = operation;
  register const void* r1 asm("r1") = argument;
  asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

inline void print(const char* text) { semihost(0x04, text); }  // SYS_WRITE0

inline void print_number(unsigned value) {
  char digits[11];
  char* first = digits + 10;
  *first = 0;
  do {
    *--first = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  print(first);
}

/// A file on the computer that runs the emulator.
class File {
 public:
  enum Mode : std::uintptr_t { read_bytes = 1, write_bytes = 5 };

  template <std::size_t Size>
  File(const char (&name)[Size], Mode mode) {
    const std::uintptr_t arguments[3] = {reinterpret_cast<std::uintptr_t>(name), mode, Size - 1};
    handle_ = static_cast<std::uintptr_t>(semihost(0x01, arguments));  // SYS_OPEN
  }
  File(const File&) = delete;
  ~File() { semihost(0x02, &handle_); }  // SYS_CLOSE

  /// Return false if fewer bytes could be transferred.
  bool read(void* to, std::size_t bytes) const { return transfer(0x06, to, bytes); }             // SYS_READ
  bool write(const void* from, std::size_t bytes) const { return transfer(0x05, from, bytes); }  // SYS_WRITE

 private:
  bool transfer(int operation, const void* memory, std::size_t bytes) const {
    const std::uintptr_t arguments[3] = {handle_, reinterpret_cast<std::uintptr_t>(memory), bytes};
    return semihost(operation, arguments) == 0;  // the number of bytes left
  }
  std::uintptr_t handle_;
};

[[noreturn]] inline void exit(int status) {
  const int reason_and_status[2] = {0x20026, status};  // ADP_Stopped_ApplicationExit
  for (;;) semihost(0x20, reason_and_status);          // SYS_EXIT_EXTENDED
}

}  // namespace board
