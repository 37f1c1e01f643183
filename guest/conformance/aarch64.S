// Test code of the AArch64 conformance table. It is position independent: it runs at its own address in user mode and at
// another one in kernel mode. NAME is where a case starts, NAME_at the instruction it is about, NAME_next the one after it.

    .text
    .globl  _start
_start:
    .globl  breakpoint
breakpoint:
    nop
    .globl  breakpoint_at
breakpoint_at:
    brk     #0x1234
    .globl  breakpoint_next
breakpoint_next:
    brk     #0
