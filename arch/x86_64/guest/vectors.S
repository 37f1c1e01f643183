// Interrupt and exception entry (SDM vol. 3, chapter 6), system call entry, and the ways back.
//
//   trap from user mode                      trap from kernel mode
//   +-----------------------+ <- TSS.RSP0    +-----------------------+ <- interrupted RSP,
//   | ss rsp rflags cs rip  |                | ss rsp rflags cs rip  |    rounded down to 16
//   | error, vector         |                | error, vector         |
//   | general registers     | <- rbx         | general registers     | <- rbx
//   +-----------------------+                +-----------------------+
//   | thread object         |                | stack of this code    |
//   +-----------------------+
//
//   RSP = TH_STACK_TOP: the kernel stack     RSP goes on below the frame
//   is empty
//
// The first row is pushed by the CPU, the error code by the CPU or the stub, the rest by the stub
// and trap_entry. syscall_entry builds the same frame in the thread object.
#include "arch/x86_64/guest/macros.h"

    .section .text.vectors, "ax"

// One stub for each vector, VECTOR_STUB_SIZE bytes apart. The CPU has pushed ss, rsp, rflags, cs
// and rip, and for vectors 8, 10 to 14, 17, 21, 29 and 30 an error code (SDM vol. 3, table 6-1 and
// 6.13).
    .globl  vectors
    .balign 16
vectors:
    .set    .Lvector, 0
    .rept   VECTOR_COUNT
    .balign VECTOR_STUB_SIZE, 0xcc
    .cfi_startproc
    .cfi_signal_frame
    .set    .Lerror, (.Lvector == 8) || ((.Lvector >= 10) && (.Lvector <= 14)) || (.Lvector == 17)
    .set    .Lerror, .Lerror || (.Lvector == 21) || (.Lvector == 29) || (.Lvector == 30)
    .if .Lerror
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

// Pushes a register to its place in the trap frame, whose offset says how far RSP still is from it.
.macro PUSH_REGISTER name, offset
    push    %\name
    PUSHED_CFI FRAME_PC - \offset
.endm

// Completes the trap frame whose upper part, from the vector on, is at RSP. Afterwards rbx = trap
// frame and rbp = 0, the end of the chain of frame pointers.
.macro SAVE_REGISTERS
    PUSH_REGISTER rax, FRAME_RAX
    PUSH_REGISTER rbx, FRAME_RBX
    PUSH_REGISTER rcx, FRAME_RCX
    PUSH_REGISTER rdx, FRAME_RDX
    PUSH_REGISTER rsi, FRAME_RSI
    PUSH_REGISTER rdi, FRAME_RDI
    PUSH_REGISTER rbp, FRAME_RBP
    PUSH_REGISTER r8, FRAME_R8
    PUSH_REGISTER r9, FRAME_R9
    PUSH_REGISTER r10, FRAME_R10
    PUSH_REGISTER r11, FRAME_R11
    PUSH_REGISTER r12, FRAME_R12
    PUSH_REGISTER r13, FRAME_R13
    PUSH_REGISTER r14, FRAME_R14
    PUSH_REGISTER r15, FRAME_R15
    mov     %rsp, %rbx
    TRAP_FRAME_CFI
    xor     %ebp, %ebp
.endm

// Where the stubs go. At RSP: vector, error, rip, cs, rflags, rsp, ss; the general registers and GS
// are still the interrupted code's. RSP is in the thread object if that was user code, else on the
// stack of the interrupted kernel code or, after a double fault, on the interrupt stack.
FUNCTION trap_entry
    .cfi_signal_frame
    PUSHED_CFI FRAME_PC - FRAME_VECTOR
    testb   $3, FRAME_CS - FRAME_VECTOR(%rsp)
    jz      1f
    swapgs
1:  SAVE_REGISTERS
    cld
    testb   $3, FRAME_CS(%rbx)
    jnz     trap_from_user
    mov     %rbx, %rdi
    mov     $HC_TRAP, %eax
    KERNEL_LOOP
END trap_entry

// Goes on on the current thread's kernel stack, which is empty. rbx = trap frame inside the thread
// object, GS = per-CPU area.
FUNCTION trap_from_user
    .cfi_signal_frame
    TRAP_FRAME_CFI
    mov     %gs:CPU_THREAD, %rcx
    mov     TH_STACK_TOP(%rcx), %rsp
    mov     %rbx, %rdi
    mov     $HC_TRAP, %eax
    KERNEL_LOOP
END trap_from_user

// SYSCALL (SDM vol. 2): rcx = user RIP, r11 = user RFLAGS, rsp and GS still the user's, interrupts
// masked and the direction flag cleared by FMASK. Builds by hand what an exception would have
// pushed.
FUNCTION syscall_entry
    .cfi_signal_frame
    .cfi_def_cfa rsp, 0
    .cfi_register rip, rcx
    .cfi_register 49, 11
    swapgs
    mov     %rsp, %gs:CPU_USER_SP
    mov     %gs:CPU_THREAD, %rsp
    // For three instructions the user RSP is only in the per-CPU area, out of the reach of CFI.
    .cfi_undefined rip
    lea     TH_FRAME + FRAME_SIZE(%rsp), %rsp
    push    $(USER_DS | 3)
    push    %gs:CPU_USER_SP
    SAVED_CFA_CFI 7, 0
    .cfi_register rip, rcx
    push    %r11
    SAVED_CFA_CFI 7, 8
    push    $(USER_CS | 3)
    SAVED_CFA_CFI 7, 16
    push    %rcx
    SAVED_CFA_CFI 7, 24
    push    $0
    SAVED_CFA_CFI 7, 32
    push    $VECTOR_SYSCALL
    SAVED_CFA_CFI 7, 40
    SAVE_REGISTERS
    jmp     trap_from_user
END syscall_entry

// Moves the stack pointer to the trap frame in the thread object in rdi, and TSS.RSP0 to the end of
// it: that is where the next trap from CPL 3 pushes to. Uses rax, rcx.
.macro STAND_ON_USER_FRAME
    TRAP_FRAME_CFI_AT 5, TH_FRAME
    lea     TH_FRAME + FRAME_SIZE(%rdi), %rax
    mov     %gs:CPU_TSS, %rcx
    mov     %rax, TSS_RSP0(%rcx)
    lea     TH_FRAME(%rdi), %rsp
    TRAP_FRAME_CFI_AT 7, 0
.endm

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

// Moves RSP, the general registers being loaded, up to what IRET pops: rip, cs, rflags, rsp, ss.
.macro LEAVE_FRAME
    add     $FRAME_PC, %rsp
    LOADED_CFI
    PUSHED_CFI 0
.endm

// exit_to_user(rdi = thread): drops the kernel stack and returns to the user context in the thread
// object. Does not return.
FUNCTION exit_to_user
    .cfi_signal_frame
    STAND_ON_USER_FRAME
    LOAD_REGISTERS
    LEAVE_FRAME
    swapgs
    iretq
END exit_to_user

// exit_to_user_sysret(rdi = thread): the same for a frame that syscall_entry built, whose rcx and
// r11 hold the PC and the flags, as SYSRET leaves them.
FUNCTION exit_to_user_sysret
    .cfi_signal_frame
    STAND_ON_USER_FRAME
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

// exit_to_kernel(rdi = frame): returns to the kernel code whose context is in a frame, wherever
// that is: in 64-bit mode IRET pops RSP whether or not the privilege level changes. Does not
// return.
FUNCTION exit_to_kernel
    .cfi_signal_frame
    TRAP_FRAME_CFI_AT 5, 0
    mov     %rdi, %rsp
    TRAP_FRAME_CFI_AT 7, 0
    LOAD_REGISTERS
    LEAVE_FRAME
    iretq
END exit_to_kernel
