// Kernel-mode tasks: programs at EL1 in the kernel half, on kernel stacks.
#include "arch/aarch64/guest/macros.h"

    .text

// enter_program(x0 = first instruction, x1 = stack pointer, x2 = argument): starts a program with
// interrupts unmasked. Does not return.
FUNCTION enter_program
    .cfi_undefined x30
    mov     x9, x0
    mov     sp, x1
    mov     x0, x2
    mov     x29, #0
    mov     x30, #0
    msr     daifclr, #2
    br      x9
END enter_program

// land(x0 = thread): loads the registers in the trap frame of the thread object and goes on there
// at EL1. The stack the caller is on is left; what lies below the new stack pointer is gone. Does
// not return.
FUNCTION land
    .cfi_signal_frame
    .cfi_return_column 32
    TRAP_FRAME_CFI_AT 0, TH_FRAME
    add     x0, x0, #TH_FRAME
    TRAP_FRAME_CFI_AT 0, 0
    b       exit_to_kernel
END land
