// The macro assembler, x86-64 (Intel 64 and IA-32 Architectures Software Developer's Manual,
// volume 2, for the encodings).
#include "../arch.h"
#include "../compiler/masm.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };

const mreg m_arguments[M_ARGUMENTS] = {RDI, RSI, RDX, RCX, R8, R9};
const mreg m_result = RAX;
const mreg m_scratch = R11;
const mreg m_parameters = R10;
const mreg m_fp = RBP, m_sp = RSP;
const mreg m_saved[] = {RBX, R12, R13, R14, R15, RBP};
const unsigned m_saved_count = sizeof m_saved;
const mreg m_volatile[] = {RAX, R10, R9, R8, RCX, RDX, RSI, RDI};
const unsigned m_volatile_count = sizeof m_volatile;
const unsigned m_entry_spacing = 2;

unsigned m_dwarf(mreg reg) {
    static const uint8_t numbers[] = {0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};
    return numbers[reg];
}

// Where the distance is in an instruction, and how wide; it counts from the instruction's end.
enum form { SHORT = 0x10 + 1, NEAR = 0x40 + 1, CONDITIONAL = 0x40 + 2, ADDRESS = 0x40 + 3 };

bool m_patch(uint8_t *instruction, unsigned form, int64_t distance) {
    unsigned at = form & 15, width = form >> 4;
    distance -= at + width;
    if (width == 1 && distance != (int8_t)distance) return false;
    if (distance != (int32_t)distance) return false;
    for (unsigned i = 0; i < width; i++) instruction[at + i] = (uint8_t)(distance >> (8 * i));
    return true;
}

// ---- Instructions

static void bytes(struct masm *m, unsigned count, uint64_t value) {
    m_emit(m, &value, count); // little-endian, as the machine is
}

// A prefix REX.W with the bits of registers that have four.
static uint8_t rex(mreg reg, mreg base) {
    return (uint8_t)(0x48 | (reg >> 3) << 2 | base >> 3);
}

// `opcode reg, base`, both registers.
static void registers(struct masm *m, uint8_t opcode, mreg reg, mreg base) {
    uint8_t code[] = {rex(reg, base), opcode, (uint8_t)(0xc0 | (reg & 7) << 3 | (base & 7))};
    m_emit(m, code, sizeof code);
}

// ModRM, SIB if the base asks for one, and displacement.
static void operand(struct masm *m, unsigned reg, mreg base, int32_t offset) {
    // RBP and R13 have no form without a displacement.
    unsigned mode = offset == 0 && (base & 7) != RBP ? 0 : offset == (int8_t)offset ? 1 : 2;
    bytes(m, 1, mode << 6 | (reg & 7) << 3 | (base & 7));
    if ((base & 7) == RSP) bytes(m, 1, 0x24);
    if (mode != 0) bytes(m, mode == 1 ? 1 : 4, (uint32_t)offset);
}

static void memory(struct masm *m, uint8_t opcode, mreg reg, mreg base, int32_t offset) {
    bytes(m, 2, rex(reg, base) | opcode << 8);
    operand(m, reg, base, offset);
}

void m_nop(struct masm *m) { bytes(m, 1, 0x90); }

void m_order(struct masm *m, enum m_fence fence) {
    // Only loads may overtake stores (Intel SDM, volume 3, 9.2.2).
    if (fence == M_FENCE_ALL) bytes(m, 3, 0xf0ae0f); // mfence
}

void m_move(struct masm *m, mreg to, mreg from) { registers(m, 0x89, from, to); }

void m_constant(struct masm *m, mreg to, int64_t value) {
    if (value == (uint32_t)value) { // mov r32, imm32: the upper half becomes 0
        if (to >= R8) bytes(m, 1, 0x41);
        bytes(m, 5, (uint64_t)(0xb8 | (to & 7)) | (uint64_t)value << 8);
    } else if (value == (int32_t)value) {
        bytes(m, 3, rex(0, to) | 0xc7 << 8 | (0xc0u | (to & 7)) << 16);
        bytes(m, 4, (uint64_t)value);
    } else {
        bytes(m, 2, rex(0, to) | (0xb8u | (to & 7)) << 8);
        bytes(m, 8, (uint64_t)value);
    }
}

void m_load(struct masm *m, mreg to, mreg base, int32_t offset) {
    memory(m, 0x8b, to, base, offset);
}

void m_store(struct masm *m, mreg from, mreg base, int32_t offset) {
    memory(m, 0x89, from, base, offset);
}

void m_load_word(struct masm *m, mreg to, mreg base, int32_t offset) {
    if (to >= R8 || base >= R8) bytes(m, 1, 0x40 | (to >> 3) << 2 | base >> 3);
    bytes(m, 1, 0x8b);
    operand(m, to, base, offset);
}

static void two(struct masm *m, enum m_operation operation, mreg to, mreg b) {
    static const uint8_t opcodes[] = {
        [M_ADD] = 0x01, [M_SUB] = 0x29, [M_AND] = 0x21, [M_XOR] = 0x31,
    };
    if (operation != M_MUL) {
        registers(m, opcodes[operation], b, to);
        return;
    }
    bytes(m, 2, rex(to, b) | 0x0f << 8);
    bytes(m, 2, 0xaf | (0xc0u | (to & 7) << 3 | (b & 7)) << 8);
}

void m_operate(struct masm *m, enum m_operation operation, mreg to, mreg a, mreg b) {
    if (to == a) {
        two(m, operation, to, b);
    } else if (to != b) {
        m_move(m, to, a);
        two(m, operation, to, b);
    } else if (operation != M_SUB) {
        two(m, operation, to, a);
    } else {
        m_move(m, m_scratch, a);
        two(m, operation, m_scratch, b);
        m_move(m, to, m_scratch);
    }
}

void m_add_constant(struct masm *m, mreg to, mreg a, int32_t value) {
    if (to != a) { // lea
        memory(m, 0x8d, to, a, value);
        return;
    }
    bool small = value == (int8_t)value;
    bytes(m, 3, rex(0, to) | (small ? 0x83 : 0x81) << 8 | (0xc0u | (to & 7)) << 16);
    bytes(m, small ? 1 : 4, (uint32_t)value);
}

static uint8_t condition_code(enum m_condition condition) {
    static const uint8_t codes[] = {
        [M_LESS] = 0xc, [M_EQUAL] = 4, [M_NOT_EQUAL] = 5, [M_BELOW] = 2,
    };
    return codes[condition];
}

static void compare(struct masm *m, mreg a, mreg b) { registers(m, 0x39, b, a); }

static void jump_if(struct masm *m, uint8_t code, mlabel target) {
    m_refer(m, target, CONDITIONAL);
    bytes(m, 6, 0x0f | (0x80u | code) << 8);
}

void m_set(struct masm *m, enum m_condition condition, mreg to, mreg a, mreg b) {
    compare(m, a, b);
    // setcc r8; movzx r32, r8
    unsigned set = 0x90u | condition_code(condition);
    // From the fifth on only a prefix names the low byte.
    if (to > RBX) bytes(m, 1, 0x40u | to >> 3);
    bytes(m, 3, 0x0f | set << 8 | (0xc0u | (to & 7)) << 16);
    bytes(m, 4, rex(to, to) | 0x0f << 8 | 0xb6 << 16 | (0xc0u | (to & 7) << 3 | (to & 7)) << 24);
}

void m_branch(struct masm *m, enum m_condition condition, mreg a, mreg b, mlabel target) {
    compare(m, a, b);
    jump_if(m, condition_code(condition), target);
}

void m_branch_zero(struct masm *m, mreg reg, bool if_zero, mlabel target) {
    registers(m, 0x85, reg, reg); // test
    jump_if(m, condition_code(if_zero ? M_EQUAL : M_NOT_EQUAL), target);
}

void m_jump(struct masm *m, mlabel target) {
    m_refer(m, target, NEAR);
    bytes(m, 5, 0xe9);
}

void m_address_of(struct masm *m, mreg to, mlabel target) {
    m_refer(m, target, ADDRESS); // lea to, [rip + distance]
    bytes(m, 3, rex(to, 0) | 0x8d << 8 | (5u | (to & 7) << 3) << 16);
    bytes(m, 4, 0);
}

void m_thread(struct masm *m, mreg to) {
    // mov to, fs:0
    bytes(m, 3, 0x64 | rex(to, 0) << 8 | 0x8b << 16);
    bytes(m, 6, (4u | (to & 7) << 3) | 0x25 << 8);
    m_add_constant(m, to, to, VM_THREAD_OFFSET);
}

// ---- Calls

// jmp (4) or call (2) with a register.
static void through(struct masm *m, unsigned extension, mreg reg) {
    if (reg >= R8) bytes(m, 1, 0x41);
    bytes(m, 2, 0xff | (0xc0u | extension << 3 | (reg & 7)) << 8);
}

void m_call_label(struct masm *m, mlabel target) {
    m_refer(m, target, NEAR);
    bytes(m, 5, 0xe8);
}

void m_call_address(struct masm *m, uintptr_t address) {
    m_constant(m, m_scratch, (int64_t)address);
    through(m, 2, m_scratch);
}

void m_call_method(struct masm *m, const struct vm_method *method, enum vm_kind caller) {
    m_constant(m, m_scratch, (intptr_t)method);
    m_load(m, m_scratch, m_scratch, VM_METHOD_ENTRY);
    int32_t entry = (int32_t)(m_entry_spacing * caller);
    if (entry != 0) m_add_constant(m, m_scratch, m_scratch, entry);
    through(m, 2, m_scratch);
}

void m_jump_address(struct masm *m, uintptr_t address) {
    m_constant(m, m_scratch, (int64_t)address);
    through(m, 4, m_scratch);
}

void m_jump_interpreter(struct masm *m, const struct vm_method *method) {
    m_constant(m, R11, (intptr_t)method);
    m_constant(m, RAX, (intptr_t)vm_interpreter);
    through(m, 4, RAX);
}

void m_entry(struct masm *m, mlabel target) {
    m_refer(m, target, SHORT);
    bytes(m, 2, 0xeb);
}

// ---- Frames

void m_at_entry(struct masm *m) { m_row(m, VM_BASE_SP, 8, VM_SAVED_RA); }

void m_check_stack(struct masm *m, unsigned size, mlabel overflow) {
    m_thread(m, m_scratch);
    m_load(m, m_scratch, m_scratch, VM_THREAD_STACK_LIMIT);
    m_add_constant(m, m_scratch, m_scratch, (int32_t)size);
    compare(m, RSP, m_scratch);
    jump_if(m, condition_code(M_BELOW), overflow);
}

void m_enter(struct masm *m, unsigned size) {
    m_add_constant(m, RSP, RSP, 8 - (int32_t)size);
    m_row(m, VM_BASE_SP, size, VM_SAVED_RA);
}

void m_leave(struct masm *m, unsigned size) {
    m_add_constant(m, RSP, RSP, (int32_t)size - 8);
    m_row(m, VM_BASE_SP, 8, VM_SAVED_RA);
    bytes(m, 1, 0xc3);
}

void m_enter_fp(struct masm *m, unsigned size) {
    bytes(m, 1, 0x55); // push rbp
    m_row(m, VM_BASE_SP, 16, VM_SAVED_RA | VM_SAVED_FP);
    m_move(m, RBP, RSP);
    m_row(m, VM_BASE_FP, 16, VM_SAVED_RA | VM_SAVED_FP);
    m_add_constant(m, RSP, RSP, 16 - (int32_t)size);
}

void m_leave_fp(struct masm *m) {
    m_move(m, RSP, RBP);
    bytes(m, 1, 0x5d); // pop rbp
    m_row(m, VM_BASE_SP, 8, VM_SAVED_RA);
    bytes(m, 1, 0xc3);
}
