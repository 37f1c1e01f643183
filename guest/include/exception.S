// Where the kernel enters a thread that has taken a CPU exception: calls the thread's handler. The
// stack pointer is at the record of what was interrupted (struct exception_state), and unwinding
// goes on there, at the very instruction, as behind a signal frame.
//
//                 AArch64   x86-64
// record          x0, sp    rdi, rsp
// handler         x1        rsi
// frame record    x29       rbp        of the interrupted code, at the record's begin
#include "trapline.h"

// The rules are spelled out, as the CFA, the interrupted stack pointer, is itself in the record.
// DW_CFA_expression (0x10), the column, the length of the expression, and the expression:
// DW_OP_breg0 (0x70) plus the number of the stack pointer (rsp 7, SP 31), and an offset in SLEB128,
// here always of two bytes. DW_CFA_def_cfa_expression (0x0f) is the same without a column, and ends
// in DW_OP_deref (0x06).
#if defined(__x86_64__)
#define SP_OPERATION 0x77
#else
#define SP_OPERATION 0x8f
#endif

.macro SAVED column, offset
    .cfi_escape 0x10, \column, 3, SP_OPERATION, ((\offset) & 0x7f) | 0x80, (\offset) >> 7
.endm

// What both architectures have at the same place: SP at 56 and, under the column of the return
// address, PC at 48.
.macro SAVED_STATE pc
    .cfi_signal_frame
    .cfi_escape 0x0f, 4, SP_OPERATION, 56 | 0x80, 0, 0x06
    SAVED \pc, 48
.endm

    .section .text.exception_entry, "ax"
    .globl  exception_entry
#if defined(__x86_64__)

    .type   exception_entry, @function
exception_entry:
    .cfi_startproc
    SAVED_STATE 16
    SAVED 49, 64                    // rflags
    SAVED 0, 72                     // rax
    SAVED 3, 80                     // rbx
    SAVED 2, 88                     // rcx
    SAVED 1, 96                     // rdx
    SAVED 4, 104                    // rsi
    SAVED 5, 112                    // rdi
    SAVED 6, 120                    // rbp
    .irp column, 8, 9, 10, 11, 12, 13, 14, 15
    SAVED \column, 64 + 8 * \column
    .endr
    call    *%rsi
    xor     %edi, %edi              // no record: the handler has not dealt with the exception
    mov     $SYS_EXCEPTION_RETURN, %eax
    syscall
    ud2
    .cfi_endproc
    .size   exception_entry, . - exception_entry

#elif defined(__aarch64__)

    .type   exception_entry, %function
exception_entry:
    .cfi_startproc
    // Not x30, which has a value of its own in interrupted code, but the column of the PC.
    .cfi_return_column 32
    SAVED_STATE 32
    .irp column, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    SAVED \column, 72 + 8 * \column
    .endr
    // The vector registers that functions keep: the lower halves of q8 to q15.
    .irp column, 72, 73, 74, 75, 76, 77, 78, 79
    SAVED \column, 320 + 16 * (\column - 64)
    .endr
    blr     x1
    mov     x0, #0                  // no record: the handler has not dealt with the exception
    mov     x8, #SYS_EXCEPTION_RETURN
    svc     #0
    udf     #0
    .cfi_endproc
    .size   exception_entry, . - exception_entry

#else
#error "Trapline programs are for AArch64 and x86-64"
#endif

    .section .note.GNU-stack, "", %progbits
