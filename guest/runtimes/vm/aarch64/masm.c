// The macro assembler, AArch64 (Arm Architecture Reference Manual, C6.2, for the encodings).
//
// Of registers that the procedure call standard leaves to linkers, X16 is the scratch register and
// X17 is used here alone: a constant or an offset that takes more than one instruction is made in it, so
// that `to` changes by one instruction.
#if defined(__aarch64__)
#include "guest/runtimes/vm/arch.h"
#include "guest/runtimes/vm/compiler/masm.h"

#define FP 29
#define LR 30
#define SP 31 // as a base or in additions; elsewhere 31 is the zero register
#define ZR 31
#define SCRATCH 16
#define OTHER 17

const mreg m_arguments[M_ARGUMENTS] = {0, 1, 2, 3, 4, 5};
const mreg m_result = 0;
const mreg m_scratch = SCRATCH;
const mreg m_parameters = 10;
const mreg m_fp = FP, m_sp = SP;
const mreg m_saved[] = {19, 20, 21, 22, 23, 24, 25, 26, 27, 28, FP};
const unsigned m_saved_count = sizeof m_saved;
const mreg m_volatile[] = {0, 10, 15, 14, 13, 12, 11, 9, 5, 4, 3, 2, 1};
const unsigned m_volatile_count = sizeof m_volatile;
const unsigned m_entry_spacing = VM_ENTRY_SPACING;

unsigned m_dwarf(mreg reg) { return reg; }

// How many bits of an instruction a distance takes in words; ADDRESS: in bytes, in two parts.
enum form { JUMP = 26, CONDITIONAL = 19, ADDRESS = 21 };

bool m_patch(uint8_t *instruction, unsigned form, int64_t distance) {
    uint32_t *word = (uint32_t *)(void *)instruction;
    int64_t value = form == ADDRESS ? distance : distance / 4;
    int64_t limit = (int64_t)1 << (form - 1);
    if (value < -limit || value >= limit) return false;
    uint32_t bits = (uint32_t)value & (uint32_t)((1ul << form) - 1);
    if (form == JUMP) *word |= bits;
    else if (form == CONDITIONAL) *word |= bits << 5;
    else *word |= (bits & 3) << 29 | bits >> 2 << 5;
    return true;
}

// ---- Instructions

static void word(struct masm *m, uint32_t instruction) { m_emit(m, &instruction, 4); }

static uint32_t rd(mreg reg) { return reg; }
static uint32_t rn(mreg reg) { return (uint32_t)reg << 5; }
static uint32_t rm(mreg reg) { return (uint32_t)reg << 16; }

void m_nop(struct masm *m) { word(m, 0xd503201f); }

void m_order(struct masm *m, enum m_fence fence) {
    static const uint32_t domains[] = { // ISHST, ISHLD, ISH
        [M_FENCE_STORES] = 10, [M_FENCE_LOADS] = 9, [M_FENCE_ALL] = 11,
    };
    word(m, 0xd50330bf | domains[fence] << 8); // dmb
}

void m_move(struct masm *m, mreg to, mreg from) {
    if (to == SP || from == SP) word(m, 0x91000000 | rn(from) | rd(to)); // add to, from, #0
    else word(m, 0xaa0003e0 | rm(from) | rd(to));                       // orr to, xzr, from
}

// How many of its halfwords are not `fill`.
static unsigned halfwords(uint64_t value, uint16_t fill) {
    unsigned count = 0;
    for (unsigned i = 0; i < 4; i++) count += (uint16_t)(value >> (16 * i)) != fill;
    return count;
}

void m_constant(struct masm *m, mreg to, int64_t constant) {
    uint64_t value = (uint64_t)constant;
    bool inverted = halfwords(value, 0xffff) < halfwords(value, 0);
    uint16_t fill = inverted ? 0xffff : 0;
    unsigned count = halfwords(value, fill);
    mreg made = count > 1 && to != SCRATCH ? OTHER : to;
    bool first = true;
    for (unsigned i = 0; i < 4; i++) {
        uint16_t half = (uint16_t)(value >> (16 * i));
        if (half == fill && !(count == 0 && i == 0)) continue;
        uint32_t opcode = !first ? 0xf2800000 : inverted ? 0x92800000 : 0xd2800000; // movk, movn, movz
        if (first && inverted) half = (uint16_t)~half;
        word(m, opcode | i << 21 | (uint32_t)half << 5 | rd(made));
        first = false;
    }
    if (made != to) m_move(m, to, made);
}

// A load or store of a register of so many bytes; `opcode` is the form with an unsigned offset.
static void memory(struct masm *m, uint32_t opcode, int32_t size, mreg reg, mreg base, int32_t offset) {
    uint32_t unscaled = opcode & ~0x01000000u;
    if (offset >= 0 && offset < size * 4096 && offset % size == 0) {
        word(m, opcode | (uint32_t)(offset / size) << 10 | rn(base) | rd(reg));
    } else if (offset >= -256 && offset < 256) {
        word(m, unscaled | ((uint32_t)offset & 0x1ff) << 12 | rn(base) | rd(reg));
    } else { // a register for the offset
        m_constant(m, OTHER, offset);
        word(m, unscaled | 0x00206800 | rm(OTHER) | rn(base) | rd(reg));
    }
}

void m_load(struct masm *m, mreg to, mreg base, int32_t offset) {
    memory(m, 0xf9400000, 8, to, base, offset);
}

void m_load_word(struct masm *m, mreg to, mreg base, int32_t offset) {
    memory(m, 0xb9400000, 4, to, base, offset);
}

void m_store(struct masm *m, mreg from, mreg base, int32_t offset) {
    memory(m, 0xf9000000, 8, from, base, offset);
}

void m_operate(struct masm *m, enum m_operation operation, mreg to, mreg a, mreg b) {
    static const uint32_t opcodes[] = {
        [M_ADD] = 0x8b000000, [M_SUB] = 0xcb000000, [M_AND] = 0x8a000000, [M_XOR] = 0xca000000,
        [M_MUL] = 0x9b007c00, // madd with the zero register
    };
    word(m, opcodes[operation] | rm(b) | rn(a) | rd(to));
}

void m_add_constant(struct masm *m, mreg to, mreg a, int32_t value) {
    uint32_t opcode = value < 0 ? 0xd1000000 : 0x91000000; // sub or add, immediate
    uint32_t size = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
    if (size < 0x1000) {
        word(m, opcode | size << 10 | rn(a) | rd(to));
    } else if (size < 0x1000000 && (size & 0xfff) == 0) {
        word(m, opcode | 1 << 22 | size >> 12 << 10 | rn(a) | rd(to));
    } else {
        m_constant(m, OTHER, value);
        word(m, 0x8b206000 | rm(OTHER) | rn(a) | rd(to)); // extended, which takes the stack pointer
    }
}

static uint32_t condition_code(enum m_condition condition) {
    static const uint8_t codes[] = {[M_LESS] = 0xb, [M_EQUAL] = 0, [M_NOT_EQUAL] = 1, [M_BELOW] = 3};
    return codes[condition];
}

static void compare(struct masm *m, mreg a, mreg b) { word(m, 0xeb00001f | rm(b) | rn(a)); }

static void jump_if(struct masm *m, enum m_condition condition, mlabel target) {
    m_refer(m, target, CONDITIONAL);
    word(m, 0x54000000 | condition_code(condition));
}

void m_set(struct masm *m, enum m_condition condition, mreg to, mreg a, mreg b) {
    compare(m, a, b);
    word(m, 0x9a9f07e0 | (condition_code(condition) ^ 1) << 12 | rd(to)); // cset
}

void m_branch(struct masm *m, enum m_condition condition, mreg a, mreg b, mlabel target) {
    compare(m, a, b);
    jump_if(m, condition, target);
}

void m_branch_zero(struct masm *m, mreg reg, bool if_zero, mlabel target) {
    m_refer(m, target, CONDITIONAL);
    word(m, (if_zero ? 0xb4000000 : 0xb5000000) | rd(reg)); // cbz, cbnz
}

void m_jump(struct masm *m, mlabel target) {
    m_refer(m, target, JUMP);
    word(m, 0x14000000);
}

void m_address_of(struct masm *m, mreg to, mlabel target) {
    m_refer(m, target, ADDRESS);
    word(m, 0x10000000 | rd(to)); // adr
}

static void thread_pointer(struct masm *m, mreg to) { word(m, 0xd53bd040 | rd(to)); }

void m_thread(struct masm *m, mreg to) {
    thread_pointer(m, to);
    m_add_constant(m, to, to, VM_THREAD_OFFSET);
}

// ---- Calls

// br, or blr with `link`.
static void through(struct masm *m, bool link, mreg reg) {
    word(m, (link ? 0xd63f0000 : 0xd61f0000) | rn(reg));
}

void m_call_label(struct masm *m, mlabel target) {
    m_refer(m, target, JUMP);
    word(m, 0x94000000);
}

void m_call_address(struct masm *m, uintptr_t address) {
    m_constant(m, SCRATCH, (int64_t)address);
    through(m, true, SCRATCH);
}

void m_call_method(struct masm *m, const struct vm_method *method, enum vm_kind caller) {
    m_constant(m, SCRATCH, (intptr_t)method);
    m_load(m, SCRATCH, SCRATCH, VM_METHOD_ENTRY);
    if (caller != VM_OPTIMIZED) m_add_constant(m, SCRATCH, SCRATCH, (int32_t)(m_entry_spacing * caller));
    through(m, true, SCRATCH);
}

void m_jump_interpreter(struct masm *m, const struct vm_method *method) {
    m_constant(m, SCRATCH, (intptr_t)method);
    m_move(m, 11, SCRATCH);
    m_constant(m, SCRATCH, (intptr_t)vm_interpreter);
    through(m, false, SCRATCH);
}

void m_jump_address(struct masm *m, uintptr_t address) {
    m_constant(m, SCRATCH, (int64_t)address);
    through(m, false, SCRATCH);
}

void m_entry(struct masm *m, mlabel target) { m_jump(m, target); }

// ---- Frames

void m_at_entry(struct masm *m) { m_row(m, VM_BASE_SP, 0, 0); }

void m_check_stack(struct masm *m, unsigned size, mlabel overflow) {
    thread_pointer(m, SCRATCH);
    m_load(m, SCRATCH, SCRATCH, VM_THREAD_OFFSET + VM_THREAD_STACK_LIMIT);
    m_add_constant(m, SCRATCH, SCRATCH, (int32_t)size);
    word(m, 0xeb20601f | rm(SCRATCH) | rn(SP)); // cmp sp, scratch
    jump_if(m, M_BELOW, overflow);
}

void m_enter(struct masm *m, unsigned size) {
    m_add_constant(m, SP, SP, -(int32_t)size);
    m_row(m, VM_BASE_SP, size, 0);
    m_store(m, LR, SP, (int32_t)size - 8);
    m_row(m, VM_BASE_SP, size, VM_SAVED_RA);
}

static void give_back(struct masm *m) {
    m_at_entry(m);
    word(m, 0xd65f03c0); // ret
}

void m_leave(struct masm *m, unsigned size) {
    m_load(m, LR, SP, (int32_t)size - 8);
    m_row(m, VM_BASE_SP, size, 0);
    m_add_constant(m, SP, SP, (int32_t)size);
    give_back(m);
}

void m_enter_fp(struct masm *m, unsigned size) {
    word(m, 0xa9bf7bfd); // stp x29, x30, [sp, #-16]!
    m_row(m, VM_BASE_SP, 16, VM_SAVED_RA | VM_SAVED_FP);
    m_move(m, FP, SP);
    m_row(m, VM_BASE_FP, 16, VM_SAVED_RA | VM_SAVED_FP);
    if (size > 16) m_add_constant(m, SP, SP, 16 - (int32_t)size);
}

void m_leave_fp(struct masm *m) {
    m_move(m, SP, FP);
    word(m, 0xa8c17bfd); // ldp x29, x30, [sp], #16
    give_back(m);
}

#endif
