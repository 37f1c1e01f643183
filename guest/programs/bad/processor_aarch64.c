// Instructions AArch64 keeps from EL0, and what EL0 can set up to trip the kernel.
#include "guest/programs/bad/bad.h"

// One instruction that must not be executed.
#define INSTRUCTION(function, ...)                \
    static int function(uintptr_t unused) {       \
        (void)unused;                             \
        __asm__ volatile(__VA_ARGS__);            \
        return SURVIVED;                          \
    }

INSTRUCTION(write_vbar, "msr vbar_el1, %0" : : "r"(0ul))
INSTRUCTION(read_sctlr, "mrs x9, sctlr_el1" : : : "x9")
INSTRUCTION(write_sctlr, "msr sctlr_el1, %0" : : "r"(0ul))
INSTRUCTION(write_ttbr0, "msr ttbr0_el1, %0" : : "r"(0ul))
INSTRUCTION(write_ttbr1, "msr ttbr1_el1, %0" : : "r"(0ul))
INSTRUCTION(write_elr, "msr elr_el1, %0" : : "r"(KERNEL_TEXT))
INSTRUCTION(write_spsr, "msr spsr_el1, %0" : : "r"(5ul))
INSTRUCTION(read_esr, "mrs x9, esr_el1" : : : "x9")
INSTRUCTION(write_sp_el0, "msr sp_el0, %0" : : "r"(0ul))
INSTRUCTION(write_cpacr, "msr cpacr_el1, %0" : : "r"(3ul << 20))
INSTRUCTION(write_tpidr_el1, "msr tpidr_el1, %0" : : "r"(0ul))
INSTRUCTION(read_current_el, "mrs x9, currentel" : : : "x9")
INSTRUCTION(select_sp, "msr spsel, #1")
INSTRUCTION(mask_interrupts, "msr daifset, #15")
INSTRUCTION(unmask_interrupts, "msr daifclr, #15")
INSTRUCTION(return_from_exception, "eret")
INSTRUCTION(invalidate_tlb, "tlbi vmalle1")
INSTRUCTION(invalidate_caches, "ic iallu")
INSTRUCTION(translate, "at s1e1r, %0" : : "r"(KERNEL_TEXT))
INSTRUCTION(hypervisor_call, "hvc #0")
INSTRUCTION(monitor_call, "smc #0")
INSTRUCTION(undefined, "udf #0")
INSTRUCTION(unallocated, ".inst 0x00010000")
INSTRUCTION(breakpoint, "brk #0")
INSTRUCTION(halt_debug, "hlt #0")
// UDIV gives zero; compilers that want a trap test the divisor and break, as here.
INSTRUCTION(divide_by_zero, "udiv x9, %0, xzr; cbnz x9, 1f; brk #1000; 1:" : : "r"(1ul) : "x9")
// SPSR for EL1h in hand, and nothing to be done with it from EL0.
INSTRUCTION(raise_level, "msr spsr_el1, %0; msr elr_el1, %1; eret" : : "r"(0x3c5ul), "r"(KERNEL_TEXT))

// Zeros are an undefined instruction wherever in them one begins.
__asm__(".text; .balign 16; zeros: .zero 16");
extern const unsigned char zeros[];

static int jump_unaligned(uintptr_t offset) {
    ((void (*)(void))hide((uintptr_t)zeros + offset))();
    return SURVIVED;
}

// A system call does not need the user's stack, nor does an interrupt.
static int system_call_without_stack(uintptr_t stack) {
    register uint64_t x8 __asm__("x8") = SYS_NULL;
    register uint64_t x0 __asm__("x0") = 1;
    __asm__ volatile("mov x20, sp; mov sp, %2; svc #0; mov sp, x20" : "+r"(x0) : "r"(x8), "r"(stack) : "x20", "memory");
    return (int)x0;
}

static int spin_without_stack(uintptr_t stack) {
    uint64_t turns = 300000;
    __asm__ volatile("mov x20, sp; mov sp, %1; 1: subs %0, %0, #1; b.ne 1b; mov sp, x20"
                     : "+r"(turns)
                     : "r"(stack)
                     : "x20", "cc");
    return (int)turns;
}

// The condition flags and the thread pointer belong to the program; the kernel must give them back
// as they were.
static int system_call_keeps_state(uintptr_t unused) {
    uint64_t flags, pointer;
    register uint64_t x8 __asm__("x8") = SYS_YIELD;
    register uint64_t x0 __asm__("x0") = unused;
    __asm__ volatile(
        "mov x9, #0xf0000000; msr nzcv, x9; msr tpidr_el0, x9; svc #0; mrs %1, nzcv; mrs %2, tpidr_el0"
        : "+r"(x0), "=&r"(flags), "=&r"(pointer)
        : "r"(x8)
        : "x9", "cc", "memory");
    return flags == 0xf0000000 && pointer == 0xf0000000 ? 0 : SURVIVED;
}

const struct bad_case processor_cases[] = {
    {"write-vbar", write_vbar, 0},
    {"read-sctlr", read_sctlr, 0},
    {"write-sctlr", write_sctlr, 0},
    {"write-ttbr0", write_ttbr0, 0},
    {"write-ttbr1", write_ttbr1, 0},
    {"write-elr", write_elr, 0},
    {"write-spsr", write_spsr, 0},
    {"read-esr", read_esr, 0},
    {"write-sp-el0", write_sp_el0, 0},
    {"write-cpacr", write_cpacr, 0},
    {"write-tpidr-el1", write_tpidr_el1, 0},
    {"read-current-el", read_current_el, 0},
    {"select-sp", select_sp, 0},
    {"mask-interrupts", mask_interrupts, 0},
    {"unmask-interrupts", unmask_interrupts, 0},
    {"eret", return_from_exception, 0},
    {"tlbi", invalidate_tlb, 0},
    {"ic", invalidate_caches, 0},
    {"at", translate, 0},
    {"hvc", hypervisor_call, 0},
    {"smc", monitor_call, 0},
    {"undefined", undefined, 0},
    {"unallocated", unallocated, 0},
    {"breakpoint", breakpoint, 0},
    {"hlt", halt_debug, 0},
    {"divide-by-zero", divide_by_zero, 0},
    {"raise-level", raise_level, 0},
    {"jump-unaligned-1", jump_unaligned, 1},
    {"jump-unaligned-2", jump_unaligned, 2},
    {"syscall-stack-null", system_call_without_stack, 0},
    {"syscall-stack-kernel", system_call_without_stack, KERNEL_TEXT},
    {"syscall-stack-unaligned", system_call_without_stack, 0x10001},
    {"spin-stack-null", spin_without_stack, 0},
    {"spin-stack-kernel", spin_without_stack, KERNEL_TEXT},
    {"syscall-state", system_call_keeps_state, 0},
    {0, 0, 0},
};
