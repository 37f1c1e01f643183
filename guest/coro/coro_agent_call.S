// Where a call of a host function (CORO_IMPORT in coro_agent.h) goes: its name is in rax or x9, its
// arguments are where calls have them. They are stored in a struct coro_agent_call, which is what the
// stack pointer points at when the machine comes to coro_agent_host; the host writes its answer
// there.
#define NAME 0
#define ARGUMENTS 8
#define ACTION 56
#define VALUE 64
#define SIZE 80
// Actions.
#define AGAIN 4
#define ASKED 5

#if defined(__x86_64__)

    .section .text.coro_agent_import, "ax"
    .globl  coro_agent_import
    .type   coro_agent_import, @function
coro_agent_import:
    .cfi_startproc
    push    %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset rbp, -16
    mov     %rsp, %rbp
    .cfi_def_cfa_register rbp
    sub     $SIZE, %rsp
    mov     %rax, NAME(%rsp)
    mov     %rdi, ARGUMENTS(%rsp)
    mov     %rsi, ARGUMENTS + 8(%rsp)
    mov     %rdx, ARGUMENTS + 16(%rsp)
    mov     %rcx, ARGUMENTS + 24(%rsp)
    mov     %r8, ARGUMENTS + 32(%rsp)
    mov     %r9, ARGUMENTS + 40(%rsp)
    movq    $ASKED, ACTION(%rsp)
    .globl  coro_agent_host
coro_agent_host:
    mov     VALUE(%rsp), %rax
    cmpq    $0, ACTION(%rsp)
    je      1f
    mov     %rsp, %rdi
    call    coro_agent_act
    cmpq    $AGAIN, ACTION(%rsp)
    je      coro_agent_host
1:  leave
    .cfi_def_cfa rsp, 8
    .cfi_restore rbp
    ret
    .cfi_endproc
    .size   coro_agent_import, . - coro_agent_import

#elif defined(__aarch64__)

    .section .text.coro_agent_import, "ax"
    .p2align 2
    .globl  coro_agent_import
    .type   coro_agent_import, %function
coro_agent_import:
    .cfi_startproc
    stp     x29, x30, [sp, #-16]!
    .cfi_def_cfa_offset 16
    .cfi_offset x29, -16
    .cfi_offset x30, -8
    mov     x29, sp
    .cfi_def_cfa_register x29
    sub     sp, sp, #SIZE
    str     x9, [sp, #NAME]
    stp     x0, x1, [sp, #ARGUMENTS]
    stp     x2, x3, [sp, #ARGUMENTS + 16]
    stp     x4, x5, [sp, #ARGUMENTS + 32]
    mov     x0, #ASKED
    str     x0, [sp, #ACTION]
    .globl  coro_agent_host
coro_agent_host:
    ldp     x1, x0, [sp, #ACTION]
    cbz     x1, 1f
    mov     x0, sp
    bl      coro_agent_act
    ldr     x1, [sp, #ACTION]
    cmp     x1, #AGAIN
    b.eq    coro_agent_host
1:  mov     sp, x29
    .cfi_def_cfa_register sp
    ldp     x29, x30, [sp], #16
    .cfi_def_cfa_offset 0
    .cfi_restore x29
    .cfi_restore x30
    ret
    .cfi_endproc
    .size   coro_agent_import, . - coro_agent_import

#else
#error "Trapline programs are for AArch64 and x86-64"
#endif

    .section .note.GNU-stack, "", %progbits
