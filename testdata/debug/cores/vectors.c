// Two threads whose floating-point and vector registers are all different, as wide as the CPU has
// them. One of them dies.
#include <pthread.h>
#include <stdatomic.h>

static unsigned char bytes[32][64];
static _Atomic int ready;

static void fill(int seed) {
    for (int i = 0; i < 32; i++)
        for (int k = 0; k < 64; k++) bytes[i][k] = (unsigned char)(seed * 31 + i * 67 + k * 13 + 1);
}

// A thread waits with its registers, or dies.
#ifdef __x86_64__
#define LOAD(op, set, n) op " " #n "*64(%0), %%" set #n "\n\t"
#define FOUR(op, set, a, b, c, d) LOAD(op, set, a) LOAD(op, set, b) LOAD(op, set, c) LOAD(op, set, d)
#define LOW(op, set)                                                                         \
    FOUR(op, set, 0, 1, 2, 3) FOUR(op, set, 4, 5, 6, 7) FOUR(op, set, 8, 9, 10, 11)          \
    FOUR(op, set, 12, 13, 14, 15)
#define HIGH(op, set)                                                                        \
    FOUR(op, set, 16, 17, 18, 19) FOUR(op, set, 20, 21, 22, 23) FOUR(op, set, 24, 25, 26, 27) \
    FOUR(op, set, 28, 29, 30, 31)
#define END                                                                                    \
    "movl $1, %1\n\t"                                                                          \
    "testl %2, %2\n\t"                                                                         \
    "jne 2f\n"                                                                                 \
    "1:\tmovl $34, %%eax\n\t" /* pause */                                                     \
    "syscall\n\t"                                                                             \
    "jmp 1b\n"                                                                                 \
    "2:\tud2"
#define RUN(text) __asm__ volatile(text END : : "r"(bytes), "m"(ready), "r"(dies) : "rax", "memory")

__attribute__((noinline)) static void end(int dies) {
    // Seven of the eight x87 registers, none of them in its own place.
    long double numbers[7];
    for (int i = 0; i < 7; i++) numbers[i] = bytes[i][0] * 1.5L - 100;
    __asm__ volatile("fninit");
    for (int i = 0; i < 7; i++) __asm__ volatile("fldt %0" : : "m"(numbers[i]));
    if (__builtin_cpu_supports("avx512f")) RUN(LOW("vmovdqu64", "zmm") HIGH("vmovdqu64", "zmm"));
    if (__builtin_cpu_supports("avx")) RUN(LOW("vmovdqu", "ymm"));
    RUN(LOW("movdqu", "xmm"));
}
#else
#define LOAD(n) "ldr q" #n ", [%0, #" #n " * 64]\n\t"
#define FOUR(a, b, c, d) LOAD(a) LOAD(b) LOAD(c) LOAD(d)

__attribute__((noinline)) static void end(int dies) {
    __asm__ volatile(FOUR(0, 1, 2, 3) FOUR(4, 5, 6, 7) FOUR(8, 9, 10, 11) FOUR(12, 13, 14, 15)
                     FOUR(16, 17, 18, 19) FOUR(20, 21, 22, 23) FOUR(24, 25, 26, 27)
                     FOUR(28, 29, 30, 31)
                     "mov w9, #1\n\t"
                     "str w9, [%1]\n\t"
                     "cbnz %w2, 2f\n"
                     // ppoll for nothing, for ever
                     "1:\tmov x0, #0\n\t"
                     "mov x1, #0\n\t"
                     "mov x2, #0\n\t"
                     "mov x3, #0\n\t"
                     "mov x8, #73\n\t"
                     "svc #0\n\t"
                     "b 1b\n"
                     "2:\tbrk #1"
                     :
                     : "r"(bytes), "r"(&ready), "r"(dies)
                     : "x0", "x1", "x2", "x3", "x8", "x9", "memory");
}
#endif

static void *wait_for_ever(void *argument) {
    fill(7);
    end(0);
    return argument;
}

int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, wait_for_ever, NULL);
    while (!ready) {
    }
    fill(3);
    end(1);
    return 0;
}
