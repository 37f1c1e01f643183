// int with_registers(uintptr_t seed, void (*function)(void *), void *argument)
//
// Calls function(argument) with a number of its own in every register that a call keeps, and returns
// whether each has it afterwards. The numbers are those behind `seed`, in the order of the registers.

#if defined(__x86_64__)

    .text
    .globl  with_registers
    .type   with_registers, @function
with_registers:
    .cfi_startproc
    .irp    reg, rbp, rbx, r12, r13, r14, r15
    push    %\reg
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset \reg, 0
    .endr
    sub     $24, %rsp
    .cfi_adjust_cfa_offset 24
    mov     %rdi, (%rsp)
    lea     1(%rdi), %rbx
    lea     2(%rdi), %rbp
    lea     3(%rdi), %r12
    lea     4(%rdi), %r13
    lea     5(%rdi), %r14
    lea     6(%rdi), %r15
    mov     %rsi, %rax
    mov     %rdx, %rdi
    call    *%rax
    mov     (%rsp), %rdi
    xor     %eax, %eax
    .irp    reg, rbx, rbp, r12, r13, r14, r15
    inc     %rdi
    cmp     %rdi, %\reg
    jne     1f
    .endr
    inc     %eax
1:  add     $24, %rsp
    .cfi_adjust_cfa_offset -24
    .irp    reg, r15, r14, r13, r12, rbx, rbp
    pop     %\reg
    .cfi_adjust_cfa_offset -8
    .cfi_restore \reg
    .endr
    ret
    .cfi_endproc
    .size   with_registers, . - with_registers

#elif defined(__aarch64__)

#define FRAME 176

    .text
    .globl  with_registers
    .type   with_registers, %function
with_registers:
    .cfi_startproc
    stp     x29, x30, [sp, #-FRAME]!
    .cfi_def_cfa_offset FRAME
    .cfi_rel_offset x29, 0
    .cfi_rel_offset x30, 8
    mov     x29, sp
    .macro  pair operation, first, second, at
    \operation \first, \second, [sp, #\at]
    .endm
    .macro  all operation
    pair    \operation, x19, x20, 16
    pair    \operation, x21, x22, 32
    pair    \operation, x23, x24, 48
    pair    \operation, x25, x26, 64
    pair    \operation, x27, x28, 80
    pair    \operation, d8, d9, 96
    pair    \operation, d10, d11, 112
    pair    \operation, d12, d13, 128
    pair    \operation, d14, d15, 144
    .endm
    all     stp
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
    .cfi_rel_offset 19 + \n, 16 + 8 * \n
    .endr
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
    .cfi_rel_offset 72 + \n, 96 + 8 * \n
    .endr
    str     x0, [sp, #160]
    .irp    n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28
    add     x\n, x0, #(\n - 18)
    .endr
    .irp    n, 8, 9, 10, 11, 12, 13, 14, 15
    add     x9, x0, #(\n + 3)
    fmov    d\n, x9
    .endr
    mov     x9, x1
    mov     x0, x2
    blr     x9
    ldr     x9, [sp, #160]
    mov     w0, #0
    .irp    n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28
    add     x9, x9, #1
    cmp     x\n, x9
    b.ne    1f
    .endr
    .irp    n, 8, 9, 10, 11, 12, 13, 14, 15
    add     x9, x9, #1
    fmov    x10, d\n
    cmp     x10, x9
    b.ne    1f
    .endr
    mov     w0, #1
1:
    all     ldp
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
    .cfi_restore 19 + \n
    .endr
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
    .cfi_restore 72 + \n
    .endr
    ldp     x29, x30, [sp], #FRAME
    .cfi_def_cfa_offset 0
    .cfi_restore x29
    .cfi_restore x30
    ret
    .cfi_endproc
    .size   with_registers, . - with_registers

#endif

    .section .note.GNU-stack, "", %progbits
