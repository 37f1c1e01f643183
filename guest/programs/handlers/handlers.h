// What the assembly of this program offers to its cases.
#ifndef TRAPLINE_HANDLERS_H
#define TRAPLINE_HANDLERS_H

#ifndef __ASSEMBLER__

#include "guest/include/trapline.h"

// Registers of a program, in the order of struct exception_state.
struct machine {
    uint64_t general[31]; // x86-64 has 15
    uint64_t flags;
    uint64_t control; // MXCSR or FPCR
    unsigned char vectors[32][16] __attribute__((aligned(16))); // x86-64 has 16
};

// Loads all registers from one record, takes an undefined instruction at probe_trap, and stores
// them in another if it is gone on with at probe_resumed.
void probe(const struct machine *in, struct machine *out);
extern const char probe_trap[], probe_resumed[];

// Each takes one exception in its first instructions, before it changes its stack; a handler has it
// return a value with return_from.
uint64_t load_word(uintptr_t address);
uint64_t store_word(uintptr_t address);
uint64_t jump_to(uintptr_t address);
uint64_t undefined_instruction(uintptr_t unused);
uint64_t breakpoint(uintptr_t unused);
uint64_t divide(uintptr_t divisor);

// A place to come back to: callee-saved registers, stack pointer and PC.
struct point {
    uintptr_t words[24];
};
int save_point(struct point *point) __attribute__((returns_twice));
TRAPLINE_NORETURN void jump_point(struct point *point, int value);

#endif
#endif
