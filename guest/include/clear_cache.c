// What __builtin___clear_cache calls on AArch64: makes code that has been written to memory what is
// fetched from there (Arm ARM, B2.4.4). On x86-64 nothing needs to be done.
#include "trapline.h"

#if defined(__aarch64__)

void __clear_cache(void *begin, void *end);

void __clear_cache(void *begin, void *end) {
    uint64_t types;
    __asm__("mrs %0, ctr_el0" : "=r"(types));
    // Sizes of the smallest lines, as the logarithm of a number of words.
    uintptr_t data_line = 4ul << ((types >> 16) & 15);
    uintptr_t code_line = 4ul << (types & 15);
    uintptr_t limit = (uintptr_t)end;
    for (uintptr_t at = (uintptr_t)begin & ~(data_line - 1); at < limit; at += data_line) {
        __asm__ volatile("dc cvau, %0" : : "r"(at) : "memory");
    }
    __asm__ volatile("dsb ish" : : : "memory");
    for (uintptr_t at = (uintptr_t)begin & ~(code_line - 1); at < limit; at += code_line) {
        __asm__ volatile("ic ivau, %0" : : "r"(at) : "memory");
    }
    __asm__ volatile("dsb ish\n\tisb" : : : "memory");
}

#endif
