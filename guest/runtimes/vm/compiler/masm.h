// A macro assembler: what compilers and the makers of adapters and stubs write code with, once for
// both architectures. x86_64/masm.c and aarch64/masm.c implement the part that differs; masm.c
// here keeps the tables.
//
// Every function appends whole instructions at the end of the buffer. The code is position
// independent as a block: what is in it is reached relative to the PC, and all else by its address.
//
// Frames. `size` is the CFA minus the stack pointer once the frame is there, a multiple of 16; the
// return address is at CFA - 8 and, in frames with a frame pointer, the caller's frame pointer is
// at CFA - 16, where the frame pointer points. A frame without one keeps nothing at CFA - 16. The
// functions that change a frame add the rows of the code map, each at the very instruction.
#ifndef VM_MASM_H
#define VM_MASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "code.h"

// A register, by its number in machine code; m_fp and m_sp are among them.
typedef uint8_t mreg;

#define M_NONE 0xff
#define M_ARGUMENTS 6

// ---- What each architecture says of its registers

extern const mreg m_arguments[M_ARGUMENTS]; // of the OPTO convention
extern const mreg m_result;                 // and where its result is; may be an argument register
extern const mreg m_scratch;  // clobbered by every call and never allocated; functions here that
                              // say so use it, too
extern const mreg m_parameters; // the INT convention's argument pointer; allocated like others
extern const mreg m_fp, m_sp;
extern const mreg m_saved[];  // callee-saved registers that code without a frame pointer may use
extern const unsigned m_saved_count;
extern const mreg m_volatile[]; // registers no call preserves but m_scratch, the result's first
extern const unsigned m_volatile_count;
extern const unsigned m_entry_spacing; // bytes from one entry to the next
unsigned m_dwarf(mreg reg);            // number in tables

// ---- Code

// Labels are numbers below MASM_LABELS_MAX; bound once, used before and after.
typedef uint16_t mlabel;

enum m_operation { M_ADD, M_SUB, M_MUL, M_AND, M_XOR };
enum m_condition { M_LESS, M_EQUAL, M_NOT_EQUAL, M_BELOW }; // the last one unsigned

enum m_fence { M_FENCE_STORES, M_FENCE_LOADS, M_FENCE_ALL };

void m_nop(struct masm *m);
// Nothing, where the machine keeps that order by itself: stores before it are seen before stores
// behind it; loads likewise; all accesses.
void m_order(struct masm *m, enum m_fence fence);
void m_move(struct masm *m, mreg to, mreg from);
void m_constant(struct masm *m, mreg to, int64_t value);
void m_load(struct masm *m, mreg to, mreg base, int32_t offset);  // 64 bits
void m_load_word(struct masm *m, mreg to, mreg base, int32_t offset); // 32 bits, zeros above
void m_store(struct masm *m, mreg from, mreg base, int32_t offset);
// Reads its operands before it writes `to`, which may be one of them: with all of them registers,
// what is seen of `to` is the old value or the result, except that on x86-64 a `to` other than both
// may pass through the value of `a`.
void m_operate(struct masm *m, enum m_operation operation, mreg to, mreg a, mreg b);
// One instruction where `to` is `a`, and elsewhere if it can be.
void m_add_constant(struct masm *m, mreg to, mreg a, int32_t value);
// `to` becomes 1 or 0.
void m_set(struct masm *m, enum m_condition condition, mreg to, mreg a, mreg b);
void m_branch(struct masm *m, enum m_condition condition, mreg a, mreg b, mlabel target);
void m_branch_zero(struct masm *m, mreg reg, bool if_zero, mlabel target);
void m_jump(struct masm *m, mlabel target);
void m_address_of(struct masm *m, mreg to, mlabel target);
// The address of the thread's record.
void m_thread(struct masm *m, mreg to);
// What follows a call instruction is at m->size when these return. They use the scratch register.
void m_call_label(struct masm *m, mlabel target);
void m_call_address(struct masm *m, uintptr_t address);
void m_call_method(struct masm *m, const struct vm_method *method, enum vm_kind caller);
void m_jump_address(struct masm *m, uintptr_t address);
// The body of an interpreted method: method register and interpreter.
void m_jump_interpreter(struct masm *m, const struct vm_method *method);

// An entry: a jump of m_entry_spacing bytes. If the target turns out to be too far, m_finish fails,
// and the code is made again with the entries' jumps going to jumps.
void m_entry(struct masm *m, mlabel target);

// ---- Frames

// The row at entry; m_enter and m_enter_fp come anywhere behind it.
void m_at_entry(struct masm *m);
// At entry: goes to `overflow` if a frame of that size would pass the thread's limit. Uses the
// scratch register and no other.
void m_check_stack(struct masm *m, unsigned size, mlabel overflow);
void m_enter(struct masm *m, unsigned size);
void m_leave(struct masm *m, unsigned size); // and returns
void m_enter_fp(struct masm *m, unsigned size);
void m_leave_fp(struct masm *m); // and returns

// ---- In masm.c: labels, tables

mlabel m_label(struct masm *m);
void m_bind(struct masm *m, mlabel label);
// Writes targets into the instructions that go to them. False if the code cannot be: m->failed, a
// label without a place, or a target out of reach.
bool m_finish(struct masm *m);

// For the functions of each architecture.
void m_emit(struct masm *m, const void *bytes, unsigned count);
void m_refer(struct masm *m, mlabel target, unsigned form); // before the instruction is emitted
bool m_patch(uint8_t *instruction, unsigned form, int64_t distance); // from the instruction's begin
// A row of the code map at the end of the code.
void m_row(struct masm *m, unsigned base, unsigned size, unsigned saved);

#endif
