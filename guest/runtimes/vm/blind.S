// A native function that no table and no frame pointer leads through, as of code that another compiler
// or nobody's made: it calls vm_enter with what it has got (arch.h). Besides it checks what the C ABI
// promises, the stack's alignment here and the registers that calls keep there, and traps if it is not
// so.
#include "layout.h"

#if defined(__x86_64__)

    .section .text.vm_blind, "ax", @progbits
    .globl  vm_blind
    .type   vm_blind, @function
vm_blind:
    push    %rbx
    push    %r12
    push    %r13
    push    %r14
    push    %r15
    push    %rbp                    // anywhere but where a frame record has it
    lea     8(%rsp), %rax
    test    $15, %eax
    jnz     1f
    sub     $8, %rsp
    mov     $0xb11d0001, %ebx
    mov     $0xb11d0002, %ebp
    mov     $0xb11d0003, %r12d
    mov     $0xb11d0004, %r13d
    mov     $0xb11d0005, %r14d
    mov     %rsp, %r15
    call    vm_enter
    cmp     %rsp, %r15
    jne     1f
    .macro  CHECK register, value
    mov     $\value, %eax
    cmp     %rax, \register
    jne     1f
    .endm
    CHECK   %rbx, 0xb11d0001
    CHECK   %rbp, 0xb11d0002
    CHECK   %r12, 0xb11d0003
    CHECK   %r13, 0xb11d0004
    CHECK   %r14, 0xb11d0005
    add     $8, %rsp
    pop     %rbp
    pop     %r15
    pop     %r14
    pop     %r13
    pop     %r12
    pop     %rbx
    ret
1:  ud2
    .size   vm_blind, . - vm_blind

#elif defined(__aarch64__)

    .section .text.vm_blind, "ax", %progbits
    .globl  vm_blind
    .type   vm_blind, %function
vm_blind:
    sub     sp, sp, #112
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    stp     x30, x29, [sp, #96]     // anything but a frame record
    .set    value, 19
    .irp    each, x19, x20, x21, x22, x23, x24, x25, x26, x27, x28, x29
    mov     \each, #(0xb11d << 16)
    movk    \each, #value
    .set    value, value + 1
    .endr
    mov     x9, sp
    str     x9, [sp]
    tst     x9, #15
    b.ne    1f
    bl      vm_enter
    ldr     x9, [sp]
    mov     x10, sp
    cmp     x9, x10
    b.ne    1f
    .set    value, 19
    .irp    each, x19, x20, x21, x22, x23, x24, x25, x26, x27, x28, x29
    mov     x9, #(0xb11d << 16)
    movk    x9, #value
    cmp     x9, \each
    b.ne    1f
    .set    value, value + 1
    .endr
    ldp     x19, x20, [sp, #16]
    ldp     x21, x22, [sp, #32]
    ldp     x23, x24, [sp, #48]
    ldp     x25, x26, [sp, #64]
    ldp     x27, x28, [sp, #80]
    ldp     x30, x29, [sp, #96]
    add     sp, sp, #112
    ret
1:  udf     #0
    .size   vm_blind, . - vm_blind

#else
#error "Trapline programs are for AArch64 and x86-64"
#endif

    .section .note.GNU-stack, "", %progbits
