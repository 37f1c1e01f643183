// Where programs begin: sp = [argc, argv[0], ..., null, null, auxiliary vector], a multiple of 16.
#include "trapline.h"

#if defined(__x86_64__)

    .section .text._start, "ax"
    .globl  _start
    .type   _start, @function
_start:
    .cfi_startproc
    .cfi_undefined rip              // the outermost frame: unwinding ends here
    xor     %ebp, %ebp
    mov     %rsp, %rdi
    call    tls_begin
    mov     (%rsp), %rdi
    lea     8(%rsp), %rsi
    call    main
    movslq  %eax, %rdi
    mov     $SYS_EXIT, %eax
    syscall
    ud2
    .cfi_endproc
    .size   _start, . - _start

#elif defined(__aarch64__)

    .section .text._start, "ax"
    .globl  _start
    .type   _start, %function
_start:
    .cfi_startproc
    .cfi_undefined x30              // the outermost frame: unwinding ends here
    mov     x29, #0
    mov     x30, #0
    mov     x0, sp
    bl      tls_begin
    ldr     x0, [sp]
    add     x1, sp, #8
    bl      main
    sxtw    x0, w0
    mov     x8, #SYS_EXIT
    svc     #0
    udf     #0
    .cfi_endproc
    .size   _start, . - _start

#else
#error "Trapline programs are for AArch64 and x86-64"
#endif

    .section .note.GNU-stack, "", %progbits
