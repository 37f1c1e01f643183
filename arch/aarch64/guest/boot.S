// First instructions of the kernel: turns the MMU on and enters the first thread.
#include "arch/aarch64/guest/macros.h"

    .section .text.boot, "ax"

// On entry: EL1h, MMU off, running at the physical address of the image.
//   x0 = physical root of the kernel half (TTBR1)
//   x1 = physical root of an identity map of the image (TTBR0), for the jump to the high half
//   x2 = virtual address of the first thread object; its continuation and kernel stack are set
//   x3 = virtual address of high_half
//   x4 to x7 = values for TCR_EL1, MAIR_EL1, SCTLR_EL1 and VBAR_EL1
FUNCTION boot
    .cfi_undefined x30
    msr     mair_el1, x5
    msr     tcr_el1, x4
    msr     ttbr0_el1, x1
    msr     ttbr1_el1, x0
    msr     vbar_el1, x7
    isb
    tlbi    vmalle1
    dsb     sy
    isb
    msr     sctlr_el1, x6
    isb
    br      x3
END boot

// At the image's virtual address, MMU on. x2 = first thread object. The identity map goes: nothing
// runs in the lower half but what the thread's own tables map there.
FUNCTION high_half
    .cfi_undefined x30
    mov     x0, x2
    msr     tpidr_el1, x0
    ldr     x1, [x0, #TH_ROOT]
    msr     ttbr0_el1, x1
    isb
    tlbi    vmalle1
    dsb     sy
    isb
    b       call_continuation
END high_half
