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

// Call frame rules of code that stands on a trap frame: the interrupted context is in the frame, whatever stack it ran on. The CFA is the
// interrupted SP, and the return address column is a pseudo register (32, PC), because x30 has its own value in the interrupted code. One
// DW_CFA_expression (0x10) a register: DW_OP_breg0 (0x70) plus the number of the register the frame is found by, and a SLEB128 offset in
// two bytes.
.macro TRAP_FRAME_CFI_AT register, offset
    .cfi_escape 0x0f, 4, 0x70 + \register, ((\offset + FRAME_SP) & 0x7f) | 0x80, ((\offset + FRAME_SP) >> 7) & 0x7f, 0x06
    .irp r, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    .cfi_escape 0x10, \r, 3, 0x70 + \register, ((\offset + 8 * \r) & 0x7f) | 0x80, ((\offset + 8 * \r) >> 7) & 0x7f
    .endr
    .cfi_escape 0x10, 32, 3, 0x70 + \register, ((\offset + FRAME_PC) & 0x7f) | 0x80, ((\offset + FRAME_PC) >> 7) & 0x7f
.endm

// The same for a stub whose frame is at x19.
.macro TRAP_FRAME_CFI
    TRAP_FRAME_CFI_AT 19, 0
.endm

// One register of the interrupted context is at an offset from SP, where its trap frame grows.
.macro SAVED_CFI register, offset
    .cfi_escape 0x10, \register, 3, 0x8f, ((\offset) & 0x7f) | 0x80, ((\offset) >> 7) & 0x7f
.endm

// Call frame rules of a trap entry that has saved x0 and x1 at SP: the interrupted SP is in x1, the interrupted PC in ELR_EL1 (DWARF
// register 33), and everything else where it was.
.macro TRAP_ENTRY_CFI
    .cfi_def_cfa x1, 0
    .cfi_register 32, 33
    SAVED_CFI 0, FRAME_X0
    SAVED_CFI 1, FRAME_X0 + 8
.endm
