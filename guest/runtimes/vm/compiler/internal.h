// What the files of the compilers share.
#ifndef VM_COMPILER_INTERNAL_H
#define VM_COMPILER_INTERNAL_H

#include "../arch.h"
#include "masm.h"

#define WORD 8

static inline unsigned round_frame(unsigned size) { return (size + 15) & ~15u; }

// ---- code.c: what the map says

void code_begin_region(struct masm *m, unsigned kind, enum vm_kind convention);
void code_end_region(struct masm *m);
// From the end of the code on, or from an offset not before the last one.
void code_position(struct masm *m, unsigned bci, unsigned flags, uint32_t vector);
void code_position_at(struct masm *m, uint32_t begin, unsigned bci, unsigned flags,
                      uint32_t vector);
// The index of a vector of these m->vector_width locations.
uint32_t code_vector(struct masm *m, const uint32_t *locations);
// A call has just been written: what is so while it is there. A top frame at the call instruction
// still has the position before.
void code_called(struct masm *m, unsigned bci, uint32_t vector);
// The region's list of saved registers.
void code_saves(struct masm *m, mreg reg, int offset);
void code_pad(struct masm *m, unsigned bci);

// ---- The parts of code objects

void adapter_make(struct masm *m, enum vm_kind from, mlabel body);
void native_make(struct masm *m);
void jit_make(struct masm *m);
void optimize_make(struct masm *m);

// ---- bytecode.c

// A bytecode, decoded.
struct instruction {
    unsigned opcode;
    unsigned bci;
    const struct vm_position *position;
    unsigned depth;  // of the operand stack before it
    int32_t operand; // constant, local, class, field
    int32_t amount;  // of inc
    unsigned target; // index of the position that a branch goes to
    const struct vm_method *callee;
};

unsigned position_index(const struct vm_method *method, unsigned bci);
// Whether no handler before this one has the same target.
bool is_first_with_target(const struct vm_method *method, uint32_t handler);
struct instruction decode(const struct vm_method *method, unsigned index);
// Whether the operation can jump, and whether it goes on behind it.
bool is_branch(unsigned opcode);
bool falls_through(unsigned opcode);

#endif
