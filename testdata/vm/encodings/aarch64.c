// What the VM's macro assembler writes on AArch64.
#include "guest/runtimes/vm/aarch64/masm.c"
#include "lines.h"

static const uint64_t constants[] = {0, 1, 0xffff, 0x10000, 0xffff0000, 1ul << 48, -1, -2, -65536,
    -65537, (uint64_t)-1 >> 16};
static const struct {
    uint64_t value;
    const char *made; // in X17
} longer[] = {
    {0x12345678, "movz x17, #0x5678; movk x17, #0x1234, lsl #16"},
    {-0x12345678, "movn x17, #0x5677; movk x17, #0xedcb, lsl #16"},
    {0x123456789abcdef0,
        "movz x17, #0xdef0; movk x17, #0x9abc, lsl #16; movk x17, #0x5678, lsl #32; movk x17, "
        "#0x1234, lsl #48"},
    {0xffff12345678ffff, "movn x17, #0xa987, lsl #16; movk x17, #0x1234, lsl #32"},
};
static const int64_t offsets[] = {0, 8, 32760, -8, -256, 12, 255};
static const int64_t word_offsets[] = {0, 4, 16380, -4, -256, 2, 255};
static const int64_t far[] = {32768, -264, 32761};
static const char *const operations[] = {[M_ADD] = "add", [M_SUB] = "sub", [M_MUL] = "mul",
    [M_AND] = "and", [M_XOR] = "eor"};
static const char *const conditions[] = {[M_LESS] = "lt", [M_EQUAL] = "eq", [M_NOT_EQUAL] = "ne",
    [M_BELOW] = "lo"};

static void values(int64_t to, int64_t a, int64_t b) {
    mreg t = (mreg)to, x = (mreg)a, y = (mreg)b;
    CASE(m_move(m, t, x), "mov x%d, x%d", to, a);
    EACH(i, constants) CASE(m_constant(m, t, (int64_t)constants[i]), "mov x%d, #%d", to,
        constants[i]);
    EACH(i, longer) CASE(m_constant(m, t, (int64_t)longer[i].value), "%s; mov x%d, x17",
        longer[i].made, to);
    EACH(i, operations) CASE(m_operate(m, (enum m_operation)i, t, x, y), "%s x%d, x%d, x%d",
        operations[i], to, a, b);
    EACH(i, conditions) {
        enum m_condition condition = (enum m_condition)i;
        CASE(m_set(m, condition, t, x, y), "cmp x%d, x%d; cset x%d, %s", a, b, to, conditions[i]);
        AHEAD(m_branch(m, condition, x, y, m_label(m)), "cmp x%d, x%d; b.%s 1f; nop; 1:", a, b,
            conditions[i]);
        BACK(m_branch(m, condition, x, y, 0), "1: nop; cmp x%d, x%d; b.%s 1b", a, b, conditions[i]);
    }
    AHEAD(m_branch_zero(m, t, true, m_label(m)), "cbz x%d, 1f; nop; 1:", to);
    BACK(m_branch_zero(m, t, false, 0), "1: nop; cbnz x%d, 1b", to);
    AHEAD(m_address_of(m, t, m_label(m)), "adr x%d, 1f; nop; 1:", to);
    BACK(m_address_of(m, t, 0), "1: nop; adr x%d, 1b", to);
    CASE(m_thread(m, t), "mrs x%d, tpidr_el0; add x%d, x%d, #16", to, to, to);
    int64_t small[] = {0, 1, 4095, 4096, 0xfff000};
    EACH(i, small) {
        CASE(m_add_constant(m, t, x, (int32_t)small[i]), "add x%d, x%d, #%d", to, a, small[i]);
        if (i > 0) CASE(m_add_constant(m, t, x, (int32_t)-small[i]), "sub x%d, x%d, #%d", to, a,
            small[i]);
    }
    CASE(m_add_constant(m, t, x, -4104), "mov x17, #-4104; add x%d, x%d, x17, uxtx", to, a);
    CASE(m_add_constant(m, t, x, INT32_MIN),
        "movn x17, #0xffff; movk x17, #0x8000, lsl #16; add x%d, x%d, x17, uxtx", to, a);
}

static void accesses(int64_t reg, int64_t base) {
    mreg r = (mreg)reg, b = (mreg)base;
    EACH(i, offsets) {
        CASE(m_load(m, r, b, (int32_t)offsets[i]), "ldr x%d, [x%d, #%d]", reg, base, offsets[i]);
        CASE(m_store(m, r, b, (int32_t)offsets[i]), "str x%d, [x%d, #%d]", reg, base, offsets[i]);
        CASE(m_load_word(m, r, b, (int32_t)word_offsets[i]), "ldr w%d, [x%d, #%d]", reg, base,
            word_offsets[i]);
    }
    EACH(i, far) {
        CASE(m_load(m, r, b, (int32_t)far[i]), "mov x17, #%d; ldr x%d, [x%d, x17]", far[i], reg,
            base);
        CASE(m_store(m, r, b, (int32_t)far[i]), "mov x17, #%d; str x%d, [x%d, x17]", far[i], reg,
            base);
        CASE(m_load_word(m, r, b, (int32_t)far[i]), "mov x17, #%d; ldr w%d, [x%d, x17]", far[i],
            reg, base);
    }
}

static void jumps(void) {
    AHEAD(m_jump(m, m_label(m)), "b 1f; nop; 1:");
    BACK(m_jump(m, 0), "1: nop; b 1b");
    AHEAD(m_entry(m, m_label(m)), "b 1f; nop; 1:");
    AHEAD(m_call_label(m, m_label(m)), "bl 1f; nop; 1:");
    BACK(m_call_label(m, 0), "1: nop; bl 1b");
    CASE(m_call_address(m, 0x400123), "movz x16, #0x123; movk x16, #0x40, lsl #16; blr x16");
    CASE(m_jump_address(m, 0x400000), "movz x16, #0x40, lsl #16; br x16");
    static struct vm_method method;
    uint64_t low = (uintptr_t)&method & 0xffff, high = (uintptr_t)&method >> 16;
    const char *called = "movz x16, #%d; movk x16, #%d, lsl #16; ldr x16, [x16, #%d]; %sblr x16";
    CASE(m_call_method(m, &method, VM_OPTIMIZED), called, low, high, (int64_t)VM_METHOD_ENTRY, "");
    CASE(m_call_method(m, &method, VM_JIT), called, low, high, (int64_t)VM_METHOD_ENTRY,
        "add x16, x16, #4; ");
    CASE(m_call_method(m, &method, VM_INTERPRETED), called, low, high, (int64_t)VM_METHOD_ENTRY,
        "add x16, x16, #8; ");
}

static void frames(void) {
    CASE(m_nop(m), "nop");
    CASE(m_order(m, M_FENCE_STORES), "dmb ishst");
    CASE(m_order(m, M_FENCE_LOADS), "dmb ishld");
    CASE(m_order(m, M_FENCE_ALL), "dmb ish");
    CASE(m_move(m, m_sp, m_fp), "mov sp, x29");
    CASE(m_move(m, m_fp, m_sp), "mov x29, sp");
    CASE(m_load(m, 3, m_sp, 8), "ldr x3, [sp, #8]");
    CASE(m_store(m, 3, m_sp, 32768), "mov x17, #32768; str x3, [sp, x17]");
    CASE(m_add_constant(m, m_sp, m_sp, 4104), "mov x17, #4104; add sp, sp, x17, uxtx");
    AHEAD(m_check_stack(m, 96, m_label(m)),
          "mrs x16, tpidr_el0; ldr x16, [x16, #40]; add x16, x16, #96; cmp sp, x16; b.lo 1f; "
              "nop; 1:");
    CASE(m_enter(m, 96), "sub sp, sp, #96; str x30, [sp, #88]");
    CASE(m_leave(m, 96), "ldr x30, [sp, #88]; add sp, sp, #96; ret");
    CASE(m_enter_fp(m, 16), "stp x29, x30, [sp, #-16]!; mov x29, sp");
    CASE(m_enter_fp(m, 112), "stp x29, x30, [sp, #-16]!; mov x29, sp; sub sp, sp, #96");
    CASE(m_leave_fp(m), "mov sp, x29; ldp x29, x30, [sp], #16; ret");
}

int main(void) {
    for (int64_t reg = 0; reg < 31; reg++) {
        if (reg == 16 || reg == 17) continue; // the assembler's own
        values(reg, (7 * reg + 3) % 31, (11 * reg + 5) % 31);
        accesses(reg, (13 * reg + 1) % 31);
    }
    jumps();
    frames();
    return 0;
}
