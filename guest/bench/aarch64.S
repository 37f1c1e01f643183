// Loops of the measured paths: see loops.h for those of user mode and the x86-64 file for the rest.
// AArch64 differs only in its registers.

.include "guest/bench/function.inc"

// call_for_ever(x0 = number)
FUNCTION call_for_ever
    mov     x8, x0
1:  mov     x0, x8
    svc     #0
    b       1b
END call_for_ever

// write_pages_for_ever(x0 = address)
FUNCTION write_pages_for_ever
    strb    w0, [x0]
    add     x0, x0, #1, lsl #12
    b       write_pages_for_ever
END write_pages_for_ever

// read_pages_for_ever(x0 = address)
FUNCTION read_pages_for_ever
    ldrb    w1, [x0]
    add     x0, x0, #1, lsl #12
    b       read_pages_for_ever
END read_pages_for_ever

FUNCTION spin_for_ever
    b       spin_for_ever
END spin_for_ever

FUNCTION trap_for_ever
    svc     #0
    b       trap_for_ever
END trap_for_ever

    .set    FIRST, 0
    .set    SECOND, 8
    .set    ROUTINE, 16
    .set    DONE, 24
    .set    LEFT, 32

// switch_first(x0 = block); the second thread's count is in x21, the first's in x22.
FUNCTION switch_first
    stp     x20, x30, [sp, #-32]!
    .cfi_adjust_cfa_offset 32
    .cfi_rel_offset x20, 0
    .cfi_rel_offset x30, 8
    str     x22, [sp, #16]
    .cfi_rel_offset x22, 16
    mov     x20, x0
    ldr     x22, [x20, #LEFT]
1:  ldp     x0, x1, [x20, #FIRST]
    ldr     x9, [x20, #ROUTINE]
    blr     x9
    subs    x22, x22, #1
    str     x22, [x20, #LEFT]
    b.ne    1b
    ldr     x22, [sp, #16]
    .cfi_same_value x22
    ldp     x20, x30, [sp], #32
    .cfi_adjust_cfa_offset -32
    .cfi_same_value x20
    .cfi_same_value x30
    ret
END switch_first

    .globl  switch_block
    .balign 8
switch_block:
    .quad   0
FUNCTION switch_second
    .cfi_undefined x30
    ldr     x20, switch_block
1:  ldp     x1, x0, [x20, #FIRST]
    ldr     x9, [x20, #ROUTINE]
    add     x21, x21, #1
    str     x21, [x20, #DONE]
    blr     x9
    b       1b
END switch_second

    .section .note.GNU-stack, "", %progbits
