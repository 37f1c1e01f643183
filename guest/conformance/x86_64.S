// Test code of the x86-64 conformance table. It is position independent: it runs at its own address in user mode and at
// another one in kernel mode. NAME is where a case starts, NAME_at the instruction it is about, NAME_next the one after it.

    .text
    .globl  _start
_start:

.macro CASE name
    .balign 16, 0xcc
    .globl  \name
\name:
    .set    .Lcurrent, \name
.endm

    .globl  divide
divide:
    xor     %ecx, %ecx
    .globl  divide_at
divide_at:
    div     %ecx
    .globl  divide_next
divide_next:
    int3
