// What programs without a C library begin and end with. They end by a trap, deep in their calls, so
// that a core file has variables of many kinds in its frames.
#ifndef TESTDATA_DEBUG_ENTRY_H
#define TESTDATA_DEBUG_ENTRY_H

#ifdef __cplusplus
#define LINKAGE extern "C"
#else
#define LINKAGE
#endif

#define NOINLINE __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))

LINKAGE void run(void);

#if defined(__x86_64__)
__asm__(".text\n.globl _start\n_start:\n.cfi_startproc\n.cfi_undefined rip\n"
        "and $-16, %rsp\ncall run\nud2\n.cfi_endproc\n.size _start, . - _start\n");
#else
__asm__(".text\n.globl _start\n_start:\n.cfi_startproc\n.cfi_undefined x30\n"
        "bl run\nbrk #1\n.cfi_endproc\n.size _start, . - _start\n");
#endif

// Compilers call these without being asked.
LINKAGE __attribute__((weak)) void *memset(void *at, int value, __SIZE_TYPE__ size) {
    for (volatile char *to = (volatile char *)at; size > 0; size--) *to++ = (char)value;
    return at;
}

LINKAGE __attribute__((weak)) void *memcpy(void *at, const void *from, __SIZE_TYPE__ size) {
    volatile char *to = (volatile char *)at;
    for (const char *next = (const char *)from; size > 0; size--) *to++ = *next++;
    return at;
}

// Has the compiler believe that what is pointed to is looked at, and changed.
INLINE void keep(const void *what) {
    __asm__ volatile("" : : "r"(what) : "memory");
}

// Has the compiler forget what it knows of a number.
INLINE long hide(long value) {
    __asm__ volatile("" : "+r"(value));
    return value;
}

#endif
