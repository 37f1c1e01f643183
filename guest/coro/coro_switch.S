// The switches of coro.h as functions. Each architecture has its own file of the same routines;
// x86-64's says why, AArch64's what differs. Layouts: docs/coroutines.md.

#if defined(__x86_64__)
#include "coro_x86_64.inc"
#elif defined(__aarch64__)
#include "coro_aarch64.inc"
#else
#error "Trapline programs are for AArch64 and x86-64"
#endif

    .section .note.GNU-stack, "", %progbits
