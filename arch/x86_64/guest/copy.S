// Moving bytes between user and kernel memory, and zeroing pages. These routines run with
// interrupts unmasked: they are where the kernel spends its time. A fault on the user side enters
// the kernel as any other; if it cannot be resolved the kernel sends the routine to copy_fault,
// which returns the error.
#include "arch/x86_64/guest/macros.h"

    .text

    .globl  copy_begin
copy_begin:

// copyin(rdi = kernel destination, rsi = user source, rdx = bytes)
// -> rax = 0, or 1 if user memory could not be read.
FUNCTION copyin
    sti
    jmp     copy_bytes
END copyin

// copyout(rdi = user destination, rsi = kernel source, rdx = bytes)
// -> rax = 0, or 1 if user memory could not be written.
FUNCTION copyout
    sti
    jmp     copy_bytes
END copyout

// 16 bytes at a time, then single bytes. rdi = destination, rsi = source, rdx = bytes, interrupts
// unmasked. Keeps nothing on the stack: copy_fault returns for it from wherever it was.
FUNCTION copy_bytes
    sub     $16, %rdx
    jb      2f
1:  mov     (%rsi), %rax
    mov     8(%rsi), %rcx
    mov     %rax, (%rdi)
    mov     %rcx, 8(%rdi)
    add     $16, %rsi
    add     $16, %rdi
    sub     $16, %rdx
    jae     1b
2:  add     $16, %rdx
    jz      4f
3:  movzbl  (%rsi), %eax
    mov     %al, (%rdi)
    inc     %rsi
    inc     %rdi
    dec     %rdx
    jnz     3b
4:  cli
    xor     %eax, %eax
    ret
END copy_bytes

    .globl  copy_end
copy_end:

// Where a copy goes on after a fault that could not be resolved: rsp is at the return address of
// the routine that called for the copy.
FUNCTION copy_fault
    cli
    mov     $1, %eax
    ret
END copy_fault

// zero_page(rdi = kernel address of a page): fills 4096 bytes with zeros.
FUNCTION zero_page
    sti
    xor     %eax, %eax
    mov     $64, %ecx
1:  mov     %rax, (%rdi)
    mov     %rax, 8(%rdi)
    mov     %rax, 16(%rdi)
    mov     %rax, 24(%rdi)
    mov     %rax, 32(%rdi)
    mov     %rax, 40(%rdi)
    mov     %rax, 48(%rdi)
    mov     %rax, 56(%rdi)
    add     $64, %rdi
    dec     %ecx
    jnz     1b
    cli
    ret
END zero_page
