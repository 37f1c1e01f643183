// The VM's code in assembly, AArch64, with its code map.
#if defined(__aarch64__)
#include "../code_map.inc"

    .arch   armv8-a
    .section .text.vm_static, "ax", %progbits
    .balign 16
    BEGIN_MAP
#include "stubs.inc"
#include "interpreter.inc"
    END_MAP VM_THREAD_OFFSET, VM_THREAD_OFFSET + VM_THREAD_HANDLES
#include "land.inc"

#endif

    .section .note.GNU-stack, "", %progbits
