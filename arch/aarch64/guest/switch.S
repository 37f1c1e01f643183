// Context switch, stack handoff and continuations. AArch64 differs from the x86-64 file only in its registers and in the explicit
// TLB invalidation; read that one first.
//
//   switched-out thread                     fresh thread
//   +----------------------+                +----------------------+ <- TH_STACK_TOP
//   | frames of the kernel |                | switch frame, zeros, |
//   | code that blocked    |                | LR = thread_start    | <- TH_KSP
//   +----------------------+                +----------------------+
//   | LR  (x30)            |
//   | x29                  |
//   | x28 ... x19          | <- TH_KSP
//   +----------------------+
#include "arch/aarch64/guest/macros.h"

    .text

// Makes the thread in x1 current and loads its address space if it is another one. Uses x2, x3.
.macro ACTIVATE
    msr     tpidr_el1, x1
    ldr     x2, [x1, #TH_ROOT]
    mrs     x3, ttbr0_el1
    cmp     x2, x3
    b.eq    .Lsame\@
    msr     ttbr0_el1, x2
    isb
    tlbi    vmalle1
    dsb     sy
    isb
.Lsame\@:
.endm

// Call frame rules of a switch frame that ends at the CFA.
.macro SWITCH_FRAME_CFI
    .cfi_offset x19, -96
    .cfi_offset x20, -88
    .cfi_offset x21, -80
    .cfi_offset x22, -72
    .cfi_offset x23, -64
    .cfi_offset x24, -56
    .cfi_offset x25, -48
    .cfi_offset x26, -40
    .cfi_offset x27, -32
    .cfi_offset x28, -24
    .cfi_offset x29, -16
    .cfi_offset x30, -8
.endm

// Loads the callee-saved registers of the thread in x1 and resumes it. x0 survives as the resumed routine's result.
.macro RESUME
    ldr     x2, [x1, #TH_KSP]
    mov     sp, x2
    .cfi_def_cfa sp, SWITCH_SIZE
    SWITCH_FRAME_CFI
    ldp     x19, x20, [sp, #0]
    ldp     x21, x22, [sp, #16]
    ldp     x23, x24, [sp, #32]
    ldp     x25, x26, [sp, #48]
    ldp     x27, x28, [sp, #64]
    ldp     x29, x30, [sp, #80]
    add     sp, sp, #SWITCH_SIZE
    .cfi_def_cfa sp, 0
    .cfi_same_value x19
    .cfi_same_value x20
    .cfi_same_value x21
    .cfi_same_value x22
    .cfi_same_value x23
    .cfi_same_value x24
    .cfi_same_value x25
    .cfi_same_value x26
    .cfi_same_value x27
    .cfi_same_value x28
    .cfi_same_value x29
    .cfi_same_value x30
    ret
.endm

.macro SAVE_SWITCH_FRAME
    sub     sp, sp, #SWITCH_SIZE
    .cfi_def_cfa_offset SWITCH_SIZE
    stp     x19, x20, [sp, #0]
    stp     x21, x22, [sp, #16]
    stp     x23, x24, [sp, #32]
    stp     x25, x26, [sp, #48]
    stp     x27, x28, [sp, #64]
    stp     x29, x30, [sp, #80]
    SWITCH_FRAME_CFI
    mov     x2, sp
    str     x2, [x0, #TH_KSP]
.endm

// switch_context(x0 = old, x1 = new) -> x0 = old: saves the old thread on its stack and resumes the new one on its own.
FUNCTION switch_context
    SAVE_SWITCH_FRAME
    ACTIVATE
    RESUME
END switch_context

// switch_context_fp(x0 = old, x1 = new): the same, with the callee-saved half of the SIMD registers (AAPCS64: d8 to d15)
// and FPCR. For threads whose kernel code computes in floating point.
FUNCTION switch_context_fp
    sub     sp, sp, #SWITCH_FP_SIZE - SWITCH_SIZE
    .cfi_def_cfa_offset SWITCH_FP_SIZE - SWITCH_SIZE
    stp     d8, d9, [sp, #0]
    stp     d10, d11, [sp, #16]
    stp     d12, d13, [sp, #32]
    stp     d14, d15, [sp, #48]
    .cfi_offset d8, -80
    .cfi_offset d9, -72
    .cfi_offset d10, -64
    .cfi_offset d11, -56
    .cfi_offset d12, -48
    .cfi_offset d13, -40
    .cfi_offset d14, -32
    .cfi_offset d15, -24
    mrs     x2, fpcr
    stp     x2, x30, [sp, #64]
    .cfi_offset x30, -8
    bl      switch_context
    ldp     x2, x30, [sp, #64]
    msr     fpcr, x2
    ldp     d8, d9, [sp, #0]
    ldp     d10, d11, [sp, #16]
    ldp     d12, d13, [sp, #32]
    ldp     d14, d15, [sp, #48]
    add     sp, sp, #SWITCH_FP_SIZE - SWITCH_SIZE
    .cfi_def_cfa_offset 0
    .cfi_restore x30
    .cfi_same_value d8
    .cfi_same_value d9
    .cfi_same_value d10
    .cfi_same_value d11
    .cfi_same_value d12
    .cfi_same_value d13
    .cfi_same_value d14
    .cfi_same_value d15
    ret
END switch_context_fp

// load_context(x0 = old, x1 = new): leaves the old thread, whose stack is discarded (it blocked with a continuation, or died), and
// resumes the new one. Writes nothing to the old stack.
FUNCTION load_context
    ACTIVATE
    RESUME
END load_context

// First instructions of a thread that has never run or whose stack was discarded. It "returns" to the label thread_start; a return
// address is looked up one byte earlier, so that must be in the same function.
FUNCTION thread_root
    .cfi_undefined x30
    udf     #0
    .globl  thread_start
thread_start:
    mrs     x0, tpidr_el1
    b       call_continuation
END thread_root

// stack_handoff(x0 = old, x1 = new): gives the kernel stack of the old thread to the new one and calls the new one's
// continuation on it.
FUNCTION stack_handoff
    .cfi_undefined x30
    ldp     x2, x3, [x0, #TH_STACK_BASE]
    stp     x2, x3, [x1, #TH_STACK_BASE]
    stp     xzr, xzr, [x0, #TH_STACK_BASE]
    ACTIVATE
    mov     x0, x1
    b       call_continuation
END stack_handoff

// call_continuation(x0 = thread): empties the thread's kernel stack and jumps to its continuation. Does not return.
FUNCTION call_continuation
    .cfi_undefined x30
    ldr     x1, [x0, #TH_STACK_TOP]
    ldr     x9, [x0, #TH_CONTINUATION]
    str     xzr, [x0, #TH_CONTINUATION]
    mov     sp, x1
    mov     x29, #0
    mov     x30, #0
    br      x9
END call_continuation
