// Instructions x86-64 keeps from user code, and what user code can set up to trip the kernel.
#include "guest/programs/bad/bad.h"

// One instruction that must not be executed.
#define INSTRUCTION(function, ...)                \
    static int function(uintptr_t unused) {       \
        (void)unused;                             \
        __asm__ volatile(__VA_ARGS__);            \
        return SURVIVED;                          \
    }

static uint64_t scratch[2];

INSTRUCTION(halt, "hlt")
INSTRUCTION(disable_interrupts, "cli")
INSTRUCTION(enable_interrupts, "sti")
INSTRUCTION(read_cr0, "mov %%cr0, %%rax" : : : "rax")
INSTRUCTION(write_cr0, "mov %0, %%cr0" : : "r"(0x80000031ul))
INSTRUCTION(write_cr3, "mov %0, %%cr3" : : "r"(0ul))
INSTRUCTION(write_cr4, "mov %0, %%cr4" : : "r"(0ul))
INSTRUCTION(write_dr7, "mov %0, %%dr7" : : "r"(0x401ul))
INSTRUCTION(clear_task_switched, "clts")
INSTRUCTION(load_machine_status, "lmsw %w0" : : "r"(0))
INSTRUCTION(read_msr, "rdmsr" : : "c"(0xc0000080) : "rax", "rdx")
INSTRUCTION(write_msr, "wrmsr" : : "c"(0xc0000082), "a"(0), "d"(0))
INSTRUCTION(load_gdt, "lgdt %0" : : "m"(scratch))
INSTRUCTION(load_idt, "lidt %0" : : "m"(scratch))
INSTRUCTION(load_ldt, "lldt %w0" : : "r"(0))
INSTRUCTION(load_task, "ltr %w0" : : "r"(0x30))
INSTRUCTION(invalidate_page, "invlpg %0" : : "m"(scratch))
INSTRUCTION(write_back_invalidate, "wbinvd")
INSTRUCTION(read_port, "inb $0x60, %%al" : : : "rax")
INSTRUCTION(write_port, "outb %%al, $0xf4" : : "a"(0))
INSTRUCTION(swap_gs, "swapgs")
INSTRUCTION(system_return, "sysretq" : : "c"(0x400000ul), "r"(0) : "r11")
INSTRUCTION(undefined, "ud2")
INSTRUCTION(locked_move, ".byte 0xf0, 0x48, 0x89, 0xc0") // lock mov %rax, %rax
INSTRUCTION(breakpoint, "int3")
INSTRUCTION(interrupt_0, "int $0x00")
INSTRUCTION(interrupt_14, "int $0x0e")
INSTRUCTION(interrupt_32, "int $0x20")
INSTRUCTION(interrupt_66, "int $0x42")
INSTRUCTION(interrupt_128, "int $0x80")
INSTRUCTION(divide_by_zero, "div %0" : : "r"(0ul), "a"(1ul), "d"(0ul))
INSTRUCTION(divide_overflow, "idiv %0" : : "r"(-1l), "a"(0x8000000000000000ul), "d"(-1l))
// The kernel's own selectors, which have a more privileged descriptor.
INSTRUCTION(load_kernel_ss, "mov %w0, %%ss" : : "r"(0x10))
INSTRUCTION(load_wild_ds, "mov %w0, %%ds" : : "r"(0xfff8))
INSTRUCTION(return_to_kernel,
            "push $0x10; push %0; push $0x2; push $0x08; push %1; iretq" : : "r"(KERNEL_TEXT + 0x8000), "r"(KERNEL_TEXT))
INSTRUCTION(far_return_to_kernel, "push $0x08; push %0; lretq" : : "r"(KERNEL_TEXT))
// IRETQ refuses to go on as a nested task (NT) in long mode.
INSTRUCTION(nested_return, "pushfq; orq $0x4000, (%%rsp); popfq; iretq" : : : "cc")
INSTRUCTION(single_step, "pushfq; orq $0x100, (%%rsp); popfq; nop; nop" : : : "cc")
// The I/O privilege level cannot be raised by POPF, so CLI still faults.
INSTRUCTION(raise_io_privilege, "pushfq; orq $0x3000, (%%rsp); popfq; cli" : : : "cc")
INSTRUCTION(push_non_canonical, "mov %0, %%rsp; push %%rax" : : "r"(0x0000900000000000ul))

// A trace trap is due right after the return from the system call.
static int single_step_system_call(uintptr_t unused) {
    uint64_t rax = unused;
    __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; syscall" : "+a"(rax) : : "rcx", "r11", "memory", "cc");
    return SURVIVED;
}

// Flags that would mislead the kernel if it kept them: direction, nested task, alignment check,
// overflow. Nothing must happen.
static int system_call_with_flags(uintptr_t unused) {
    uint64_t rax = unused;
    __asm__ volatile("pushfq; orq $0x44c00, (%%rsp); popfq; syscall; pushfq; andq $~0x44c00, (%%rsp); popfq"
                     : "+a"(rax)
                     :
                     : "rcx", "r11", "memory", "cc");
    return (int)rax;
}

// A system call does not need the user's stack, nor does an interrupt.
static int system_call_without_stack(uintptr_t stack) {
    uint64_t rax = SYS_NULL;
    __asm__ volatile("mov %%rsp, %%rbx; mov %1, %%rsp; syscall; mov %%rbx, %%rsp"
                     : "+a"(rax)
                     : "r"(stack)
                     : "rbx", "rcx", "r11", "memory");
    return (int)rax;
}

static int spin_without_stack(uintptr_t stack) {
    uint64_t turns = 300000;
    __asm__ volatile("mov %%rsp, %%rbx; mov %1, %%rsp; 1: dec %0; jnz 1b; mov %%rbx, %%rsp"
                     : "+r"(turns)
                     : "r"(stack)
                     : "rbx", "cc");
    return (int)turns;
}

// The kernel finds its per-CPU area by a base that user code cannot change.
static int clear_gs(uintptr_t unused) {
    __asm__ volatile("mov %w0, %%gs; mov %w0, %%fs" : : "r"((int)unused));
    for (volatile int i = 0; i < 30000; i++) continue;
    return (int)sys_null();
}

// The last two bytes of a page are a system call, and there is nothing to return to.
static int system_call_at_end(uintptr_t unused) {
    (void)unused;
    int64_t page = vm_allocate(0, PAGE_SIZE);
    if (page < 0) return BROKEN;
    unsigned char *code = (unsigned char *)page + PAGE_SIZE - 2;
    code[0] = 0x0f; // syscall
    code[1] = 0x05;
    if (vm_protect((uintptr_t)page, PAGE_SIZE, VM_PROT_READ | VM_PROT_EXECUTE) != 0) return BROKEN;
    __asm__ volatile("jmp *%0" : : "r"(code), "a"(SYS_NULL));
    return SURVIVED;
}

const struct bad_case processor_cases[] = {
    {"hlt", halt, 0},
    {"cli", disable_interrupts, 0},
    {"sti", enable_interrupts, 0},
    {"read-cr0", read_cr0, 0},
    {"write-cr0", write_cr0, 0},
    {"write-cr3", write_cr3, 0},
    {"write-cr4", write_cr4, 0},
    {"write-dr7", write_dr7, 0},
    {"clts", clear_task_switched, 0},
    {"lmsw", load_machine_status, 0},
    {"rdmsr", read_msr, 0},
    {"wrmsr", write_msr, 0},
    {"lgdt", load_gdt, 0},
    {"lidt", load_idt, 0},
    {"lldt", load_ldt, 0},
    {"ltr", load_task, 0},
    {"invlpg", invalidate_page, 0},
    {"wbinvd", write_back_invalidate, 0},
    {"in", read_port, 0},
    {"out", write_port, 0},
    {"swapgs", swap_gs, 0},
    {"sysret", system_return, 0},
    {"undefined", undefined, 0},
    {"lock-mov", locked_move, 0},
    {"breakpoint", breakpoint, 0},
    {"int-0", interrupt_0, 0},
    {"int-14", interrupt_14, 0},
    {"int-32", interrupt_32, 0},
    {"int-66", interrupt_66, 0},
    {"int-128", interrupt_128, 0},
    {"divide-by-zero", divide_by_zero, 0},
    {"divide-overflow", divide_overflow, 0},
    {"load-kernel-ss", load_kernel_ss, 0},
    {"load-wild-ds", load_wild_ds, 0},
    {"iret-to-kernel", return_to_kernel, 0},
    {"lret-to-kernel", far_return_to_kernel, 0},
    {"iret-nested", nested_return, 0},
    {"single-step", single_step, 0},
    {"single-step-syscall", single_step_system_call, 0},
    {"popf-io-privilege", raise_io_privilege, 0},
    {"push-non-canonical", push_non_canonical, 0},
    {"syscall-flags", system_call_with_flags, 0},
    {"syscall-stack-null", system_call_without_stack, 0},
    {"syscall-stack-kernel", system_call_without_stack, KERNEL_TEXT},
    {"spin-stack-null", spin_without_stack, 0},
    {"spin-stack-kernel", spin_without_stack, KERNEL_TEXT},
    {"clear-gs", clear_gs, 0},
    {"syscall-page-end", system_call_at_end, 0},
    {0, 0, 0},
};
