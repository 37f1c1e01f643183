// The VM's code in assembly, x86-64, with its code map.
#if defined(__x86_64__)
#include "../code_map.inc"

    .section .text.vm_static, "ax", @progbits
    .balign 16
    BEGIN_MAP
#include "stubs.inc"
#include "interpreter.inc"
    END_MAP VM_THREAD_OFFSET, VM_THREAD_OFFSET + VM_THREAD_HANDLES
#include "land.inc"

#endif

    .section .note.GNU-stack, "", %progbits
