// What the VM's macro assembler writes on x86-64.
#include "guest/runtimes/vm/x86_64/masm.c"
#include "lines.h"

static const char *const names[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"};
static const char *const words[] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi",
    "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d"};
static const char *const bytes_of[] = {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil",
    "r8b", "r9b", "r10b", "r11b", "r12b", "r13b", "r14b", "r15b"};
static const int64_t offsets[] = {0, 8, 127, 128, -128, -129, 0x12345678, INT32_MIN};
static const char *const operations[] = {[M_ADD] = "add", [M_SUB] = "sub", [M_MUL] = "imul",
    [M_AND] = "and", [M_XOR] = "xor"};
static const char *const conditions[] = {[M_LESS] = "l", [M_EQUAL] = "e", [M_NOT_EQUAL] = "ne",
    [M_BELOW] = "b"};

// Two registers, which may be the same, and a third.
static void pair(mreg to, mreg from, mreg third) {
    const char *t = names[to], *f = names[from];
    CASE(m_move(m, to, from), "mov %s, %s", t, f);
    EACH(i, offsets) {
        int32_t offset = (int32_t)offsets[i];
        CASE(m_load(m, to, from, offset), "mov %s, [%s + %d]", t, f, offsets[i]);
        CASE(m_store(m, to, from, offset), "mov [%s + %d], %s", f, offsets[i], t);
        CASE(m_load_word(m, to, from, offset), "mov %s, [%s + %d]", words[to], f, offsets[i]);
        if (to != from) CASE(m_add_constant(m, to, from, offset), "lea %s, [%s + %d]", t, f,
            offsets[i]);
    }
    EACH(i, operations) {
        enum m_operation operation = (enum m_operation)i;
        CASE(m_operate(m, operation, to, to, from), "%s %s, %s", operations[i], t, f);
        if (to != from && to != third) CASE(m_operate(m, operation, to, from, third),
            "mov %s, %s; %s %s, %s", t, f, operations[i], t, names[third]);
        if (to != from && operation != M_SUB) CASE(m_operate(m, operation, to, from, to),
            "%s %s, %s", operations[i], t, f);
    }
    if (to != from) CASE(m_operate(m, M_SUB, to, from, to), "mov r11, %s; sub r11, %s; mov %s, r11",
        f, t, t);
    EACH(i, conditions) {
        enum m_condition condition = (enum m_condition)i;
        CASE(m_set(m, condition, to, from, third), "cmp %s, %s; set%s %s; movzx %s, %s", f,
            names[third], conditions[i], bytes_of[to], t, bytes_of[to]);
        AHEAD(m_branch(m, condition, to, from, m_label(m)), "cmp %s, %s; j%s.d32 1f; nop; 1:", t, f,
            conditions[i]);
        BACK(m_branch(m, condition, to, from, 0), "1: nop; cmp %s, %s; j%s.d32 1b", t, f,
            conditions[i]);
    }
}

static void single(mreg reg) {
    const char *r = names[reg];
    static const int64_t small[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff};
    EACH(i, small) CASE(m_constant(m, reg, small[i]), "mov %s, %d", words[reg], small[i]);
    static const int64_t negative[] = {-1, -5, INT32_MIN};
    EACH(i, negative) CASE(m_constant(m, reg, negative[i]), "mov %s, %d", r, negative[i]);
    static const int64_t large[] = {0x100000000, INT32_MIN - 1l, 0x123456789abcdef0, INT64_MIN};
    EACH(i, large) CASE(m_constant(m, reg, large[i]), "movabs %s, %d", r, large[i]);
    // With a large constant RAX has an encoding of its own, which is shorter.
    EACH(i, offsets) {
        if (reg != RAX || offsets[i] == (int8_t)offsets[i]) CASE(m_add_constant(m, reg, reg,
            (int32_t)offsets[i]), "add %s, %d", r, offsets[i]);
    }
    AHEAD(m_branch_zero(m, reg, true, m_label(m)), "test %s, %s; je.d32 1f; nop; 1:", r, r);
    BACK(m_branch_zero(m, reg, false, 0), "1: nop; test %s, %s; jne.d32 1b", r, r);
    AHEAD(m_address_of(m, reg, m_label(m)), "lea %s, [rip + 1f]; nop; 1:", r);
    BACK(m_address_of(m, reg, 0), "1: nop; lea %s, [rip + 1b]", r);
    if (reg != RAX) CASE(m_thread(m, reg), "mov %s, fs:[0]; add %s, %d", r, r,
        (int64_t)VM_THREAD_OFFSET);
}

static void jumps(void) {
    AHEAD(m_jump(m, m_label(m)), "jmp.d32 1f; nop; 1:");
    BACK(m_jump(m, 0), "1: nop; jmp.d32 1b");
    AHEAD(m_entry(m, m_label(m)), "jmp 1f; nop; 1:");
    AHEAD(m_call_label(m, m_label(m)), "call 1f; nop; 1:");
    BACK(m_call_label(m, 0), "1: nop; call 1b");
    CASE(m_call_address(m, 0x400123), "mov r11d, 0x400123; call r11");
    CASE(m_jump_address(m, 0x400000), "mov r11d, 0x400000; jmp r11");
    static struct vm_method method;
    int64_t at = (intptr_t)&method, entry = VM_METHOD_ENTRY;
    const char *called = "mov r11d, %d; mov r11, [r11 + %d]; %scall r11";
    CASE(m_call_method(m, &method, VM_OPTIMIZED), called, at, entry, "");
    CASE(m_call_method(m, &method, VM_JIT), called, at, entry, "add r11, 2; ");
    CASE(m_call_method(m, &method, VM_INTERPRETED), called, at, entry, "add r11, 4; ");
    CASE(m_jump_interpreter(m, &method), "mov r11d, %d; mov eax, %d; jmp rax", at,
        (int64_t)(intptr_t)vm_interpreter);
}

static void frames(void) {
    CASE(m_nop(m), "nop");
    CASE(m_order(m, M_FENCE_ALL), "mfence");
    AHEAD(m_check_stack(m, 96, m_label(m)),
          "mov r11, fs:[0]; add r11, %d; mov r11, [r11 + %d]; add r11, 96; cmp rsp, r11; "
              "jb.d32 1f; nop; 1:",
          (int64_t)VM_THREAD_OFFSET, (int64_t)VM_THREAD_STACK_LIMIT);
    CASE(m_enter(m, 96), "add rsp, -88");
    CASE(m_leave(m, 96), "add rsp, 88; ret");
    CASE(m_enter_fp(m, 112), "push rbp; mov rbp, rsp; add rsp, -96");
    CASE(m_leave_fp(m), "mov rsp, rbp; pop rbp; ret");
}

int main(void) {
    for (mreg reg = 0; reg < 16; reg++) {
        for (mreg other = 0; other < 16; other++) {
            // R11 is the assembler's own.
            if (reg != R11 && other != R11) pair(reg, other, (mreg)((reg + other) & 7));
        }
        single(reg);
    }
    jumps();
    frames();
    return 0;
}
