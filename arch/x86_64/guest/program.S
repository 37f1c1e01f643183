// Kernel-mode tasks: programs at CPL 0 in the kernel half, on kernel stacks.
#include "arch/x86_64/guest/macros.h"

    .text

// enter_program(rdi = first instruction, rsi = stack pointer, rdx = argument): starts a program
// with interrupts unmasked. Does not return.
FUNCTION enter_program
    .cfi_undefined rip
    mov     %rdi, %rax
    mov     %rsi, %rsp
    mov     %rdx, %rdi
    xor     %ebp, %ebp
    sti
    jmp     *%rax
END enter_program

// land(rdi = thread): loads the registers in the trap frame of the thread object and goes on there
// at CPL 0. The stack the caller is on is left; what lies below the new stack pointer is gone. Does
// not return.
FUNCTION land
    .cfi_signal_frame
    TRAP_FRAME_CFI_AT 5, TH_FRAME
    add     $TH_FRAME, %rdi
    TRAP_FRAME_CFI_AT 5, 0
    jmp     exit_to_kernel
END land
