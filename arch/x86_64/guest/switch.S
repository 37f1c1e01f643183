// Context switch, stack handoff and continuations.
//
//   switched-out thread                     fresh thread
//   +----------------------+                +----------------------+ <- TH_STACK_TOP
//   | frames of the kernel |                | switch frame, zeros, |
//   | code that blocked    |                | rip = thread_start   | <- TH_KSP
//   +----------------------+                +----------------------+
//   | return address       |
//   | rbp, rbx             |
//   | r12 ... r15          | <- TH_KSP
//   +----------------------+
//
// All of it runs with interrupts masked: between two stacks there is no thread an interrupt could be charged to.
#include "arch/x86_64/guest/macros.h"

    .text

// Makes the thread in rsi current and loads its address space if it is another one; a write to CR3 flushes the TLB, so an
// equal root is not written. Uses rdx, rcx.
.macro ACTIVATE
    mov     %rsi, %gs:CPU_THREAD
    mov     TH_ROOT(%rsi), %rdx
    mov     %cr3, %rcx
    cmp     %rcx, %rdx
    je      .Lsame\@
    mov     %rdx, %cr3
.Lsame\@:
.endm

// Loads the callee-saved registers of the thread in rsi and resumes it.
.macro RESUME
    mov     TH_KSP(%rsi), %rsp
    .cfi_def_cfa rsp, SWITCH_SIZE
    .cfi_offset r15, -56
    .cfi_offset r14, -48
    .cfi_offset r13, -40
    .cfi_offset r12, -32
    .cfi_offset rbx, -24
    .cfi_offset rbp, -16
    .cfi_offset rip, -8
    pop     %r15
    .cfi_adjust_cfa_offset -8
    .cfi_same_value r15
    pop     %r14
    .cfi_adjust_cfa_offset -8
    .cfi_same_value r14
    pop     %r13
    .cfi_adjust_cfa_offset -8
    .cfi_same_value r13
    pop     %r12
    .cfi_adjust_cfa_offset -8
    .cfi_same_value r12
    pop     %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_same_value rbx
    pop     %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_same_value rbp
    ret
.endm

.macro PUSH_SAVED name
    push    %\name
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset \name, 0
.endm

// switch_context(rdi = old, rsi = new) -> rax = old: saves the old thread on its stack and resumes the new one on its own.
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

// switch_context_fp(rdi = old, rsi = new): the same, with what the System V ABI makes callee-saved of the floating-point unit:
// the control bits of MXCSR and the x87 control word. (No SIMD register is callee-saved on this architecture.)
FUNCTION switch_context_fp
    sub     $8, %rsp
    .cfi_adjust_cfa_offset 8
    stmxcsr (%rsp)
    fnstcw  4(%rsp)
    call    switch_context
    fldcw   4(%rsp)
    ldmxcsr (%rsp)
    add     $8, %rsp
    .cfi_adjust_cfa_offset -8
    ret
END switch_context_fp

// load_context(rdi = old, rsi = new): leaves the old thread, whose stack is discarded (it blocked with a continuation, or died), and
// resumes the new one. Writes nothing to the old stack.
FUNCTION load_context
    mov     %rdi, %rax
    ACTIVATE
    RESUME
END load_context

// First instructions of a thread that has never run or whose stack was discarded. It "returns" to the label thread_start; a return
// address is looked up one byte earlier, so that must be in the same function.
FUNCTION thread_root
    .cfi_undefined rip
    ud2
    .globl  thread_start
thread_start:
    mov     %gs:CPU_THREAD, %rdi
    jmp     call_continuation
END thread_root

// stack_handoff(rdi = old, rsi = new): gives the kernel stack of the old thread to the new one and calls the new one's
// continuation on it.
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

// call_continuation(rdi = thread): empties the thread's kernel stack and jumps to its continuation. Does not return.
FUNCTION call_continuation
    .cfi_undefined rip
    mov     TH_CONTINUATION(%rdi), %rax
    movq    $0, TH_CONTINUATION(%rdi)
    mov     TH_STACK_TOP(%rdi), %rsp
    xor     %ebp, %ebp
    jmp     *%rax
END call_continuation
