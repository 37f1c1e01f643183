// Interrupt and exception entry (SDM vol. 3, chapter 6), system call entry, and the ways back.
//
//   user thread                                  kernel code
//   +-----------------------+ <- TSS.RSP0        +-----------------------+ <- interrupted RSP, aligned to 16
//   | ss rsp rflags cs rip  |    pushed by       | ss rsp rflags cs rip  |    pushed by the CPU
//   | error, vector         |    the CPU and     | error, vector         |
//   | general registers     | <- rbx             | general registers     | <- rbx
//   | ... thread object     |                    +-----------------------+
//   +-----------------------+                    | this stub's stack     |
//   kernel stack: empty, RSP = TH_STACK_TOP
#include "arch/x86_64/guest/macros.h"

    .section .text.vectors, "ax"

// One stub for each vector, VECTOR_STUB_SIZE bytes apart. The CPU pushes an error code for vectors 8, 10-14, 17, 21, 29 and 30.
    .globl  vectors
    .balign 16
vectors:
    .set    .Lvector, 0
    .rept   VECTOR_COUNT
    .balign VECTOR_STUB_SIZE, 0xcc
    .cfi_startproc
    .cfi_signal_frame
    .if (.Lvector == 8) || ((.Lvector >= 10) && (.Lvector <= 14)) || (.Lvector == 17) || (.Lvector == 21) || (.Lvector == 29) || (.Lvector == 30)
    PUSHED_CFI 8    // below it, the error code
    push    $.Lvector
    .else
    PUSHED_CFI 0
    push    $0
    PUSHED_CFI 8
    push    $.Lvector
    .endif
    PUSHED_CFI 16
    jmp     trap_entry
    .cfi_endproc
    .set    .Lvector, .Lvector + 1
    .endr

// `depth` bytes are between RSP and the vector.
.macro PUSH_REGISTER name, depth
    push    %\name
    PUSHED_CFI \depth + 8 + FRAME_PC - FRAME_VECTOR
.endm

// At rsp: vector, error, rip, cs, rflags, rsp, ss.
FUNCTION trap_entry
    .cfi_signal_frame
    PUSHED_CFI FRAME_PC - FRAME_VECTOR
    testb   $3, FRAME_CS - FRAME_VECTOR(%rsp)
    jz      1f
    swapgs
1:  PUSH_REGISTER rax, 0
    PUSH_REGISTER rbx, 8
    PUSH_REGISTER rcx, 16
    PUSH_REGISTER rdx, 24
    PUSH_REGISTER rsi, 32
    PUSH_REGISTER rdi, 40
    PUSH_REGISTER rbp, 48
    PUSH_REGISTER r8, 56
    PUSH_REGISTER r9, 64
    PUSH_REGISTER r10, 72
    PUSH_REGISTER r11, 80
    PUSH_REGISTER r12, 88
    PUSH_REGISTER r13, 96
    PUSH_REGISTER r14, 104
    PUSH_REGISTER r15, 112
    mov     %rsp, %rbx
    TRAP_FRAME_CFI
    cld
    xor     %ebp, %ebp
    xor     %esi, %esi
    testb   $3, FRAME_CS(%rbx)
    jnz     trap_from_user
    inc     %esi
    mov     %rbx, %rdi
    mov     $HC_TRAP, %eax
    KERNEL_LOOP
END trap_entry

// rbx = trap frame inside the thread object, esi = 0.
FUNCTION trap_from_user
    .cfi_signal_frame
    TRAP_FRAME_CFI
    mov     %gs:CPU_THREAD, %rcx
    mov     TH_STACK_TOP(%rcx), %rsp
    mov     %rbx, %rdi
    mov     $HC_TRAP, %eax
    KERNEL_LOOP
END trap_from_user

// SYSCALL (SDM vol. 2): rcx = user RIP, r11 = user RFLAGS, no stack yet, interrupts masked by FMASK.
FUNCTION syscall_entry
    .cfi_signal_frame
    .cfi_def_cfa rsp, 0
    .cfi_register rip, rcx
    .cfi_register 49, 11
    swapgs
    mov     %rsp, %gs:CPU_USER_SP
    mov     %gs:CPU_THREAD, %rsp
    .cfi_undefined rip                      // for three instructions the user RSP is only in the per-CPU area, out of CFI's reach
    lea     TH_FRAME + FRAME_SIZE(%rsp), %rsp
    push    $(USER_DS | 3)
    push    %gs:CPU_USER_SP
    .cfi_escape 0x0f, 3, 0x77, 0x00, 0x06   // CFA = *rsp, the user RSP just pushed
    .cfi_register rip, rcx
    push    %r11
    .cfi_escape 0x0f, 3, 0x77, 0x08, 0x06
    push    $(USER_CS | 3)
    .cfi_escape 0x0f, 3, 0x77, 0x10, 0x06
    push    %rcx
    .cfi_escape 0x0f, 3, 0x77, 0x18, 0x06
    push    $0
    .cfi_escape 0x0f, 3, 0x77, 0x20, 0x06
    push    $VECTOR_SYSCALL
    .cfi_escape 0x0f, 3, 0x77, 0x28, 0x06
    PUSH_REGISTER rax, 0
    PUSH_REGISTER rbx, 8
    PUSH_REGISTER rcx, 16
    PUSH_REGISTER rdx, 24
    PUSH_REGISTER rsi, 32
    PUSH_REGISTER rdi, 40
    PUSH_REGISTER rbp, 48
    PUSH_REGISTER r8, 56
    PUSH_REGISTER r9, 64
    PUSH_REGISTER r10, 72
    PUSH_REGISTER r11, 80
    PUSH_REGISTER r12, 88
    PUSH_REGISTER r13, 96
    PUSH_REGISTER r14, 104
    PUSH_REGISTER r15, 112
    mov     %rsp, %rbx
    TRAP_FRAME_CFI
    xor     %ebp, %ebp
    xor     %esi, %esi
    jmp     trap_from_user
END syscall_entry

// Loads the general registers from the frame at RSP, which stays where it is so that the rules do.
.macro LOAD_REGISTERS
    mov     FRAME_R15(%rsp), %r15
    mov     FRAME_R14(%rsp), %r14
    mov     FRAME_R13(%rsp), %r13
    mov     FRAME_R12(%rsp), %r12
    mov     FRAME_R11(%rsp), %r11
    mov     FRAME_R10(%rsp), %r10
    mov     FRAME_R9(%rsp), %r9
    mov     FRAME_R8(%rsp), %r8
    mov     FRAME_RBP(%rsp), %rbp
    mov     FRAME_RDI(%rsp), %rdi
    mov     FRAME_RSI(%rsp), %rsi
    mov     FRAME_RDX(%rsp), %rdx
    mov     FRAME_RCX(%rsp), %rcx
    mov     FRAME_RBX(%rsp), %rbx
    mov     FRAME_RAX(%rsp), %rax
.endm

// The general registers are those of the interrupted context.
.macro LOADED_CFI
    .irp column, 0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15
    .cfi_same_value \column
    .endr
.endm

// Leaves the frame at RSP, whose general registers are loaded: at rsp are then rip, cs, rflags, rsp, ss.
.macro RETURN_FROM_FRAME swap
    add     $FRAME_PC, %rsp
    LOADED_CFI
    PUSHED_CFI 0
    .if \swap
    swapgs
    .endif
    iretq
.endm

// exit_to_user(rdi = thread): drops the kernel stack and returns to the user context in the thread object. Does not return.
// TSS.RSP0 is left at the end of the frame: that is where the next trap from CPL 3 pushes to.
FUNCTION exit_to_user
    .cfi_signal_frame
    TRAP_FRAME_CFI_AT 5, TH_FRAME
    lea     TH_FRAME + FRAME_SIZE(%rdi), %rax
    mov     %gs:CPU_TSS, %rcx
    mov     %rax, TSS_RSP0(%rcx)
    lea     TH_FRAME(%rdi), %rsp
    TRAP_FRAME_CFI_AT 7, 0
    LOAD_REGISTERS
    RETURN_FROM_FRAME 1
END exit_to_user

// exit_to_user_sysret(rdi = thread): the same for a frame that syscall_entry built, whose rcx and r11 the ABI lets go.
FUNCTION exit_to_user_sysret
    .cfi_signal_frame
    TRAP_FRAME_CFI_AT 5, TH_FRAME
    lea     TH_FRAME + FRAME_SIZE(%rdi), %rax
    mov     %gs:CPU_TSS, %rcx
    mov     %rax, TSS_RSP0(%rcx)
    lea     TH_FRAME(%rdi), %rsp
    TRAP_FRAME_CFI_AT 7, 0
    LOAD_REGISTERS
    mov     FRAME_PC(%rsp), %rcx
    mov     FRAME_RFLAGS(%rsp), %r11
    mov     FRAME_SP(%rsp), %rsp
    LOADED_CFI
    .cfi_def_cfa rsp, 0
    .cfi_register rip, rcx
    .cfi_register 49, 11
    swapgs
    sysretq
END exit_to_user_sysret

// exit_to_kernel(rdi = frame): returns to the interrupted kernel code of a frame on the kernel stack. Does not return.
FUNCTION exit_to_kernel
    .cfi_signal_frame
    TRAP_FRAME_CFI_AT 5, 0
    mov     %rdi, %rsp
    TRAP_FRAME_CFI_AT 7, 0
    LOAD_REGISTERS
    RETURN_FROM_FRAME 0
END exit_to_kernel
