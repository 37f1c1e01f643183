// The optimizing compiler. Locals live in callee-saved registers, the most used first, and the rest
// in the frame; the frame has no frame pointer:
//
//     CFA - 8                 return address
//     CFA - 16 - 8 k          the caller's value of the k-th register that locals use
//     below                   locals without a register
//     below                   operand j, if it is in memory
//
// Operands are not moved until they have to be: compiling, we know of each that it is a constant,
// what a local holds, in a register, or in memory. So many bytecodes come to nothing, and a
// bytecode takes effect where the position of the map changes: what it writes before that is in
// registers that no operand or local is in. A bytecode that writes a local does so by one
// instruction, its last.
//
// Memory has the operands wherever control meets (at branches' targets), and all but constants and
// what locals hold while a call is made, as calls keep no other registers.
#ifndef VM_OPTIMIZE_H
#define VM_OPTIMIZE_H

#include "internal.h"

enum place { IN_CONSTANT, IN_LOCAL, IN_REGISTER, IN_MEMORY };

// Where an operand is. Memory is the place of operand `value`, which may be another one.
struct operand {
    enum place place;
    int32_t value; // constant, local, register
};

struct stack {
    unsigned depth;
    struct operand operands[VM_STACK_MAX];
};

// Code out of line: an access of null at a bytecode.
struct null_path {
    mlabel label;
    uint16_t index;
    struct stack stack;
};

#define NULL_PATHS_MAX 1024

struct optimizer {
    struct masm *m;
    const struct vm_method *method;
    mlabel bytecodes;   // the label of the first; the others' follow
    mlabel overflow;
    mreg homes[VM_LOCALS_MAX]; // M_NONE: in memory
    unsigned saved;     // so many of m_saved are used
    unsigned memory_locals; // index of the word of a local in memory, below the saved registers
    uint8_t words[VM_LOCALS_MAX];
    unsigned size;      // of the frame
    unsigned index;     // of the position being compiled
    struct stack stack; // as it is now
    bool reachable;
    unsigned path_count;
    struct null_path paths[NULL_PATHS_MAX];
};

// Offset, from the CFA, of a local without a register, and of an operand.
int optimize_local_offset(const struct optimizer *o, int local);
int optimize_operand_offset(const struct optimizer *o, int index);

// ---- optimize_frame.c

void optimize_lay_out(struct optimizer *o);
void optimize_prologue(struct optimizer *o);
// Leaves; the return bytecode is over before the first instruction of that, or with it.
void optimize_epilogue(struct optimizer *o, unsigned bci, unsigned flags, bool is_done_by_first);
void optimize_in_frame(struct optimizer *o);
void optimize_overflow(struct optimizer *o);
// The vector of what is so now, with the locals that are live at the position.
uint32_t optimize_vector(struct optimizer *o);
// The map: from here on it is as it is now, at the bytecode being compiled.
void optimize_note(struct optimizer *o, unsigned flags);

// ---- optimize_operands.c

void optimize_push(struct optimizer *o, enum place place, int32_t value);
struct operand *optimize_top(struct optimizer *o, unsigned below); // 1 is the top
// A register that nothing is in, of those no call preserves and not `except`.
mreg optimize_free(struct optimizer *o, mreg except);
// The operand in a register: its own, or else one loaded for it, `to`, or a free one if that is
// M_NONE.
mreg optimize_value(struct optimizer *o, const struct operand *operand, mreg to);
void optimize_load(struct optimizer *o, const struct operand *operand, mreg to);
// To memory: one; those in registers, of the lowest `count`; all.
void optimize_spill(struct optimizer *o, unsigned index);
void optimize_spill_registers(struct optimizer *o, unsigned count);
void optimize_flush(struct optimizer *o);
// No operand is what the local holds any more.
void optimize_detach(struct optimizer *o, int local);

// ---- optimize.c

void optimize_bytecode(struct optimizer *o, const struct instruction *in);

// ---- optimize_calls.c

void optimize_runtime(struct optimizer *o, const char *stub);
void optimize_invoke(struct optimizer *o, const struct instruction *in);
void optimize_not_null(struct optimizer *o, mreg reg);
void optimize_null_paths(struct optimizer *o);

#endif
