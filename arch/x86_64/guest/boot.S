// First instructions of the kernel: turns paging on, loads the descriptor tables and enters the
// first thread.
#include "arch/x86_64/guest/macros.h"

// CR4 (SDM vol. 3, 2.5)
#define CR4_PAE         (1 << 5)
#define CR4_OSFXSR      (1 << 9)
#define CR4_OSXMMEXCPT  (1 << 10)
#define CR4_SMEP        (1 << 20)       // code of a user page never runs at CPL 0

// Model-specific registers (SDM vol. 4, 2.1)
#define MSR_EFER            0xc0000080
#define MSR_STAR            0xc0000081
#define MSR_LSTAR           0xc0000082
#define MSR_FMASK           0xc0000084
#define MSR_GS_BASE         0xc0000101
#define MSR_KERNEL_GS_BASE  0xc0000102

#define EFER_SCE        (1 << 0)        // SYSCALL and SYSRET
#define EFER_LME        (1 << 8)        // long mode
#define EFER_NXE        (1 << 11)       // execute-disable bit in the tables

// RFLAGS bits that SYSCALL clears
#define RFLAGS_TF       (1 << 8)
#define RFLAGS_IF       (1 << 9)
#define RFLAGS_DF       (1 << 10)
#define RFLAGS_NT       (1 << 14)
#define RFLAGS_AC       (1 << 18)

    .section .text.boot, "ax"

// Writes EDX:EAX to a model-specific register. Uses rcx.
.macro WRITE_MSR msr
    mov     $\msr, %ecx
    wrmsr
.endm

// Writes RAX to a model-specific register. Uses rcx, rdx.
.macro WRITE_MSR_RAX msr
    mov     %rax, %rdx
    shr     $32, %rdx
    WRITE_MSR \msr
.endm

// On entry: 64-bit code at the physical address of the image, CPL 0.
//   rdi = physical root of the boot tables: the kernel half and an identity map of the image
//   rsi = virtual address of the first thread object; its continuation and kernel stack are set
//   rdx = virtual address of the per-CPU area
//   rcx = virtual address of two 10-byte pseudo-descriptors 16 bytes apart, GDT then IDT
//   r8  = virtual address of high_half
//   r9  = value for CR0
FUNCTION boot
    .cfi_undefined rip
    mov     %rcx, %rbx
    mov     %rdx, %rbp
    mov     $(CR4_SMEP | CR4_OSXMMEXCPT | CR4_OSFXSR | CR4_PAE), %eax
    mov     %rax, %cr4
    mov     $MSR_EFER, %ecx
    rdmsr
    or      $(EFER_NXE | EFER_LME | EFER_SCE), %eax
    wrmsr
    mov     %rdi, %cr3
    mov     %r9, %cr0
    jmp     *%r8
END boot

// At the image's virtual address, paging on. rbx = pseudo-descriptors, rbp = per-CPU area,
// rsi = first thread object.
FUNCTION high_half
    .cfi_undefined rip
    lgdt    (%rbx)
    lidt    16(%rbx)
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

    // Selector bases: SYSRET's in the upper half of EDX, SYSCALL's in the lower one.
    xor     %eax, %eax
    mov     $(((USER_BASE | 3) << 16) | KERNEL_CS), %edx
    WRITE_MSR MSR_STAR
    lea     syscall_entry(%rip), %rax
    WRITE_MSR_RAX MSR_LSTAR
    mov     $(RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_NT | RFLAGS_AC), %eax
    xor     %edx, %edx
    WRITE_MSR MSR_FMASK
    mov     %rbp, %rax
    WRITE_MSR_RAX MSR_GS_BASE
    xor     %eax, %eax                  // the user's, until the first swapgs exchanges the two
    xor     %edx, %edx
    WRITE_MSR MSR_KERNEL_GS_BASE

    mov     TH_ROOT(%rsi), %rax
    mov     %rax, %cr3
    mov     %rsi, %gs:CPU_THREAD
    mov     %rsi, %rdi
    jmp     call_continuation
END high_half
