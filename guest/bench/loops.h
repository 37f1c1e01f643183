// Loops that the measured paths run in, as short as can be: a turn of a loop with a system call or
// an access is three instructions.
#ifndef BENCH_LOOPS_H
#define BENCH_LOOPS_H

#include <stdint.h>

// Makes a system call again and again.
_Noreturn void call_for_ever(uint64_t number);

// Writes a byte to each page from an address on.
_Noreturn void write_pages_for_ever(uintptr_t address);

// Reads a byte of each page from an address on.
_Noreturn void read_pages_for_ever(uintptr_t address);

// One branch, for ever. The argument is not used.
_Noreturn void spin_for_ever(uintptr_t unused);

#endif
