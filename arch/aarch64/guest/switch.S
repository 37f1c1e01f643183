// Context switch, stack handoff and continuations.
//
//      suspended thread            running thread              fresh thread
//
//   +--------------------+      +--------------------+      +--------------------+ <- TH_STACK_TOP
//   | frames of the      |      | frames of the      |      | x30 = thread_start |
//   | kernel code that   |      | kernel code that   |      | x29 = 0            |
//   | blocked            |      | runs               |      | x28 ... x19 = 0    | <- TH_KSP
//   +--------------------+      +--------------------+      +--------------------+
//   | x30 = return addr. |                          ^ SP
//   | x29                |
//   | x28 ... x19        | <- TH_KSP
//   +--------------------+
//
// As on x86-64, a thread that blocks with a continuation has none of these, all of it runs with
// interrupts masked, and no floating-point state is saved. What differs:
//
// - The current thread is in TPIDR_EL1; there is no per-CPU area.
// - A call leaves the return address in x30 and nothing on the stack, so it is saved with the rest.
// - Stores do not move SP: the frame is made and dropped in one step, and the rules change there.
// - A write to TTBR0_EL1 flushes nothing, so old translations are invalidated explicitly.
#include "arch/aarch64/guest/macros.h"

    .text

// Makes the thread in x1 current and loads its address space if it is another one. Address spaces
// have no ASID, so all translations go. Uses x2, x3.
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

// Call frame rules of a switch frame at SP, the registers being in it.
.macro SWITCH_FRAME_CFI
    .cfi_def_cfa sp, SWITCH_SIZE
    .irp r, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28
    .cfi_offset x\r, SWITCH_X19 + 8 * (\r - 19) - SWITCH_SIZE
    .endr
    .cfi_offset x29, SWITCH_FP - SWITCH_SIZE
    .cfi_offset x30, SWITCH_LR - SWITCH_SIZE
.endm

// Resumes the thread in x1 on its own stack. x0 survives, as the result of the routine the thread
// has called. From the move of SP on the rules are those of the resumed thread's frame.
.macro RESUME
    ldr     x2, [x1, #TH_KSP]
    mov     sp, x2
    SWITCH_FRAME_CFI
    ldp     x19, x20, [sp, #SWITCH_X19]
    ldp     x21, x22, [sp, #SWITCH_X19 + 16]
    ldp     x23, x24, [sp, #SWITCH_X19 + 32]
    ldp     x25, x26, [sp, #SWITCH_X19 + 48]
    ldp     x27, x28, [sp, #SWITCH_X19 + 64]
    ldp     x29, x30, [sp, #SWITCH_FP]
    add     sp, sp, #SWITCH_SIZE
    .cfi_def_cfa sp, 0
    .irp r, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    .cfi_same_value x\r
    .endr
    ret
.endm

// switch_context(x0 = old, x1 = new) -> x0 = old: saves the old thread on its stack and resumes the
// new one on its own.
FUNCTION switch_context
    sub     sp, sp, #SWITCH_SIZE
    .cfi_def_cfa_offset SWITCH_SIZE
    stp     x19, x20, [sp, #SWITCH_X19]
    stp     x21, x22, [sp, #SWITCH_X19 + 16]
    stp     x23, x24, [sp, #SWITCH_X19 + 32]
    stp     x25, x26, [sp, #SWITCH_X19 + 48]
    stp     x27, x28, [sp, #SWITCH_X19 + 64]
    stp     x29, x30, [sp, #SWITCH_FP]
    SWITCH_FRAME_CFI
    mov     x2, sp
    str     x2, [x0, #TH_KSP]
    ACTIVATE
    RESUME
END switch_context

// load_context(x0 = old, x1 = new) -> x0 = old, in the new thread: leaves the old thread, whose
// stack is discarded (it blocked with a continuation, or died), and resumes the new one. Writes
// nothing to the old stack.
FUNCTION load_context
    ACTIVATE
    RESUME
END load_context

// First instructions of a fresh thread, on its empty stack. It "returns" to the label thread_start;
// a return address is looked up one byte earlier, so that must be in the same function.
FUNCTION thread_root
    .cfi_undefined x30
    udf     #0
    .globl  thread_start
thread_start:
    mrs     x0, tpidr_el1
    b       call_continuation
END thread_root

// stack_handoff(x0 = old, x1 = new): gives the kernel stack of the old thread to the new one, which
// has none, and calls the new one's continuation on it. Does not return. Base and top are one pair.
FUNCTION stack_handoff
    .cfi_undefined x30
    ldp     x2, x3, [x0, #TH_STACK_BASE]
    stp     x2, x3, [x1, #TH_STACK_BASE]
    stp     xzr, xzr, [x0, #TH_STACK_BASE]
    ACTIVATE
    mov     x0, x1
    b       call_continuation
END stack_handoff

// call_continuation(x0 = thread): empties the thread's kernel stack and jumps to its continuation,
// with the thread still in x0. Does not return.
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
