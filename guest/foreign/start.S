// Entry of a program of Linux's ABI: finds its thread-local storage a place, runs main, and ends.

#if defined(__x86_64__)

    .section .text._start, "ax"
    .globl  _start
    .type   _start, @function
_start:
    .cfi_startproc
    .cfi_undefined rip              // the outermost frame
    xor     %ebp, %ebp
    mov     %rsp, %rdi
    call    start_up
    mov     (%rsp), %rdi
    lea     8(%rsp), %rsi
    call    main
    mov     %eax, %edi
    call    exit
    hlt
    .cfi_endproc
    .size   _start, . - _start

#elif defined(__aarch64__)

    .section .text._start, "ax"
    .globl  _start
    .type   _start, %function
_start:
    .cfi_startproc
    .cfi_undefined x30              // the outermost frame
    mov     x29, #0
    mov     x30, #0
    mov     x0, sp
    bl      start_up
    ldr     x0, [sp]
    add     x1, sp, #8
    bl      main
    bl      exit
    brk     #1
    .cfi_endproc
    .size   _start, . - _start

#endif

    .section .note.GNU-stack, "", %progbits
