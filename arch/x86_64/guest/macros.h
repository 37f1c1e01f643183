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

// Talks to the TypeScript kernel until it sends this stack elsewhere for good.
// On entry: rax = hypercall number, rdi, rsi, rdx, rcx = its words, interrupts masked.
// The kernel answers with a routine in rax and its arguments in rdi, rsi, rdx, rcx, r8, r9; what the routine returns in rax is the
// word of the next hypercall.
.macro KERNEL_LOOP
.Lloop\@:
    hlt
    call    *%rax
    mov     %rax, %rdi
    mov     $HC_RESULT, %eax
    jmp     .Lloop\@
.endm

// Call frame rules of a trap stub whose frame pointer is in rbx: the interrupted context is in the frame, whatever stack it
// ran on. The CFA is the interrupted RSP. Operators: DW_OP_breg3 (0x73, rbx) + SLEB128 offset, DW_OP_deref (0x06).
.macro TRAP_FRAME_CFI
    .cfi_escape 0x0f, 4, 0x73, 0xa0, 0x01, 0x06 // CFA = *(rbx + 160)
    .cfi_escape 0x10, 0, 3, 0x73, 0xf0, 0x00    // rax
    .cfi_escape 0x10, 1, 3, 0x73, 0xd8, 0x00    // rdx
    .cfi_escape 0x10, 2, 3, 0x73, 0xe0, 0x00    // rcx
    .cfi_escape 0x10, 3, 3, 0x73, 0xe8, 0x00    // rbx
    .cfi_escape 0x10, 4, 3, 0x73, 0xd0, 0x00    // rsi
    .cfi_escape 0x10, 5, 3, 0x73, 0xc8, 0x00    // rdi
    .cfi_escape 0x10, 6, 3, 0x73, 0xc0, 0x00    // rbp
    .cfi_escape 0x10, 8, 2, 0x73, 0x38          // r8
    .cfi_escape 0x10, 9, 2, 0x73, 0x30          // r9
    .cfi_escape 0x10, 10, 2, 0x73, 0x28         // r10
    .cfi_escape 0x10, 11, 2, 0x73, 0x20         // r11
    .cfi_escape 0x10, 12, 2, 0x73, 0x18         // r12
    .cfi_escape 0x10, 13, 2, 0x73, 0x10         // r13
    .cfi_escape 0x10, 14, 2, 0x73, 0x08         // r14
    .cfi_escape 0x10, 15, 2, 0x73, 0x00         // r15
    .cfi_escape 0x10, 16, 3, 0x73, 0x88, 0x01   // return address
.endm
