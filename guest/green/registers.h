// What a context keeps, for C and assembly: the registers a called function must keep, where its
// stack is, and where it goes on.
#ifndef TRAPLINE_GREEN_REGISTERS_H
#define TRAPLINE_GREEN_REGISTERS_H

#if defined(__x86_64__)

#define AT_RBX 0
#define AT_RBP 8
#define AT_R12 16
#define AT_R13 24
#define AT_R14 32
#define AT_R15 40
#define AT_RSP 48
#define AT_RDX 56

#elif defined(__aarch64__)

#define AT_X19 0 // to x28, in order
#define AT_X29 80
#define AT_SP 88
#define AT_PC 96

#else
#error "Trapline programs are for AArch64 and x86-64"
#endif

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)

struct registers {
    uint64_t rbx, rbp, r12, r13, r14, r15;
    uint64_t rsp; // as it is behind the call of set_context
    uint64_t rdx; // where that call returns to: in rdx while the context is switched to
};

_Static_assert(offsetof(struct registers, rsp) == AT_RSP, "context.S knows it");
_Static_assert(offsetof(struct registers, rdx) == AT_RDX, "context.S knows it");

#else

struct registers {
    uint64_t x19_to_x28[10];
    uint64_t x29;
    uint64_t sp; // as it is behind the call of set_context
    uint64_t pc; // where that call returns to
};

_Static_assert(offsetof(struct registers, sp) == AT_SP, "context.S knows it");
_Static_assert(offsetof(struct registers, pc) == AT_PC, "context.S knows it");

#endif
#endif
#endif
