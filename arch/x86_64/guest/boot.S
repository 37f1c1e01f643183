// First instructions of the kernel: turns paging on, loads the descriptor tables and enters the first thread.
#include "arch/x86_64/guest/macros.h"

    .section .text.boot, "ax"

// On entry: 64-bit code at the physical address of the image, CPL 0.
//   rdi = physical root of the boot tables: the kernel half and an identity map of the image
//   rsi = virtual address of the first thread object; its continuation and kernel stack are set
//   rdx = virtual address of the per-CPU area; rcx = virtual address of two 10-byte pseudo descriptors, GDT then IDT
//   r8  = virtual address of high_half; r9 = value for CR0
FUNCTION boot
    .cfi_undefined rip
    mov     %rcx, %rbx
    mov     %rdx, %rbp
    mov     $0x100620, %eax         // SMEP: code of a user page never runs here; PAE, OSFXSR, OSXMMEXCPT
    mov     %rax, %cr4
    mov     $0xc0000080, %ecx       // EFER
    rdmsr
    or      $0x901, %eax            // NXE, LME, SCE
    wrmsr
    mov     %rdi, %cr3
    mov     %r9, %cr0
    jmp     *%r8
END boot

// At the image's virtual address, paging on.
FUNCTION high_half
    .cfi_undefined rip
    lgdt    (%rbx)
    lidt    16(%rbx)
    mov     (%rsi), %rax
    mov     TH_STACK_TOP(%rsi), %rsp
    push    $KERNEL_CS
    lea     1f(%rip), %rax
    push    %rax
    lretq
1:  mov     $KERNEL_DS, %eax
    mov     %eax, %ss
    mov     %eax, %ds
    mov     %eax, %es
    xor     %eax, %eax
    mov     %eax, %fs
    mov     %eax, %gs
    mov     $TSS_SELECTOR, %eax
    ltr     %ax

    mov     $0xc0000081, %ecx       // STAR: selector bases for SYSRET and SYSCALL
    xor     %eax, %eax
    mov     $(((USER_BASE | 3) << 16) | KERNEL_CS), %edx
    wrmsr
    mov     $0xc0000082, %ecx       // LSTAR: entry point
    lea     syscall_entry(%rip), %rax
    mov     %rax, %rdx
    shr     $32, %rdx
    wrmsr
    mov     $0xc0000084, %ecx       // FMASK: clear TF, IF, DF, NT and AC on entry
    mov     $0x44700, %eax
    xor     %edx, %edx
    wrmsr
    mov     $0xc0000101, %ecx       // GS base: the per-CPU area
    mov     %rbp, %rax
    mov     %rbp, %rdx
    shr     $32, %rdx
    wrmsr
    mov     $0xc0000102, %ecx       // the user's GS base, in reserve for swapgs
    xor     %eax, %eax
    xor     %edx, %edx
    wrmsr

    mov     TH_ROOT(%rsi), %rax
    mov     %rax, %cr3
    mov     %rsi, %gs:CPU_THREAD
    mov     %rsi, %rdi
    jmp     call_continuation
END high_half
