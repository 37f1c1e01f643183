// Called where an exception comes to a function that lets none pass. The compiler makes one of its
// own, but without unwind tables.

    .text
    .globl  __clang_call_terminate

#if defined(__x86_64__)

    .type   __clang_call_terminate, @function
__clang_call_terminate:
    .cfi_startproc
    push    %rax
    .cfi_adjust_cfa_offset 8
    call    __cxa_begin_catch
    call    _ZSt9terminatev
    ud2
    .cfi_endproc

#elif defined(__aarch64__)

    .type   __clang_call_terminate, %function
__clang_call_terminate:
    .cfi_startproc
    stp     x29, x30, [sp, #-16]!
    .cfi_def_cfa_offset 16
    .cfi_offset x29, -16
    .cfi_offset x30, -8
    bl      __cxa_begin_catch
    bl      _ZSt9terminatev
    udf     #0
    .cfi_endproc

#endif

    .size   __clang_call_terminate, . - __clang_call_terminate
    .section .note.GNU-stack, "", %progbits
