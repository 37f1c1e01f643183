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

// Talks to the TypeScript kernel until it sends this stack elsewhere for good. On entry: x8 =
// hypercall number, x0 to x3 = its words, interrupts masked. The kernel answers with a routine in
// x9 and its arguments in x0 to x5; what the routine returns in x0 is the word of the next
// hypercall.
.macro KERNEL_LOOP
.Lloop\@:
    wfi
    blr     x9
    mov     x8, #HC_RESULT
    b       .Lloop\@
.endm

// Call frame rules of code that stands on a trap frame: the interrupted context is in the frame,
// whatever stack it ran on. The CFA is the interrupted SP. The return address column is a pseudo
// register (32, PC) and not x30, which has a value of its own in the interrupted code.
//
// As on x86-64 the rules are spelled out: DW_CFA_expression (0x10), the column, the length of the
// expression, and the expression, DW_OP_breg0 (0x70) plus the DWARF number of the register the
// frame is found by (x0 to x30: 0 to 30, SP: 31) and an offset in SLEB128, always of two bytes.
.macro SAVED_CFI column, register, offset
    .cfi_escape 0x10, \column, 3, 0x70 + \register
    .cfi_escape ((\offset) & 0x7f) | 0x80, ((\offset) >> 7) & 0x7f
.endm

// The CFA is what is saved at the offset: DW_CFA_def_cfa_expression (0x0f), which ends in
// DW_OP_deref (0x06).
.macro SAVED_CFA_CFI register, offset
    .cfi_escape 0x0f, 4, 0x70 + \register, ((\offset) & 0x7f) | 0x80, ((\offset) >> 7) & 0x7f, 0x06
.endm

// The trap frame is at an offset from a register.
.macro TRAP_FRAME_CFI_AT register, offset
    SAVED_CFA_CFI \register, \offset + FRAME_SP
    .irp r, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    SAVED_CFI \r, \register, \offset + FRAME_X0 + 8 * \r
    .endr
    SAVED_CFI 32, \register, \offset + FRAME_PC
.endm

// The same for a stub whose frame is at x19.
.macro TRAP_FRAME_CFI
    TRAP_FRAME_CFI_AT 19, 0
.endm

// Call frame rules of a trap entry that has saved x0 and x1 at SP, where the trap frame grows: the
// interrupted SP is in x1, the interrupted PC in ELR_EL1 (DWARF register 33), and everything else
// where it was.
.macro TRAP_ENTRY_CFI
    .cfi_def_cfa x1, 0
    .cfi_register 32, 33
    SAVED_CFI 0, 31, FRAME_X0
    SAVED_CFI 1, 31, FRAME_X0 + 8
.endm
