/// Interface between the program and the board. Output uses semihosting: an emulator or debugger prints it.
#pragma once

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

[[noreturn]] inline void exit(int status) {
  const int reason_and_status[2] = {0x20026, status};  // ADP_Stopped_ApplicationExit
  for (;;) semihost(0x20, reason_and_status);          // SYS_EXIT_EXTENDED
}

}  // namespace board
