// Threads that use the floating-point unit at the same time, each with its own rounding mode,
// giving way by yields and by preemption. Every sum must come out as it does when nobody else uses
// the unit, to the last bit.
#include "guest/include/format.h"
#include "guest/include/trapline.h"

#define THREADS 3
#define TERMS 400
#define STACK_SIZE (4 * PAGE_SIZE)

// Four sums that stay in registers from one system call to the next.
struct sums {
    double harmonic;
    double square;
    double alternating;
    double product;
};

static struct sums expected[THREADS];
static struct sums found[THREADS];
static unsigned finished;

// Rounding modes: to nearest, towards minus infinity, towards zero.
static void set_rounding(uintptr_t mode) {
#if defined(__aarch64__)
    static const uint64_t bits[] = {0, 2, 3};
    __asm__ volatile("msr fpcr, %0" : : "r"(bits[mode] << 22));
#else
    static const uint32_t bits[] = {0, 1, 3};
    uint32_t control = 0x1f80 | (bits[mode] << 13);
    __asm__ volatile("ldmxcsr %0" : : "m"(control));
#endif
}

// Adds up terms that differ for each seed. Yields after each term if asked to.
__attribute__((noinline)) static void add_up(uintptr_t seed, int yields, struct sums *out) {
    double harmonic = 0, square = 0, alternating = 0, product = 1, sign = 1;
    for (int i = 1; i <= TERMS; i++) {
        double n = (double)(i + (int)seed * 7);
        harmonic += 1.0 / n;
        square += 1.0 / (n * n);
        alternating += sign / n;
        product *= 1.0 + 0.001 / n;
        sign = -sign;
        if (yields) yield();
    }
    out->harmonic = harmonic;
    out->square = square;
    out->alternating = alternating;
    out->product = product;
}

static void work(uintptr_t index) {
    set_rounding(index);
    // Thread 0 never yields: it loses the unit to the others by preemption only.
    add_up(index, index != 0, &found[index]);
    __atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
    thread_exit();
}

static int same(const struct sums *a, const struct sums *b) {
    return a->harmonic == b->harmonic && a->square == b->square && a->alternating == b->alternating &&
           a->product == b->product;
}

int main(void) {
    for (uintptr_t i = 0; i < THREADS; i++) {
        set_rounding(i);
        add_up(i, 0, &expected[i]);
    }
    // The modes must make a difference, or a lost control register would go unnoticed.
    struct sums nearest;
    set_rounding(0);
    add_up(1, 0, &nearest);
    if (same(&nearest, &expected[1])) return 1;
    for (uintptr_t i = 0; i < THREADS; i++) {
        int64_t stack = vm_allocate(0, STACK_SIZE);
        if (stack < 0 || thread_create(work, (char *)stack + STACK_SIZE, i) < 0) return 2;
    }
    while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) < THREADS) yield();
    for (int i = 0; i < THREADS; i++) {
        if (!same(&found[i], &expected[i])) return 10 + i;
    }
    put_text("fpmix: all sums agree\n");
    return 0;
}
