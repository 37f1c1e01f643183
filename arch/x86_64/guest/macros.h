// Assembler macros of the x86-64 guest kernel.
.include "arch/x86_64/guest/layout.inc"

// A global function with call frame information.
.macro FUNCTION name
    .globl  \name
    .type   \name, @function
    .balign 16, 0xcc
\name:
    .cfi_startproc
.endm

.macro END name
    .cfi_endproc
    .size   \name, . - \name
.endm

// Talks to the TypeScript kernel until it sends this stack elsewhere for good. On entry: rax =
// hypercall number, rdi, rsi, rdx, rcx = its words, interrupts masked. The kernel answers with a
// routine in rax and its arguments in rdi, rsi, rdx, rcx, r8, r9; what the routine returns in rax
// is the word of the next hypercall.
.macro KERNEL_LOOP
.Lloop\@:
    hlt
    call    *%rax
    mov     %rax, %rdi
    mov     $HC_RESULT, %eax
    jmp     .Lloop\@
.endm

// Call frame rules of code that stands on a trap frame: the interrupted context is in the frame,
// whatever stack it ran on. The CFA is the interrupted RSP.
//
// The assembler has no directive for "saved at an offset from another register than the CFA's", so
// the rules are spelled out: DW_CFA_expression (0x10), the column, the length of the expression,
// and the expression, DW_OP_breg0 (0x70) plus the DWARF number of the register the frame is found
// by (rbx 3, rdi 5, rsp 7) and an offset in SLEB128, of one byte below 64 and of two from there on.
// Columns are DWARF numbers too: 16 is the return address, 49 RFLAGS.
.macro SAVED_CFI column, register, offset
    .if ((\offset) >= 0) && ((\offset) < 64)
    .cfi_escape 0x10, \column, 2, 0x70 + \register, \offset
    .else
    .cfi_escape 0x10, \column, 3, 0x70 + \register
    .cfi_escape ((\offset) & 0x7f) | 0x80, ((\offset) >> 7) & 0x7f
    .endif
.endm

// The CFA is what is saved at the offset: DW_CFA_def_cfa_expression (0x0f), which ends in
// DW_OP_deref (0x06).
.macro SAVED_CFA_CFI register, offset
    .if ((\offset) >= 0) && ((\offset) < 64)
    .cfi_escape 0x0f, 3, 0x70 + \register, \offset, 0x06
    .else
    .cfi_escape 0x0f, 4, 0x70 + \register, ((\offset) & 0x7f) | 0x80, ((\offset) >> 7) & 0x7f, 0x06
    .endif
.endm

// What the CPU has pushed (rip, cs, rflags, rsp, ss) is `depth` bytes above RSP; the general
// registers are where they were.
.macro PUSHED_CFI depth
    SAVED_CFA_CFI 7, \depth + FRAME_SP - FRAME_PC
    SAVED_CFI 16, 7, \depth
    SAVED_CFI 49, 7, \depth + FRAME_RFLAGS - FRAME_PC
.endm

// The trap frame is at an offset from a register.
.macro TRAP_FRAME_CFI_AT register, offset
    SAVED_CFA_CFI \register, \offset + FRAME_SP
    SAVED_CFI 0, \register, \offset + FRAME_RAX
    SAVED_CFI 1, \register, \offset + FRAME_RDX
    SAVED_CFI 2, \register, \offset + FRAME_RCX
    SAVED_CFI 3, \register, \offset + FRAME_RBX
    SAVED_CFI 4, \register, \offset + FRAME_RSI
    SAVED_CFI 5, \register, \offset + FRAME_RDI
    SAVED_CFI 6, \register, \offset + FRAME_RBP
    SAVED_CFI 8, \register, \offset + FRAME_R8
    SAVED_CFI 9, \register, \offset + FRAME_R9
    SAVED_CFI 10, \register, \offset + FRAME_R10
    SAVED_CFI 11, \register, \offset + FRAME_R11
    SAVED_CFI 12, \register, \offset + FRAME_R12
    SAVED_CFI 13, \register, \offset + FRAME_R13
    SAVED_CFI 14, \register, \offset + FRAME_R14
    SAVED_CFI 15, \register, \offset + FRAME_R15
    SAVED_CFI 16, \register, \offset + FRAME_PC
    SAVED_CFI 49, \register, \offset + FRAME_RFLAGS
.endm

// The same for a stub whose frame is at rbx.
.macro TRAP_FRAME_CFI
    TRAP_FRAME_CFI_AT 3, 0
.endm
