// See handlers.h. Offsets in struct machine: general 0, flags 248, control 256, vectors 272.
    .macro  FUNCTION name
    .globl  \name
    .type   \name, @function
\name:
    .cfi_startproc
    .endm
    .macro  END name
    .cfi_endproc
    .size   \name, . - \name
    .endm

    .text
FUNCTION probe
    .irp    name, rbx, rbp, r12, r13, r14, r15, rsi
    push    %\name
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset \name, 0
    .endr
    ldmxcsr 256(%rdi)
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movdqu  272 + 16 * \n(%rdi), %xmm\n
    .endr
    push    248(%rdi)
    .cfi_adjust_cfa_offset 8
    popfq
    .cfi_adjust_cfa_offset -8
    mov     0(%rdi), %rax
    mov     8(%rdi), %rbx
    mov     16(%rdi), %rcx
    mov     24(%rdi), %rdx
    mov     32(%rdi), %rsi
    mov     48(%rdi), %rbp
    .irp    n, 8, 9, 10, 11, 12, 13, 14, 15
    mov     8 * \n - 8(%rdi), %r\n
    .endr
    mov     40(%rdi), %rdi
    .globl  probe_trap, probe_resumed
probe_trap:
    ud2
probe_resumed:
    pushfq
    .cfi_adjust_cfa_offset 8
    push    %rdi
    .cfi_adjust_cfa_offset 8
    mov     16(%rsp), %rdi
    mov     %rax, 0(%rdi)
    mov     %rbx, 8(%rdi)
    mov     %rcx, 16(%rdi)
    mov     %rdx, 24(%rdi)
    mov     %rsi, 32(%rdi)
    mov     %rbp, 48(%rdi)
    .irp    n, 8, 9, 10, 11, 12, 13, 14, 15
    mov     %r\n, 8 * \n - 8(%rdi)
    .endr
    pop     40(%rdi)
    .cfi_adjust_cfa_offset -8
    pop     248(%rdi)
    .cfi_adjust_cfa_offset -8
    cld
    stmxcsr 256(%rdi)
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movdqu  %xmm\n, 272 + 16 * \n(%rdi)
    .endr
    movl    $0x1f80, -4(%rsp)
    ldmxcsr -4(%rsp)
    .irp    name, rsi, r15, r14, r13, r12, rbp, rbx
    pop     %\name
    .cfi_adjust_cfa_offset -8
    .cfi_restore \name
    .endr
    ret
END probe

FUNCTION load_word
    mov     (%rdi), %rax
    ret
END load_word

FUNCTION store_word
    mov     %rdi, (%rdi)
    ret
END store_word

FUNCTION jump_to
    jmp     *%rdi
END jump_to

FUNCTION undefined_instruction
    ud2
END undefined_instruction

FUNCTION breakpoint
    int3
    ret
END breakpoint

FUNCTION divide
    mov     $1, %eax
    xor     %edx, %edx
    div     %rdi
    ret
END divide

FUNCTION save_point
    mov     %rbx, 0(%rdi)
    mov     %rbp, 8(%rdi)
    mov     %r12, 16(%rdi)
    mov     %r13, 24(%rdi)
    mov     %r14, 32(%rdi)
    mov     %r15, 40(%rdi)
    mov     %rsp, 48(%rdi)
    mov     (%rsp), %rax
    mov     %rax, 56(%rdi)
    xor     %eax, %eax
    ret
END save_point

FUNCTION jump_point
    mov     0(%rdi), %rbx
    mov     8(%rdi), %rbp
    mov     16(%rdi), %r12
    mov     24(%rdi), %r13
    mov     32(%rdi), %r14
    mov     40(%rdi), %r15
    mov     48(%rdi), %rsp
    mov     56(%rdi), %rax
    mov     %rax, (%rsp)
    mov     %esi, %eax
    ret
END jump_point

    .section .note.GNU-stack, "", %progbits
