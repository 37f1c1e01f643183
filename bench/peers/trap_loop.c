/*
 * The trap round trip and the in-guest switch through libunicorn's C interface: what a host program
 * in C would write. The guest's RAM image and every number in constants.h come from guest_code.ts
 * and from the engine's calibration.
 *
 * usage: trap_loop ARCH PATH METHOD ROUNDS RAM_IMAGE
 * prints nanoseconds per round
 *
 * PATH trap:   a trap and the return from it, one instruction each, and what an exception does in
 *              between.
 * PATH switch: two threads that switch to each other.
 * PATH null:   a system call through the vectors of the guest kernel, which waits for an answer,
 *              and the way back: what the TypeScript kernel's null system call executes in the
 *              guest. METHOD direct only.
 *
 * METHOD callback: an interrupt hook records the vector and calls uc_emu_stop; the context is
 *                  saved, patched and restored between runs.
 * METHOD direct:   no hook, so that an exception ends the run by itself; the CPU's structure is
 *                  patched in place. This is what the TypeScript engine does.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unicorn/unicorn.h>

#include "constants.h"
#include "null_call.h"

#define LENGTH(table) (sizeof(table) / sizeof((table)[0]))

#define BUDGET 1000000000000ull

struct segment {
    uint32_t selector;
    uint64_t base;
    uint32_t limit;
    uint32_t flags;
};

static const struct segment kernel_code = {0x08, 0, 0xffffffff, 0x00af9b00};
static const struct segment kernel_stack = {0, 0, 0xffffffff, 0x00cf9300};
static const struct segment user_code = {0x23, 0, 0xffffffff, 0x00affb00};
static const struct segment user_data = {0x1b, 0, 0xffffffff, 0x00cff300};

static uc_engine *uc;
static uc_context *context;
static uint8_t *ram;
static size_t ram_size = RAM_SIZE;
static uint8_t *cpu;   /* the CPU's state: inside the saved context, or the live one */
static int32_t *live_vector;
static bool direct;
static uint32_t last_vector;

static void check(uc_err err, const char *what)
{
    if (err != UC_ERR_OK) {
        fprintf(stderr, "%s: %s\n", what, uc_strerror(err));
        exit(1);
    }
}

static void put32(size_t at, uint32_t value) { memcpy(cpu + at, &value, 4); }
static void put64(size_t at, uint64_t value) { memcpy(cpu + at, &value, 8); }
static uint32_t get32(size_t at) { uint32_t value; memcpy(&value, cpu + at, 4); return value; }
static uint64_t get64(size_t at) { uint64_t value; memcpy(&value, cpu + at, 8); return value; }

static void on_interrupt(uc_engine *engine, uint32_t vector, void *data)
{
    (void)data;
    last_vector = vector;
    uc_emu_stop(engine);
}

static void save(void)
{
    if (!direct)
        check(uc_context_save(uc, context), "save");
}

static void restore(void)
{
    if (!direct)
        check(uc_context_restore(uc, context), "restore");
}

/* Runs until an exception, and checks that it is the expected one. */
static void run_to(uint64_t pc, uint32_t vector)
{
    uc_err err = uc_emu_start(uc, pc, 0, 0, BUDGET);
    if (direct) {
        if (err != UC_ERR_EXCEPTION || (uint32_t)*live_vector != vector)
            check(err == UC_ERR_OK ? UC_ERR_EXCEPTION : err, "exception");
    } else if (err != UC_ERR_OK || last_vector != vector) {
        check(UC_ERR_EXCEPTION, "exception");
    }
}

static void put_segment(int index, const struct segment *segment)
{
    size_t at = X86_SEGMENTS + 24 * index;
    put32(at, segment->selector);
    put64(at + 8, segment->base);
    put32(at + 16, segment->limit);
    put32(at + 20, segment->flags);
}

static void enter_ring(unsigned cpl, const struct segment *cs, const struct segment *ss, uint64_t rsp, uint64_t rip)
{
    put_segment(1, cs);
    put_segment(2, ss);
    put32(X86_MODE, (get32(X86_MODE) & ~3u) | cpl);
    put64(4 * 8, rsp);
    put64(X86_RIP, rip);
    put32(X86_LATCH, 0xffffffff);
}

static void x86_trap(uint64_t rounds)
{
    uint64_t *frame = (uint64_t *)(ram + INTERRUPT_FRAME);
    uint64_t flags;
    save();
    enter_ring(3, &user_code, &user_data, USER_STACK, USER_TRAP);
    restore();
    for (uint64_t round = 0; round < rounds; round++) {
        run_to(get64(X86_RIP), 0x80);
        uc_reg_read(uc, UC_X86_REG_RFLAGS, &flags);
        save();
        frame[0] = get64(X86_RIP);
        frame[1] = user_code.selector;
        frame[2] = flags;
        frame[3] = get64(4 * 8);
        frame[4] = user_data.selector;
        enter_ring(0, &kernel_code, &kernel_stack, INTERRUPT_FRAME, KERNEL_TRAP);
        restore();
    }
}

static void x86_switch(uint64_t rounds)
{
    save();
    enter_ring(0, &kernel_code, &kernel_stack, KERNEL_STACK, KERNEL_SWITCH);
    put64(1 * 8, rounds + 1);
    put64(7 * 8, SLOT_B);
    put64(6 * 8, SLOT_A);
    restore();
    *(uint64_t *)(ram + SLOT_B) = STACK_B;
    check(uc_emu_start(uc, KERNEL_SWITCH, 0, 0, BUDGET), "switch");
}

static uc_arm64_cp_reg cp_reg(uint32_t op0, uint32_t op1, uint32_t crn, uint32_t crm, uint32_t op2)
{
    uc_arm64_cp_reg reg = {.crn = crn, .crm = crm, .op0 = op0, .op1 = op1, .op2 = op2, .val = 0};
    return reg;
}

/* Changes the exception level: any system register write makes the engine take PSTATE anew. */
static void set_pstate(uint64_t pstate, uc_arm64_cp_reg *elr)
{
    uint64_t old, sp;
    int banks[2] = {UC_ARM64_REG_SP_EL0, UC_ARM64_REG_SP_EL1};
    uc_reg_read(uc, UC_ARM64_REG_PSTATE, &old);
    uc_reg_read(uc, UC_ARM64_REG_SP, &sp);
    uc_reg_write(uc, banks[old & 1], &sp);
    uc_reg_read(uc, banks[pstate & 1], &sp);
    uc_reg_write(uc, UC_ARM64_REG_PSTATE, &pstate);
    uc_reg_write(uc, UC_ARM64_REG_SP, &sp);
    uc_reg_write(uc, UC_ARM64_REG_CP_REG, elr);
}

struct exception_registers {
    uc_arm64_cp_reg esr, spsr, elr;
};

static struct exception_registers exception_registers(void)
{
    struct exception_registers regs = {
        .esr = cp_reg(3, 0, 5, 2, 0), .spsr = cp_reg(3, 0, 4, 0, 0), .elr = cp_reg(3, 0, 4, 0, 1)};
    return regs;
}

/* What taking an exception to EL1 does, but for the jump to the vector. */
static void enter_el1(struct exception_registers *regs)
{
    regs->esr.val = get32(AARCH64_SYNDROME);
    uc_reg_read(uc, UC_ARM64_REG_PSTATE, &regs->spsr.val);
    uc_reg_read(uc, UC_ARM64_REG_PC, &regs->elr.val);
    uc_reg_write(uc, UC_ARM64_REG_CP_REG, &regs->esr);
    uc_reg_write(uc, UC_ARM64_REG_CP_REG, &regs->spsr);
    set_pstate(PSTATE_EL1H, &regs->elr);
}

static void aarch64_trap(uint64_t rounds)
{
    struct exception_registers regs = exception_registers();
    uint64_t pc = USER_TRAP;
    set_pstate(PSTATE_EL0, &regs.elr);
    for (uint64_t round = 0; round < rounds; round++) {
        run_to(pc, 2);
        save();
        enter_el1(&regs);
        pc = KERNEL_TRAP;
    }
}

static void aarch64_switch(uint64_t rounds)
{
    uc_arm64_cp_reg elr = cp_reg(3, 0, 4, 0, 1);
    uint64_t sp = KERNEL_STACK, count = rounds + 1, slot_a = SLOT_A, slot_b = SLOT_B;
    set_pstate(PSTATE_EL1H, &elr);
    uc_reg_write(uc, UC_ARM64_REG_SP, &sp);
    uc_reg_write(uc, UC_ARM64_REG_X9, &count);
    uc_reg_write(uc, UC_ARM64_REG_X0, &slot_b);
    uc_reg_write(uc, UC_ARM64_REG_X1, &slot_a);
    *(uint64_t *)(ram + SLOT_B) = STACK_B;
    check(uc_emu_start(uc, KERNEL_SWITCH, 0, 0, BUDGET), "switch");
}

/* What SYSCALL does. */
static void enter_syscall(void)
{
    static struct segment code = {0, 0, 0xffffffff, 0x00af9b00}, stack = {0, 0, 0xffffffff, 0x00cf9300};
    uint64_t flags;
    code.selector = (X86_64_NULL_STAR >> 32) & 0xfffc;
    stack.selector = code.selector + 8;
    uc_reg_read(uc, UC_X86_REG_RFLAGS, &flags);
    put64(1 * 8, get64(X86_RIP));
    put64(11 * 8, flags);
    flags &= ~X86_64_NULL_FMASK;
    uc_reg_write(uc, UC_X86_REG_RFLAGS, &flags);
    enter_ring(0, &code, &stack, get64(4 * 8), X86_64_NULL_LSTAR);
}

static void x86_null(uint64_t rounds)
{
    for (uint64_t round = 0; round < rounds; round++) {
        put64(0 * 8, X86_64_NULL_ROUTINE);
        put64(7 * 8, X86_64_NULL_THREAD);
        check(uc_emu_start(uc, get64(X86_RIP), 0, 0, BUDGET), "answer");
        if (get32(X86_MODE) % 4 != 3)
            check(UC_ERR_EXCEPTION, "user mode");
        enter_syscall();
        check(uc_emu_start(uc, get64(X86_RIP), 0, 0, BUDGET), "system call");
        if (get64(X86_RIP) != X86_64_NULL_PC)
            check(UC_ERR_EXCEPTION, "hypercall");
    }
}

static void aarch64_null(uint64_t rounds)
{
    struct exception_registers regs = exception_registers();
    uint64_t pc = AARCH64_NULL_PC, routine = AARCH64_NULL_ROUTINE, thread = AARCH64_NULL_THREAD;
    for (uint64_t round = 0; round < rounds; round++) {
        uc_reg_write(uc, UC_ARM64_REG_X9, &routine);
        uc_reg_write(uc, UC_ARM64_REG_X0, &thread);
        run_to(pc, 2);
        enter_el1(&regs);
        check(uc_emu_start(uc, AARCH64_NULL_VBAR + 0x400, 0, 0, BUDGET), "system call");
        uc_reg_read(uc, UC_ARM64_REG_PC, &pc);
        if (pc != AARCH64_NULL_PC)
            check(UC_ERR_EXCEPTION, "hypercall");
    }
}

/* Puts the guest where it waits for the answer to a system call. */
static void set_up_null(bool x86)
{
    if (x86) {
        uc_hook hook;
        check(uc_hook_add(uc, &hook, UC_HOOK_INSN, (void *)uc_emu_stop, NULL, 1, 0, UC_X86_INS_SYSCALL), "hook");
        for (size_t i = 0; i < LENGTH(x86_null_msrs); i++) {
            uc_x86_msr msr = {.rid = x86_null_msrs[i].id, .value = x86_null_msrs[i].value};
            check(uc_reg_write(uc, UC_X86_REG_MSR, &msr), "MSR");
        }
        for (size_t i = 0; i < LENGTH(x86_null_registers); i++)
            check(uc_reg_write(uc, x86_null_registers[i].id, &x86_null_registers[i].value), "register");
        enter_ring(0, &kernel_code, &kernel_stack, X86_64_NULL_SP, X86_64_NULL_PC);
    } else {
        uint64_t sp = AARCH64_NULL_SP;
        uc_arm64_cp_reg elr = cp_reg(3, 0, 4, 0, 1);
        set_pstate(PSTATE_EL1H, &elr);
        for (size_t i = 0; i < LENGTH(aarch64_null_registers); i++)
            check(uc_reg_write(uc, aarch64_null_registers[i].id, &aarch64_null_registers[i].value), "register");
        check(uc_reg_write(uc, UC_ARM64_REG_SP, &sp), "SP");
        for (size_t i = 0; i < LENGTH(aarch64_null_system); i++) {
            uc_arm64_cp_reg reg = aarch64_null_system[i].reg;
            check(uc_reg_write(uc, UC_ARM64_REG_CP_REG, &reg), "system register");
        }
    }
}

static void set_up(bool x86, bool null)
{
    uint64_t base = !null ? 0 : x86 ? X86_64_NULL_BASE : AARCH64_NULL_BASE;
    uc_hook hook;
    check(uc_open(x86 ? UC_ARCH_X86 : UC_ARCH_ARM64, x86 ? UC_MODE_64 : UC_MODE_ARM, &uc), "open");
    check(uc_ctl_set_cpu_model(uc, x86 ? UC_CPU_X86_OPTERON_G5 : UC_CPU_ARM64_A72), "model");
    check(uc_mem_map_ptr(uc, base, ram_size, UC_PROT_ALL, ram), "map");
    if (!direct)
        check(uc_hook_add(uc, &hook, UC_HOOK_INTR, (void *)on_interrupt, NULL, 1, 0), "hook");
    if (null) {
        // its own registers follow
    } else if (x86) {
        uc_x86_mmr gdtr = {.base = GDT, .limit = GDT_SIZE - 1};
        uint64_t cr3 = PAGE_TABLES, cr4 = 0x620, cr0 = 0x80010033;
        check(uc_reg_write(uc, UC_X86_REG_GDTR, &gdtr), "GDTR");
        check(uc_reg_write(uc, UC_X86_REG_CR3, &cr3), "CR3");
        check(uc_reg_write(uc, UC_X86_REG_CR4, &cr4), "CR4");
        check(uc_reg_write(uc, UC_X86_REG_CR0, &cr0), "CR0");
    }
    if (!x86) {
        uc_arm64_cp_reg scr = cp_reg(3, 6, 1, 1, 0);
        scr.val = 0x400; /* RW: the lower levels are AArch64 */
        check(uc_reg_write(uc, UC_ARM64_REG_CP_REG, &scr), "SCR_EL3");
    }
    check(uc_context_alloc(uc, &context), "context");
    if (direct) {
        uint8_t *object = *(uint8_t **)((uint8_t *)uc + ENGINE_CPU);
        cpu = *(uint8_t **)(object + CPU_STATE);
        live_vector = (int32_t *)(object + CPU_EXCEPTION);
    } else {
        cpu = (uint8_t *)context + CONTEXT_HEADER;
    }
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    bool x86 = strcmp(argv[1], "x86_64") == 0;
    bool trap = strcmp(argv[2], "trap") == 0, null = strcmp(argv[2], "null") == 0;
    uint64_t rounds = strtoull(argv[4], NULL, 10);
    void (*path)(uint64_t) = null ? (x86 ? x86_null : aarch64_null)
        : x86 ? (trap ? x86_trap : x86_switch) : (trap ? aarch64_trap : aarch64_switch);
    struct timespec start, end;
    FILE *image = fopen(argv[5], "rb");
    direct = strcmp(argv[3], "direct") == 0;
    if (null)
        ram_size = x86 ? X86_64_NULL_SIZE : AARCH64_NULL_SIZE;
    ram = aligned_alloc(4096, ram_size);
    if (image == NULL || ram == NULL || fread(ram, 1, ram_size, image) != ram_size)
        return 1;
    set_up(x86, null);
    if (null)
        set_up_null(x86);
    path(rounds / 4 + 1);
    clock_gettime(CLOCK_MONOTONIC, &start);
    path(rounds);
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.3f\n", ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)) / rounds);
    return 0;
}
