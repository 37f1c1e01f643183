// The program's first instruction and its ways into the kernel, for both architectures and both
// modes: a program in user mode enters by `svc` or `syscall`, a kernel-mode task (KERNEL_MODE) by
// `svc` or a software interrupt. Kernel-mode tasks have no thread-local storage.

// A program that begins with crt0.S (TRAPLINE_PROGRAM) has a first instruction already.

    .text

#if defined(__x86_64__)

#if defined(KERNEL_MODE)
#define ENTER_KERNEL int $0x80
#else
#define ENTER_KERNEL syscall
#endif

#ifndef TRAPLINE_PROGRAM
    .globl  _start
    .type   _start, @function
_start:
    .cfi_startproc
    .cfi_undefined rip              // the outermost frame: unwinding ends here
    xor     %ebp, %ebp
#if !defined(KERNEL_MODE)
    mov     %rsp, %rdi
    call    tls_begin
#endif
    mov     (%rsp), %rdi
    lea     8(%rsp), %rsi
    call    main
    movslq  %eax, %rdi
    mov     $5, %eax                // SYS_EXIT
    ENTER_KERNEL
    ud2
    .cfi_endproc
    .size   _start, . - _start
#endif

    .globl  system_call
    .type   system_call, @function
system_call:
    .cfi_startproc
    mov     %rdi, %rax
    mov     %rsi, %rdi
    mov     %rdx, %rsi
    mov     %rcx, %rdx
    ENTER_KERNEL
    ret
    .cfi_endproc
    .size   system_call, . - system_call

    .globl  _Unwind_Resume
    .type   _Unwind_Resume, @function
_Unwind_Resume:
    .cfi_startproc
    mov     $33, %eax               // SYS_UNWIND_RESUME; the object is in rdi already
    ENTER_KERNEL
    ud2
    .cfi_endproc
    .size   _Unwind_Resume, . - _Unwind_Resume

#elif defined(__aarch64__)

#ifndef TRAPLINE_PROGRAM
    .globl  _start
    .type   _start, %function
_start:
    .cfi_startproc
    .cfi_undefined x30              // the outermost frame: unwinding ends here
    mov     x29, #0
    mov     x30, #0
#if !defined(KERNEL_MODE)
    mov     x0, sp
    bl      tls_begin
#endif
    ldr     x0, [sp]
    add     x1, sp, #8
    bl      main
    sxtw    x0, w0
    mov     x8, #5                  // SYS_EXIT
    svc     #0
    udf     #0
    .cfi_endproc
    .size   _start, . - _start
#endif

    .globl  system_call
    .type   system_call, %function
system_call:
    .cfi_startproc
    mov     x8, x0
    mov     x0, x1
    mov     x1, x2
    mov     x2, x3
    svc     #0
    ret
    .cfi_endproc
    .size   system_call, . - system_call

    .globl  _Unwind_Resume
    .type   _Unwind_Resume, %function
_Unwind_Resume:
    .cfi_startproc
    mov     x8, #33                 // SYS_UNWIND_RESUME; the object is in x0 already
    svc     #0
    udf     #0
    .cfi_endproc
    .size   _Unwind_Resume, . - _Unwind_Resume

#endif

    .section .note.GNU-stack, "", %progbits
