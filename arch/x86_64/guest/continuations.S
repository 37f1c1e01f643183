// Every continuation tells the kernel its own label and does what it is told.
#include "arch/x86_64/guest/macros.h"

    .text

.macro CONTINUATION name
FUNCTION \name
    .cfi_undefined rip
    lea     \name(%rip), %rdi
    mov     $HC_CONTINUATION, %eax
    KERNEL_LOOP
END \name
.endm

#include "guest/kernel/continuations.h"

// The idle thread: waits with interrupts unmasked. Everything it is told to do happens in between.
FUNCTION idle_thread
    .cfi_undefined rip
1:  mov     $HC_IDLE, %eax
    sti
    hlt
    cli
    call    *%rax
    jmp     1b
END idle_thread

// Does nothing: what the idle thread is told when there is nothing to switch to.
FUNCTION idle_again
    ret
END idle_again
