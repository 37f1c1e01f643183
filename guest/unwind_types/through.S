// A frame no compiler makes: call_through(function) saves registers in an order of its own and
// calls the function.

    .text
    .globl  call_through

#if defined(__x86_64__)

    .type   call_through, @function
call_through:
    .cfi_startproc
    push    %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r14, 0
    push    %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbx, 0
    mov     %rsp, %rbx
    .cfi_def_cfa_register rbx
    and     $-64, %rsp
    sub     $64, %rsp
    xor     %r14d, %r14d
    call    *%rdi
    mov     %rbx, %rsp
    .cfi_def_cfa_register rsp
    pop     %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbx
    pop     %r14
    .cfi_adjust_cfa_offset -8
    .cfi_restore r14
    ret
    .cfi_endproc

#elif defined(__aarch64__)

    .type   call_through, %function
call_through:
    .cfi_startproc
    stp     x21, x30, [sp, #-32]!
    .cfi_def_cfa_offset 32
    .cfi_offset x21, -32
    .cfi_offset x30, -24
    str     x29, [sp, #16]
    .cfi_offset x29, -16
    mov     x21, sp
    .cfi_def_cfa_register x21
    and     x9, x21, #-64
    sub     sp, x9, #64
    mov     x29, #0
    blr     x0
    mov     sp, x21
    .cfi_def_cfa_register sp
    ldr     x29, [sp, #16]
    .cfi_restore x29
    ldp     x21, x30, [sp], #32
    .cfi_def_cfa_offset 0
    .cfi_restore x21
    .cfi_restore x30
    ret
    .cfi_endproc

#endif

    .size   call_through, . - call_through
    .section .note.GNU-stack, "", %progbits
