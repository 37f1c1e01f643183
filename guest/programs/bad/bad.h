// What the files of this program share: each has a table of cases, main.c runs the one that is
// asked for.
#ifndef TRAPLINE_BAD_H
#define TRAPLINE_BAD_H

#include "guest/include/trapline.h"

// A misbehavior. `run` returns REFUSED if the kernel said no, as it should; if it returns SURVIVED,
// the deed had no consequence.
struct bad_case {
    const char *name;
    int (*run)(uintptr_t argument);
    uintptr_t argument;
};

#define REFUSED 0
#define SURVIVED 100
#define UNKNOWN_CASE 101
// A preparation that must succeed did not.
#define BROKEN 102

// A table that ends with a case without a name.
extern const struct bad_case memory_cases[];
extern const struct bad_case vm_cases[];
extern const struct bad_case call_cases[];
extern const struct bad_case thread_cases[];
extern const struct bad_case processor_cases[];

#if defined(__aarch64__)
#define USER_END 0x1000000000000ul
#define NON_CANONICAL 0x0001000000000000ul
#define KERNEL_TEXT 0xffff000040200000ul
#define RETURN_INSTRUCTION {0xc0, 0x03, 0x5f, 0xd6} // ret
#else
#define USER_END 0x7ffffffff000ul
#define NON_CANONICAL 0x0000800000000000ul
#define KERNEL_TEXT 0xffff800000200000ul
#define RETURN_INSTRUCTION {0xc3, 0x90, 0x90, 0x90} // ret; nop; nop; nop
#endif

// In the user half, and nobody maps anything there.
#define UNMAPPED 0x5555deadb000ul

// Keeps the compiler from knowing a value, or that a pointer is null.
static inline uintptr_t hide(uintptr_t value) {
    __asm__("" : "+r"(value));
    return value;
}

// Whether a system call returned a Mach kernel return code.
static inline int refused(int64_t result) { return result < 0 && result > -128; }

static inline int verdict(int64_t result) { return refused(result) ? REFUSED : SURVIVED; }

#endif
