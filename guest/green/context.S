// Saving a context and switching to one, in the manner of setjmp and longjmp: set_context returns
// 0, and once more 1 whenever somebody switches to what it has saved. x86-64 is the reference;
// AArch64 comments what differs.
//
//   a context that has called set_context      a fresh one
//
//   |  frame of the caller  |                  |  stack bottom: one past the stack's last byte
//   |        ...            |                  +----------------------------------+
//   +-----------------------+ <- saved sp      |  0: entry_point returns nowhere  | x86-64
//   |  return address       | x86-64           +----------------------------------+ <- saved sp
//   +-----------------------+ <- sp in set_context
//
// The saved stack pointer is the one behind the return from set_context, so a context is entered
// with it as it is, by a jump. ENTER_BY_CALL builds the switch of a library that died of entering
// contexts by a call: what the call leaves on the stack is in the way of one that has been running.
#include "guest/green/registers.h"

#if defined(__x86_64__)

// int set_context(struct registers *registers), in rdi
    .text
    .globl  set_context
    .type   set_context, @function
set_context:
    .cfi_startproc
    mov     %rbx, AT_RBX(%rdi)
    mov     %rbp, AT_RBP(%rdi)
    mov     %r12, AT_R12(%rdi)
    mov     %r13, AT_R13(%rdi)
    mov     %r14, AT_R14(%rdi)
    mov     %r15, AT_R15(%rdi)
    lea     8(%rsp), %rdx
    mov     %rdx, AT_RSP(%rdi)
    mov     (%rsp), %rdx
    mov     %rdx, AT_RDX(%rdi)
    xor     %eax, %eax
    ret
    .cfi_endproc
    .size   set_context, . - set_context

// A register of the context that is being entered is in memory yet, `offset` bytes behind rdi:
// DW_CFA_expression (0x10), the register, a block of 2 bytes: DW_OP_breg5 (0x75), the offset.
    .macro in_context register, offset
    .cfi_escape 0x10, \register, 2, 0x75, \offset
    .endm

// _Noreturn void switch_context(const struct registers *registers), in rdi
    .globl  switch_context
    .type   switch_context, @function
switch_context:
    .cfi_startproc
    mov     AT_RDX(%rdi), %rdx
    mov     AT_RSP(%rdi), %rsp
    .cfi_endproc
    // From here on this is the other context's stack: its frame is the caller, and goes on at rdx
    // with rsp as it is. For a fresh one that is the beginning of a function, which has called
    // nothing: so rdx is told to be the next instruction, as behind a signal.
    .cfi_startproc
    .cfi_signal_frame
    .cfi_def_cfa rsp, 0
    .cfi_register rip, rdx
    in_context 3, AT_RBX
    in_context 6, AT_RBP
    in_context 12, AT_R12
    in_context 13, AT_R13
    in_context 14, AT_R14
    in_context 15, AT_R15
    mov     AT_RBX(%rdi), %rbx
    .cfi_same_value rbx
    mov     AT_RBP(%rdi), %rbp
    .cfi_same_value rbp
    mov     AT_R12(%rdi), %r12
    .cfi_same_value r12
    mov     AT_R13(%rdi), %r13
    .cfi_same_value r13
    mov     AT_R14(%rdi), %r14
    .cfi_same_value r14
    mov     AT_R15(%rdi), %r15
    .cfi_same_value r15
    mov     $1, %eax
#ifdef ENTER_BY_CALL
    // A fresh context gets the return address it may expect above its frame. One that goes on gets
    // a stack pointer 8 too low.
    call    *%rdx
    .cfi_undefined rip
    ud2
#else
    jmp     *%rdx
#endif
    .cfi_endproc
    .size   switch_context, . - switch_context

#elif defined(__aarch64__)

    .text
    .globl  set_context
    .type   set_context, %function
set_context:
    .cfi_startproc
    stp     x19, x20, [x0, #AT_X19]
    stp     x21, x22, [x0, #AT_X19 + 16]
    stp     x23, x24, [x0, #AT_X19 + 32]
    stp     x25, x26, [x0, #AT_X19 + 48]
    stp     x27, x28, [x0, #AT_X19 + 64]
    mov     x1, sp
    stp     x29, x1, [x0, #AT_X29]
    str     x30, [x0, #AT_PC]
    mov     w0, #0
    ret
    .cfi_endproc
    .size   set_context, . - set_context

// DW_OP_breg0 (0x70), that is x0, and an offset of one byte, below 64, or of two.
    .macro in_context register, offset
    .if \offset < 64
    .cfi_escape 0x10, \register, 2, 0x70, \offset
    .else
    .cfi_escape 0x10, \register, 3, 0x70, 0x80 | (\offset & 0x7f), \offset >> 7
    .endif
    .endm

    .globl  switch_context
    .type   switch_context, %function
switch_context:
    .cfi_startproc
    ldr     x17, [x0, #AT_PC]
    ldr     x16, [x0, #AT_SP]
    mov     sp, x16
    .cfi_endproc
    .cfi_startproc
    .cfi_signal_frame
    .cfi_return_column 32           // the pc, as x30 is a register of its own here
    .cfi_def_cfa sp, 0
    .cfi_register 32, x17
    // What entry_point will take for its return address is 0, and is there in a moment:
    // DW_CFA_val_expression (0x16), x30, a block of 1 byte: DW_OP_lit0 (0x30). A context that goes
    // on expects nothing in x30 behind a call.
    .cfi_escape 0x16, 30, 1, 0x30
    in_context 19, AT_X19
    in_context 20, AT_X19 + 8
    in_context 21, AT_X19 + 16
    in_context 22, AT_X19 + 24
    in_context 23, AT_X19 + 32
    in_context 24, AT_X19 + 40
    in_context 25, AT_X19 + 48
    in_context 26, AT_X19 + 56
    in_context 27, AT_X19 + 64
    in_context 28, AT_X19 + 72
    in_context 29, AT_X29
    ldp     x19, x20, [x0, #AT_X19]
    .cfi_same_value x19
    .cfi_same_value x20
    ldp     x21, x22, [x0, #AT_X19 + 16]
    .cfi_same_value x21
    .cfi_same_value x22
    ldp     x23, x24, [x0, #AT_X19 + 32]
    .cfi_same_value x23
    .cfi_same_value x24
    ldp     x25, x26, [x0, #AT_X19 + 48]
    .cfi_same_value x25
    .cfi_same_value x26
    ldp     x27, x28, [x0, #AT_X19 + 64]
    .cfi_same_value x27
    .cfi_same_value x28
    ldr     x29, [x0, #AT_X29]
    .cfi_same_value x29
    mov     w0, #1
    mov     x30, #0
#ifdef ENTER_BY_CALL
    // BLR alone would do no harm: x30 is free behind a call, and a call leaves nothing on the
    // stack. So this one leaves what x86-64's does, in the 16 bytes that a stack pointer moves by.
    adr     x30, 0f
    stp     x29, x30, [sp, #-16]!
    .cfi_undefined 32
    br      x17
0:
    udf     #0
#else
    br      x17
#endif
    .cfi_endproc
    .size   switch_context, . - switch_context

#endif

    .section .note.GNU-stack, "", %progbits
