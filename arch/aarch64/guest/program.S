// Kernel-mode tasks: programs at EL1 in the kernel half, on kernel stacks.
#include "arch/aarch64/guest/macros.h"

    .text

// enter_program(x0 = first instruction, x1 = stack pointer, x2 = argument): starts a program with interrupts unmasked. Does not return.
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

// land(x0 = thread): loads the registers in the trap frame of the thread object and goes on there at EL1. The stack the caller is on is
// left; what lies below the new stack pointer is gone. Does not return.
FUNCTION land
    .cfi_signal_frame
    .cfi_return_column 32
    TRAP_FRAME_CFI_AT 0, TH_FRAME
    add     x0, x0, #TH_FRAME
    TRAP_FRAME_CFI_AT 0, 0
    ldp     x2, x3, [x0, #FRAME_PC]
    msr     elr_el1, x2
    msr     spsr_el1, x3
    ldr     x1, [x0, #FRAME_SP]
    mov     sp, x1
    ldp     x2, x3, [x0, #FRAME_X0 + 16]
    ldp     x4, x5, [x0, #FRAME_X0 + 32]
    ldp     x6, x7, [x0, #FRAME_X0 + 48]
    ldp     x8, x9, [x0, #FRAME_X0 + 64]
    ldp     x10, x11, [x0, #FRAME_X0 + 80]
    ldp     x12, x13, [x0, #FRAME_X0 + 96]
    ldp     x14, x15, [x0, #FRAME_X0 + 112]
    ldp     x16, x17, [x0, #FRAME_X0 + 128]
    ldp     x18, x19, [x0, #FRAME_X0 + 144]
    ldp     x20, x21, [x0, #FRAME_X0 + 160]
    ldp     x22, x23, [x0, #FRAME_X0 + 176]
    ldp     x24, x25, [x0, #FRAME_X0 + 192]
    ldp     x26, x27, [x0, #FRAME_X0 + 208]
    ldp     x28, x29, [x0, #FRAME_X0 + 224]
    ldr     x30, [x0, #FRAME_X0 + 240]
    ldp     x0, x1, [x0, #FRAME_X0]
    .cfi_def_cfa sp, 0
    .cfi_register 32, 33        // ELR_EL1
    .irp r, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    .cfi_same_value \r
    .endr
    eret
END land
