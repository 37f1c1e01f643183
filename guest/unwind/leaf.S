// Hand-written functions with call frame information, for frames no compiler makes.

    .text

#if defined(__x86_64__)

// fault_at(rdi): faults at its first instruction.
    .globl  fault_at
    .type   fault_at, @function
fault_at:
    .cfi_startproc
    mov     (%rdi), %rax
    ret
    .cfi_endproc
    .size   fault_at, . - fault_at

// fault_in_prologue(rdi): faults between the two pushes of its prologue.
    .globl  fault_in_prologue
    .type   fault_in_prologue, @function
fault_in_prologue:
    .cfi_startproc
    push    %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbp, 0
    mov     (%rdi), %rax            // faults: rbx is not saved yet
    push    %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbx, 0
    xor     %ebx, %ebx
    pop     %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbx
    pop     %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbp
    ret
    .cfi_endproc
    .size   fault_in_prologue, . - fault_in_prologue

// spin_forever(): computes until it is stopped.
    .globl  spin_forever
    .type   spin_forever, @function
spin_forever:
    .cfi_startproc
    sub     $24, %rsp
    .cfi_adjust_cfa_offset 24
1:  incq    (%rsp)
    jmp     1b
    .cfi_endproc
    .size   spin_forever, . - spin_forever

#elif defined(__aarch64__)

// fault_at(x0): faults at its first instruction.
    .globl  fault_at
    .type   fault_at, %function
fault_at:
    .cfi_startproc
    ldr     x9, [x0]
    ret
    .cfi_endproc
    .size   fault_at, . - fault_at

// fault_in_prologue(x0): faults after the stack pointer has moved and before x19 and x30 are saved.
    .globl  fault_in_prologue
    .type   fault_in_prologue, %function
fault_in_prologue:
    .cfi_startproc
    sub     sp, sp, #32
    .cfi_def_cfa_offset 32
    ldr     x9, [x0]                // faults
    stp     x19, x30, [sp, #16]
    .cfi_offset x19, -16
    .cfi_offset x30, -8
    mov     x19, #0
    ldp     x19, x30, [sp, #16]
    .cfi_restore x19
    .cfi_restore x30
    add     sp, sp, #32
    .cfi_def_cfa_offset 0
    ret
    .cfi_endproc
    .size   fault_in_prologue, . - fault_in_prologue

// spin_forever(): computes until it is stopped.
    .globl  spin_forever
    .type   spin_forever, %function
spin_forever:
    .cfi_startproc
    sub     sp, sp, #16
    .cfi_def_cfa_offset 16
1:  ldr     x0, [sp]
    add     x0, x0, #1
    str     x0, [sp]
    b       1b
    .cfi_endproc
    .size   spin_forever, . - spin_forever

#endif

    .section .note.GNU-stack, "", %progbits
