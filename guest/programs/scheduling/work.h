// What the programs for schedulers have in common: arguments, and work of a length.
#ifndef WORK_H
#define WORK_H

#include "guest/include/trapline.h"

// A decimal number, signed.
int64_t number(const char *text);

// Sets the scheduling parameters of the calling thread by arguments such as priority=40; returns
// whether all of them are known and the kernel takes them.
int set_parameters(int count, char **arguments);

// Runs for a number of instructions, but for a handful.
static inline void work(uint64_t instructions) {
    uint64_t turns = instructions / 2 + 1;
#if defined(__aarch64__)
    __asm__ volatile("1: sub %0, %0, #1\n cbnz %0, 1b" : "+r"(turns));
#else
    __asm__ volatile("1: dec %0\n jnz 1b" : "+r"(turns) : : "cc");
#endif
}

#endif
