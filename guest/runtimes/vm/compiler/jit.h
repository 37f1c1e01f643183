// The baseline compiler: each bytecode becomes its own instructions, and every local and operand
// has one place for good.
//
//     CFA + 8 i                     parameter i: local i, where the caller has put it
//     CFA - 8, CFA - 16             return address, caller's frame pointer
//     CFA - 24 - 8 (i - params)     local i
//     below                         operand j
//     sp + 8 i                      parameter i of what is called
//
// A bytecode takes effect by its last instruction, and has at least one, so the position of the map
// is that of the bytecode up to there. What an operand's place holds while the depth is below it,
// nobody sees.
#ifndef VM_JIT_H
#define VM_JIT_H

#include "internal.h"

struct jit {
    struct masm *m;
    mreg a, b, c;      // what bytecodes compute with
    mlabel bytecodes;  // the label of the first; the others' follow
    unsigned outgoing; // parameters of the calls, at most
    uint32_t vector;
    mlabel overflow;
};

// ---- jit_frame.c

// Offsets from the CFA: of a local, and of the operand that is `below` the top, 1 being the top.
int jit_local(const struct jit *jit, int local);
int jit_operand(const struct jit *jit, const struct instruction *in, unsigned below);
// From and to a place at such an offset.
void jit_load(struct jit *jit, mreg to, int offset);
void jit_store(struct jit *jit, mreg from, int offset);
uint32_t jit_places(struct jit *jit);
void jit_prologue(struct jit *jit);
void jit_leave(struct jit *jit);
void jit_runtime(struct jit *jit, unsigned bci, const char *stub);
void jit_pads(struct jit *jit);
void jit_overflow(struct jit *jit);

#endif
