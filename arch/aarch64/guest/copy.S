// Moving bytes between user and kernel memory, and zeroing pages. These routines run with
// interrupts unmasked: they are where the kernel spends its time. A fault on the user side enters
// the kernel as any other; if it cannot be resolved the kernel sends the routine to copy_fault,
// which returns the error.
#include "arch/aarch64/guest/macros.h"

    .text

    .globl  copy_begin
copy_begin:

// copyin(x0 = kernel destination, x1 = user source, x2 = bytes)
// -> x0 = 0, or 1 if user memory could not be read.
FUNCTION copyin
    msr     daifclr, #2
    b       copy_bytes
END copyin

// copyout(x0 = user destination, x1 = kernel source, x2 = bytes)
// -> x0 = 0, or 1 if user memory could not be written.
FUNCTION copyout
    msr     daifclr, #2
    b       copy_bytes
END copyout

// 16 bytes at a time, then single bytes. x0 = destination, x1 = source, x2 = bytes, interrupts
// unmasked. Keeps x30: copy_fault returns for it from wherever it was.
FUNCTION copy_bytes
    subs    x2, x2, #16
    b.lo    2f
1:  ldp     x3, x4, [x1], #16
    stp     x3, x4, [x0], #16
    subs    x2, x2, #16
    b.hs    1b
2:  adds    x2, x2, #16
    b.eq    4f
3:  ldrb    w3, [x1], #1
    strb    w3, [x0], #1
    subs    x2, x2, #1
    b.ne    3b
4:  msr     daifset, #2
    mov     x0, #0
    ret
END copy_bytes

    .globl  copy_end
copy_end:

// Where a copy goes on after a fault that could not be resolved: x30 = return address of the
// routine that called for the copy.
FUNCTION copy_fault
    msr     daifset, #2
    mov     x0, #1
    ret
END copy_fault

// zero_page(x0 = kernel address of a page): fills 4096 bytes with zeros.
FUNCTION zero_page
    msr     daifclr, #2
    mov     x1, #64
1:  stp     xzr, xzr, [x0], #16
    stp     xzr, xzr, [x0], #16
    stp     xzr, xzr, [x0], #16
    stp     xzr, xzr, [x0], #16
    subs    x1, x1, #1
    b.ne    1b
    msr     daifset, #2
    ret
END zero_page
