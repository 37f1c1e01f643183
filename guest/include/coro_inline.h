// The switches of coro.h inline. They are the same switches, and a stack that one form suspends the
// other may resume; but what a call would have saved the compiler saves, as much of it as is in use,
// and floating-point control (MXCSR and x87 control word, FPCR) goes with the thread from stack to
// stack.
//
// Used in the first function of a stack and where that is resumed, each return has the call that the
// processor's return stack expects. How the assembly works is said in coro_x86_64.inc.
#ifndef TRAPLINE_CORO_INLINE_H
#define TRAPLINE_CORO_INLINE_H

#include "coro.h"

#ifdef __cplusplus
extern "C" {
#endif

// In coro.c: is called nowhere, but each switch says that it might be. The compiler then leaves no
// variables below the stack pointer (x86-64's red zone), where a switch pushes.
CORO_NORETURN void coro_never(void);
// In coro_switch.S.
void coro_throw_there(void);
void coro_init_trampoline(void);

#ifdef __cplusplus
}
#endif

#define CORO_INLINE static inline __attribute__((always_inline, unused))

#define CORO_ROUND_UP(size)                                                                       \
    (((size) + CORO_STACK_ALIGNMENT - 1) & ~(size_t)(CORO_STACK_ALIGNMENT - 1))

// From a fresh stack's stack pointer to the object: the address to begin at, on AArch64 with a gap
// that keeps the stack pointer a multiple of 16.
#if defined(__aarch64__)
#define CORO_FRESH_SIZE 16
#else
#define CORO_FRESH_SIZE 8
#endif

// Copies an object to where it is on an empty stack, below link and initial function; returns its
// place.
CORO_INLINE char *coro_place_inline(void *base, const void *object, size_t size) {
    char *place = (char *)base - CORO_PARENT_LINK_OFFSET - CORO_ROUND_UP(size);
    for (size_t i = 0; i < size; i++) place[i] = ((const char *)object)[i];
    return place;
}

// Writes the initial function and, below the object, where the first resume begins; returns the
// stack pointer.
CORO_INLINE void *coro_begin_inline(void *base, coro_initial *initial, char *object) {
    ((uintptr_t *)base)[-1] = (uintptr_t)initial;
    uintptr_t *sp = (uintptr_t *)(void *)(object - CORO_FRESH_SIZE);
    *sp = (uintptr_t)coro_init_trampoline;
    return sp;
}

// coro_init_stack.
CORO_INLINE void *coro_init_stack_inline(void *base, coro_initial *initial, const void *object,
                                         size_t size) {
    return coro_begin_inline(base, initial, coro_place_inline(base, object, size));
}

// Has the compiler use a frame pointer, so that its unwind table does not depend on the stack
// pointer, which a switch moves.
#define CORO_USE_FRAME_POINTER()                                                                  \
    __asm__ volatile("" : : "m"(*(const char *)__builtin_frame_address(0)))

#if defined(__GCC_HAVE_DWARF2_CFI_ASM)
#define CORO_CFI(directives) directives
#else
#define CORO_CFI(directives) ""
#endif

#if defined(__x86_64__)

#define CORO_CLOBBERS                                                                             \
    "rbx", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",       \
        "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",      \
        "xmm15", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)"

#define CORO_ON_PARENT_CALLED                                                                     \
    CORO_CFI(".cfi_def_cfa rsp, 16\n\t.cfi_offset rip, -16\n\t.cfi_offset rbx, -8\n\t"            \
             ".cfi_same_value rbp\n\t.cfi_same_value r12\n\t.cfi_same_value r13\n\t"              \
             ".cfi_same_value r14\n\t.cfi_same_value r15\n\t")
#define CORO_ON_PARENT_RECORD                                                                     \
    CORO_CFI(".cfi_def_cfa rsp, 24\n\t.cfi_offset rip, -16\n\t.cfi_offset rbx, -8\n\t"            \
             ".cfi_offset rbp, -24\n\t.cfi_same_value r12\n\t.cfi_same_value r13\n\t"             \
             ".cfi_same_value r14\n\t.cfi_same_value r15\n\t")

// Resuming: the call, between saving and loading what compilers keep for themselves.
#define CORO_RESUME "push %%rbx\n\tcall *(%%rsi)\n\tpop %%rbx"

CORO_INLINE struct coro_transfer coro_switch_and_link_inline(uintptr_t argument, void *sp,
                                                             void *base) {
    struct coro_transfer back;
    uintptr_t rsi;
    CORO_USE_FRAME_POINTER();
    __asm__ goto(CORO_RESUME
                 : "=D"(back.argument), "=d"(back.sp), "=S"(rsi)
                 : "D"(argument), "S"(sp), "d"(base)
                 : "rax", "rcx", "r8", "r9", CORO_CLOBBERS
                 : never);
    return back;
never:
    coro_never();
}

CORO_INLINE struct coro_transfer coro_switch_and_throw_inline(void (*thrower)(uintptr_t),
                                                              uintptr_t argument, void *sp,
                                                              void *base) {
    struct coro_transfer back;
    uintptr_t rsi;
    uintptr_t place = *(uintptr_t *)sp - CORO_THROW_DISTANCE;
    *(uintptr_t *)sp = (uintptr_t)coro_throw_there;
    register uintptr_t r8 __asm__("r8") = place;
    register void (*r9)(uintptr_t) __asm__("r9") = thrower;
    register uintptr_t r8_after __asm__("r8");
    register uintptr_t r9_after __asm__("r9");
    CORO_USE_FRAME_POINTER();
    __asm__ goto(CORO_RESUME
                 : "=D"(back.argument), "=d"(back.sp), "=S"(rsi), "=r"(r8_after), "=r"(r9_after)
                 : "D"(argument), "S"(sp), "d"(base), "r"(r8), "r"(r9)
                 : "rax", "rcx", CORO_CLOBBERS
                 : never);
    return back;
never:
    coro_never();
}

CORO_INLINE uintptr_t coro_switch_yield_inline(uintptr_t argument, void **parent_link) {
    uintptr_t next, rdx, rsi;
    CORO_USE_FRAME_POINTER();
    __asm__ goto("push %%rbp\n\t"
                 "push %%rbx\n\t"
                 "lea 1f(%%rip), %%rcx\n\t"
                 "push %%rcx\n\t"
                 "mov %%rsp, %%rdx\n\t"
                 CORO_CFI(".cfi_remember_state\n\t.cfi_remember_state\n\t")
                 "mov (%%rsi), %%rsp\n\t"
                 CORO_ON_PARENT_RECORD
                 "pop %%rbp\n\t"
                 CORO_ON_PARENT_CALLED
                 "ret\n\t"
                 CORO_CFI(".cfi_restore_state\n\t")
                 "nop\n\t"
                 "ud2\n"
                 "1:\n\t"
                 CORO_ON_PARENT_CALLED
                 "push %%rbp\n\t"
                 CORO_ON_PARENT_RECORD
                 "mov %%rsp, -16(%%rdx)\n\t"
                 "mov 8(%%rsi), %%rbx\n\t"
                 "mov 16(%%rsi), %%rbp\n\t"
                 "lea 24(%%rsi), %%rsp\n\t"
                 CORO_CFI(".cfi_restore_state")
                 : "=D"(next), "=d"(rdx), "=S"(rsi)
                 : "D"(argument), "S"(parent_link)
                 : "rax", "rcx", "r8", "r9", CORO_CLOBBERS
                 : never);
    return next;
never:
    coro_never();
}

CORO_NORETURN CORO_INLINE void coro_switch_and_reset_inline(uintptr_t argument,
                                                            void **parent_link) {
    __asm__ volatile(CORO_CFI(".cfi_remember_state\n\t")
                     "mov (%1), %%rsp\n\t"
                     CORO_ON_PARENT_RECORD
                     "xor %%edx, %%edx\n\t"
                     "pop %%rbp\n\t"
                     CORO_ON_PARENT_CALLED
                     "ret\n\t"
                     CORO_CFI(".cfi_restore_state")
                     :
                     : "D"(argument), "S"(parent_link)
                     : "memory");
    __builtin_unreachable();
}

#elif defined(__aarch64__)

#define CORO_CLOBBERS                                                                             \
    "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x12", "x13", "x14", "x15", "x16", "x17", "x18",    \
        "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x30", "memory",    \
        "cc", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12",    \
        "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24",       \
        "v25", "v26", "v27", "v28", "v29", "v30", "v31"

#define CORO_KEPT_BY_PARENT                                                                       \
    ".irp register, x20, x21, x22, x23, x24, x25, x26, x27, x28, 72, 73, 74, 75, 76, 77, 78, "    \
    "79\n\t.cfi_same_value \\register\n\t.endr\n\t"
#define CORO_ON_PARENT_CALLED                                                                     \
    CORO_CFI(".cfi_def_cfa sp, 16\n\t.cfi_offset x19, -16\n\t.cfi_same_value x29\n\t"             \
             ".cfi_same_value x30\n\t" CORO_KEPT_BY_PARENT)
#define CORO_ON_PARENT_RECORD                                                                     \
    CORO_CFI(".cfi_def_cfa sp, 32\n\t.cfi_offset x19, -16\n\t.cfi_offset x29, -32\n\t"            \
             ".cfi_offset x30, -24\n\t" CORO_KEPT_BY_PARENT)

#define CORO_RESUME "str x19, [sp, #-16]!\n\tldr x9, [x1]\n\tblr x9\n\tldr x19, [sp], #16"

CORO_INLINE struct coro_transfer coro_switch_and_link_inline(uintptr_t argument, void *sp,
                                                             void *base) {
    register uintptr_t x0 __asm__("x0") = argument;
    register void *x1 __asm__("x1") = sp;
    register void *x2 __asm__("x2") = base;
    register uintptr_t argument_back __asm__("x0");
    register void *sp_back __asm__("x1");
    register uintptr_t x2_after __asm__("x2");
    CORO_USE_FRAME_POINTER();
    __asm__ goto(CORO_RESUME
                 : "=r"(argument_back), "=r"(sp_back), "=r"(x2_after)
                 : "r"(x0), "r"(x1), "r"(x2)
                 : "x10", "x11", CORO_CLOBBERS
                 : never);
    return (struct coro_transfer){argument_back, sp_back};
never:
    coro_never();
}

CORO_INLINE struct coro_transfer coro_switch_and_throw_inline(void (*thrower)(uintptr_t),
                                                              uintptr_t argument, void *sp,
                                                              void *base) {
    uintptr_t place = *(uintptr_t *)sp - CORO_THROW_DISTANCE;
    *(uintptr_t *)sp = (uintptr_t)coro_throw_there;
    register uintptr_t x0 __asm__("x0") = argument;
    register void *x1 __asm__("x1") = sp;
    register void *x2 __asm__("x2") = base;
    register uintptr_t x10 __asm__("x10") = place;
    register void (*x11)(uintptr_t) __asm__("x11") = thrower;
    register uintptr_t argument_back __asm__("x0");
    register void *sp_back __asm__("x1");
    register uintptr_t x2_after __asm__("x2");
    register uintptr_t x10_after __asm__("x10");
    register uintptr_t x11_after __asm__("x11");
    CORO_USE_FRAME_POINTER();
    __asm__ goto(CORO_RESUME
                 : "=r"(argument_back), "=r"(sp_back), "=r"(x2_after), "=r"(x10_after),
                   "=r"(x11_after)
                 : "r"(x0), "r"(x1), "r"(x2), "r"(x10), "r"(x11)
                 : CORO_CLOBBERS
                 : never);
    return (struct coro_transfer){argument_back, sp_back};
never:
    coro_never();
}

CORO_INLINE uintptr_t coro_switch_yield_inline(uintptr_t argument, void **parent_link) {
    register uintptr_t x0 __asm__("x0") = argument;
    register void **x1 __asm__("x1") = parent_link;
    register uintptr_t next __asm__("x0");
    register uintptr_t x1_after __asm__("x1");
    CORO_USE_FRAME_POINTER();
    __asm__ goto("adr x9, 1f\n\t"
                 "stp x9, x29, [sp, #-32]!\n\t"
                 "str x19, [sp, #16]\n\t"
                 "ldr x9, [x1]\n\t"
                 "mov x1, sp\n\t"
                 CORO_CFI(".cfi_remember_state\n\t.cfi_remember_state\n\t")
                 "mov sp, x9\n\t"
                 CORO_ON_PARENT_RECORD
                 "ldp x29, x30, [sp], #16\n\t"
                 CORO_ON_PARENT_CALLED
                 "ret\n\t"
                 CORO_CFI(".cfi_restore_state\n\t")
                 "nop\n\t"
                 "udf #0\n"
                 "1:\n\t"
                 CORO_ON_PARENT_CALLED
                 "stp x29, x30, [sp, #-16]!\n\t"
                 CORO_ON_PARENT_RECORD
                 "mov x9, sp\n\t"
                 "str x9, [x2, #-16]\n\t"
                 "ldp x29, x19, [x1, #8]\n\t"
                 "add sp, x1, #32\n\t"
                 CORO_CFI(".cfi_restore_state")
                 : "=r"(next), "=r"(x1_after)
                 : "r"(x0), "r"(x1)
                 : "x2", "x10", "x11", CORO_CLOBBERS
                 : never);
    return next;
never:
    coro_never();
}

CORO_NORETURN CORO_INLINE void coro_switch_and_reset_inline(uintptr_t argument,
                                                            void **parent_link) {
    register uintptr_t x0 __asm__("x0") = argument;
    register void **x1 __asm__("x1") = parent_link;
    __asm__ volatile("ldr x9, [x1]\n\t"
                     "mov x1, #0\n\t"
                     CORO_CFI(".cfi_remember_state\n\t")
                     "mov sp, x9\n\t"
                     CORO_ON_PARENT_RECORD
                     "ldp x29, x30, [sp], #16\n\t"
                     CORO_ON_PARENT_CALLED
                     "ret\n\t"
                     CORO_CFI(".cfi_restore_state")
                     :
                     : "r"(x0), "r"(x1)
                     : "memory");
    __builtin_unreachable();
}

#endif
#endif
