// Every continuation tells the kernel its own label and does what it is told.
#include "arch/aarch64/guest/macros.h"

    .text

.macro CONTINUATION name
FUNCTION \name
    .cfi_undefined x30
    adr     x0, \name
    mov     x8, #HC_CONTINUATION
    KERNEL_LOOP
END \name
.endm

#include "guest/kernel/continuations.h"

// The idle thread: waits with interrupts unmasked. Everything it is told to do happens in between.
FUNCTION idle_thread
    .cfi_undefined x30
1:  msr     daifclr, #2
    mov     x8, #HC_IDLE
    wfi
    msr     daifset, #2
    blr     x9
    b       1b
END idle_thread

// Does nothing: what the idle thread is told when there is nothing to switch to.
FUNCTION idle_again
    ret
END idle_again
