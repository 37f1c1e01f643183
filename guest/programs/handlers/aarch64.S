// See handlers.h. Offsets in struct machine: general 0, flags 248, control 256, vectors 272.
    .macro  FUNCTION name
    .globl  \name
    .type   \name, %function
\name:
    .cfi_startproc
    .endm
    .macro  END name
    .cfi_endproc
    .size   \name, . - \name
    .endm

    .text
FUNCTION probe
    sub     sp, sp, #112
    .cfi_adjust_cfa_offset 112
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    stp     x29, x30, [sp, #96]
    .irp    n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    .cfi_rel_offset \n, 16 + 8 * (\n - 19)
    .endr
    str     x1, [sp]
    ldr     x2, [x0, #248]
    msr     nzcv, x2
    ldr     x2, [x0, #256]
    msr     fpcr, x2
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    ldr     q\n, [x0, #272 + 16 * \n]
    .endr
    .irp    n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    ldr     q\n, [x0, #272 + 16 * \n]
    .endr
    .irp    n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    ldr     x\n, [x0, #8 * \n]
    .endr
    ldr     x0, [x0]
    .globl  probe_trap, probe_resumed
probe_trap:
    udf     #0
probe_resumed:
    str     x0, [sp, #8]
    ldr     x0, [sp]
    .irp    n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    str     x\n, [x0, #8 * \n]
    .endr
    ldr     x1, [sp, #8]
    str     x1, [x0]
    mrs     x1, nzcv
    str     x1, [x0, #248]
    mrs     x1, fpcr
    str     x1, [x0, #256]
    msr     fpcr, xzr
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    str     q\n, [x0, #272 + 16 * \n]
    .endr
    .irp    n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    str     q\n, [x0, #272 + 16 * \n]
    .endr
    ldp     x19, x20, [sp, #16]
    ldp     x21, x22, [sp, #32]
    ldp     x23, x24, [sp, #48]
    ldp     x25, x26, [sp, #64]
    ldp     x27, x28, [sp, #80]
    ldp     x29, x30, [sp, #96]
    .irp    n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    .cfi_restore \n
    .endr
    add     sp, sp, #112
    .cfi_adjust_cfa_offset -112
    ret
END probe

FUNCTION load_word
    ldr     x0, [x0]
    ret
END load_word

FUNCTION store_word
    str     x0, [x0]
    ret
END store_word

FUNCTION jump_to
    br      x0
END jump_to

FUNCTION undefined_instruction
    udf     #0
END undefined_instruction

FUNCTION breakpoint
    brk     #7
END breakpoint

// There is no divide error here.
FUNCTION divide
    mov     x1, #1
    udiv    x0, x1, x0
    ret
END divide

FUNCTION save_point
    stp     x19, x20, [x0, #0]
    stp     x21, x22, [x0, #16]
    stp     x23, x24, [x0, #32]
    stp     x25, x26, [x0, #48]
    stp     x27, x28, [x0, #64]
    stp     x29, x30, [x0, #80]
    mov     x1, sp
    str     x1, [x0, #96]
    stp     d8, d9, [x0, #104]
    stp     d10, d11, [x0, #120]
    stp     d12, d13, [x0, #136]
    stp     d14, d15, [x0, #152]
    mov     x0, #0
    ret
END save_point

FUNCTION jump_point
    ldp     x19, x20, [x0, #0]
    ldp     x21, x22, [x0, #16]
    ldp     x23, x24, [x0, #32]
    ldp     x25, x26, [x0, #48]
    ldp     x27, x28, [x0, #64]
    ldp     x29, x30, [x0, #80]
    ldr     x2, [x0, #96]
    mov     sp, x2
    ldp     d8, d9, [x0, #104]
    ldp     d10, d11, [x0, #120]
    ldp     d12, d13, [x0, #136]
    ldp     d14, d15, [x0, #152]
    mov     x0, x1
    ret
END jump_point

    .section .note.GNU-stack, "", %progbits
