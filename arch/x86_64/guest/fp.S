// Saving and loading the whole x87, MMX and SSE state of a user thread (SDM vol. 1, 10.5: FXSAVE
// area).
#include "arch/x86_64/guest/macros.h"

    .text

// fp_save(rdi = thread)
FUNCTION fp_save
    fxsave64 TH_FP(%rdi)
    ret
END fp_save

// fp_load(rdi = thread)
FUNCTION fp_load
    fxrstor64 TH_FP(%rdi)
    ret
END fp_load

// fp_swap(rdi = old owner, rsi = new owner): both, in one visit to the guest.
FUNCTION fp_swap
    fxsave64 TH_FP(%rdi)
    fxrstor64 TH_FP(%rsi)
    ret
END fp_swap
