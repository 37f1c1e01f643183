// Context switch, stack handoff and continuations.
//
//      suspended thread            running thread              fresh thread
//
//   +--------------------+      +--------------------+      +--------------------+ <- TH_STACK_TOP
//   | frames of the      |      | frames of the      |      | rip = thread_start |
//   | kernel code that   |      | kernel code that   |      | rbp = rbx = 0      |
//   | blocked            |      | runs               |      | r12 ... r15 = 0    | <- TH_KSP
//   +--------------------+      +--------------------+      +--------------------+
//   | rip = return addr. |                          ^ rsp
//   | rbp, rbx           |
//   | r12 ... r15        | <- TH_KSP
//   +--------------------+
//
// A thread that blocks with a continuation has none of these: its stack is discarded, or handed to
// the thread that runs next, and it starts again as a fresh one.
//
// All of it runs with interrupts masked: between two stacks there is no thread an interrupt could
// be charged to. Kernel code computes nothing in floating point, so a switch saves none of it; the
// user's is in the unit until another thread uses that (fp.S).
#include "arch/x86_64/guest/macros.h"

    .text

// Makes the thread in rsi current and loads its address space if it is another one; a write to CR3
// flushes the TLB, so an equal root is not written. Uses rdx, rcx.
.macro ACTIVATE
    mov     %rsi, %gs:CPU_THREAD
    mov     TH_ROOT(%rsi), %rdx
    mov     %cr3, %rcx
    cmp     %rcx, %rdx
    je      .Lsame\@
    mov     %rdx, %cr3
.Lsame\@:
.endm

// Resumes the thread in rsi on its own stack. rax survives, as the result of the routine the thread
// has called. From the first instruction on the rules are those of the resumed thread's frame.
.macro RESUME
    mov     TH_KSP(%rsi), %rsp
    .cfi_def_cfa rsp, SWITCH_SIZE
    .cfi_offset r15, SWITCH_R15 - SWITCH_SIZE
    .cfi_offset r14, SWITCH_R14 - SWITCH_SIZE
    .cfi_offset r13, SWITCH_R13 - SWITCH_SIZE
    .cfi_offset r12, SWITCH_R12 - SWITCH_SIZE
    .cfi_offset rbx, SWITCH_RBX - SWITCH_SIZE
    .cfi_offset rbp, SWITCH_RBP - SWITCH_SIZE
    .cfi_offset rip, SWITCH_RIP - SWITCH_SIZE
    POP_SAVED r15
    POP_SAVED r14
    POP_SAVED r13
    POP_SAVED r12
    POP_SAVED rbx
    POP_SAVED rbp
    ret
.endm

.macro PUSH_SAVED name
    push    %\name
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset \name, 0
.endm

.macro POP_SAVED name
    pop     %\name
    .cfi_adjust_cfa_offset -8
    .cfi_same_value \name
.endm

// switch_context(rdi = old, rsi = new) -> rax = old: saves the old thread on its stack and resumes
// the new one on its own. The call has pushed the return address, which is the frame's highest
// word.
FUNCTION switch_context
    mov     %rdi, %rax
    PUSH_SAVED rbp
    PUSH_SAVED rbx
    PUSH_SAVED r12
    PUSH_SAVED r13
    PUSH_SAVED r14
    PUSH_SAVED r15
    mov     %rsp, TH_KSP(%rdi)
    ACTIVATE
    RESUME
END switch_context

// load_context(rdi = old, rsi = new) -> rax = old, in the new thread: leaves the old thread, whose
// stack is discarded (it blocked with a continuation, or died), and resumes the new one. Writes
// nothing to the old stack.
FUNCTION load_context
    mov     %rdi, %rax
    ACTIVATE
    RESUME
END load_context

// First instructions of a fresh thread, on its empty stack. It "returns" to the label thread_start;
// a return address is looked up one byte earlier, so that must be in the same function.
FUNCTION thread_root
    .cfi_undefined rip
    ud2
    .globl  thread_start
thread_start:
    mov     %gs:CPU_THREAD, %rdi
    jmp     call_continuation
END thread_root

// stack_handoff(rdi = old, rsi = new): gives the kernel stack of the old thread to the new one,
// which has none, and calls the new one's continuation on it. Does not return.
FUNCTION stack_handoff
    .cfi_undefined rip
    mov     TH_STACK_BASE(%rdi), %rax
    mov     TH_STACK_TOP(%rdi), %rdx
    mov     %rax, TH_STACK_BASE(%rsi)
    mov     %rdx, TH_STACK_TOP(%rsi)
    movq    $0, TH_STACK_BASE(%rdi)
    movq    $0, TH_STACK_TOP(%rdi)
    ACTIVATE
    mov     %rsi, %rdi
    jmp     call_continuation
END stack_handoff

// call_continuation(rdi = thread): empties the thread's kernel stack and jumps to its continuation,
// with the thread still in rdi. Does not return.
FUNCTION call_continuation
    .cfi_undefined rip
    mov     TH_CONTINUATION(%rdi), %rax
    movq    $0, TH_CONTINUATION(%rdi)
    mov     TH_STACK_TOP(%rdi), %rsp
    xor     %ebp, %ebp
    jmp     *%rax
END call_continuation
