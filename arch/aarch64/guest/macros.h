// Assembler macros of the AArch64 guest kernel.
.include "arch/aarch64/guest/layout.inc"

// A global function with call frame information.
.macro FUNCTION name
    .globl  \name
    .type   \name, %function
    .balign 4
\name:
    .cfi_startproc
.endm

.macro END name
    .cfi_endproc
    .size   \name, . - \name
.endm

// Talks to the TypeScript kernel until it sends this stack elsewhere for good.
// On entry: x8 = hypercall number, x0 to x3 = its words, interrupts masked.
// The kernel answers with a routine in x9 and its arguments in x0 to x5; what the routine returns is the next hypercall.
.macro KERNEL_LOOP
.Lloop\@:
    wfi
    blr     x9
    mov     x8, #HC_RESULT
    b       .Lloop\@
.endm

// Call frame rules of a trap stub whose frame pointer is in x19: the interrupted context is in the frame, whatever stack it
// ran on. The CFA is the interrupted SP, and the return address column is a pseudo register (32, PC), because x30 has its own
// value in the interrupted code. One DW_CFA_expression (0x10) a register: DW_OP_breg19 (0x83) + SLEB128 offset.
.macro TRAP_FRAME_CFI
    .cfi_escape 0x0f, 4, 0x83, 0xf8, 0x01, 0x06 // CFA = *(x19 + 248)
    .irp r, 0, 1, 2, 3, 4, 5, 6, 7
    .cfi_escape 0x10, \r, 2, 0x83, 8 * \r
    .endr
    .irp r, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    .cfi_escape 0x10, \r, 3, 0x83, 0x80 | ((8 * \r) & 0x7f), (8 * \r) >> 7
    .endr
    .cfi_escape 0x10, 32, 3, 0x83, 0x80, 0x02   // PC at *(x19 + 256)
.endm
