// Startup code: vector table, floating-point unit, memory; then board::run. There are no constructors; the linker
// script checks that.
#include <cstdint>

#include "board.hpp"

extern std::uint32_t stack_top, data_in_flash, data_begin, data_end, bss_begin, bss_end;  // linker script

extern "C" [[noreturn]] void reset_handler() {
  auto* coprocessor_access = reinterpret_cast<volatile std::uint32_t*>(0xE000ED88);  // CPACR
  *coprocessor_access = *coprocessor_access | (0xFu << 20);                          // CP10, CP11: full access
  asm volatile("dsb\n isb" ::: "memory");

  const std::uint32_t* from = &data_in_flash;
  for (std::uint32_t* to = &data_begin; to < &data_end;) *to++ = *from++;
  for (std::uint32_t* to = &bss_begin; to < &bss_end;) *to++ = 0;
  board::exit(board::run());
}

extern "C" [[noreturn]] void fault_handler() {
  board::print("fault\n");
  board::exit(2);
}

struct VectorTable {
  std::uint32_t* stack;
  void (*handlers[15])();
};
extern "C" [[gnu::section(".vectors"), gnu::used]] const VectorTable vectors{
    &stack_top,
    {reset_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler,
     fault_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler,
     fault_handler}};
