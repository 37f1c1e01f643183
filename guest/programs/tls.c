// Thread-local variables of several threads: each finds its own initial values, and never another's.
// `tls TURNS` has each thread write and check all of its own so many times.
#include "guest/include/format.h"
#include "guest/include/trapline.h"

#define THREADS 3
#define ROUNDS 2
#define STACK_SIZE PAGE_SIZE
#define INITIAL 0x1122334455667788
#define ZEROS 24

struct line {
    _Alignas(64) uint64_t words[8];
};

// One that begins with a value, one of a single byte, one that fills cache lines, and zeros.
__thread uint64_t number = INITIAL;
static __thread char letter = 'a';
static __thread struct line line = {{1, 2, 3, 4, 5, 6, 7, 8}};
static __thread uint64_t zeros[ZEROS];

static char stacks[THREADS][STACK_SIZE] __attribute__((aligned(16)));
static const void *places[THREADS + 1];
static unsigned turns = 3;
static unsigned finished;
static unsigned gone;
static unsigned failed;

static int starts_right(void) {
    if (number != INITIAL || letter != 'a') return 0;
    if ((uintptr_t)&line % 64 != 0) return 0;
    for (unsigned i = 0; i < 8; i++) if (line.words[i] != i + 1) return 0;
    for (unsigned i = 0; i < ZEROS; i++) if (zeros[i] != 0) return 0;
    return 1;
}

static int keeps(uint64_t value) {
    number = value;
    letter = (char)value;
    line.words[7] = value + 1;
    zeros[ZEROS - 1] = ~value;
    return number == value && letter == (char)value && line.words[7] == value + 1 &&
           zeros[ZEROS - 1] == ~value;
}

#if defined(__x86_64__)

// Selectors of data, of code, of data by another name, and none: a program can tell them apart.
static const uint16_t selectors[THREADS + 1] = {0x23, 0x2b, 0x21, 0};

static void load_segments(uint64_t thread) {
    unsigned selector = selectors[thread];
    __asm__ volatile("mov %0, %%ds\n\tmov %0, %%es\n\tmov %0, %%gs" : : "r"(selector));
    // Loading the selector has set the base, too.
    thread_set_pointer(THREAD_POINTER_GS, (uintptr_t)zeros);
}

static int keeps_segments(uint64_t thread) {
    unsigned ds, es, fs, gs;
    uint64_t last;
    __asm__ volatile("mov %%ds, %0\n\tmov %%es, %1\n\tmov %%fs, %2\n\tmov %%gs, %3"
                     : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
    __asm__ volatile("movq %%gs:%c1, %0" : "=r"(last) : "i"((ZEROS - 1) * sizeof last));
    uint16_t own = selectors[thread];
    return ds == own && es == own && fs == 0 && gs == own && last == zeros[ZEROS - 1];
}

#else

static void load_segments(uint64_t thread) { (void)thread; }

static int keeps_segments(uint64_t thread) {
    (void)thread;
    return 1;
}

#endif

static int use(uint64_t thread) {
    if (!starts_right()) return 0;
    load_segments(thread);
    __atomic_store_n(&places[thread], &number, __ATOMIC_SEQ_CST);
    for (unsigned turn = 0; turn < turns; turn++) {
        if (!keeps(thread * 1000 + turn)) return 0;
        uint64_t *own = &number;
        yield();
        // The place is that of this thread still, and nobody else has been there.
        if (!keeps_segments(thread)) return 0;
        if (own != &number || number != thread * 1000 + turn) return 0;
    }
    return 1;
}

static void work(uintptr_t thread) {
    if (!use(thread)) __atomic_add_fetch(&failed, 1, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
    // All are there at once, so that no storage serves two of them.
    while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) < THREADS) yield();
    __atomic_add_fetch(&gone, 1, __ATOMIC_SEQ_CST);
    thread_exit();
}

static unsigned parse(const char *text) {
    unsigned value = 0;
    while (*text != 0) value = value * 10 + (unsigned)(*text++ - '0');
    return value;
}

int main(int argc, char **argv) {
    if (argc > 1) turns = parse(argv[1]);
    if (!use(THREADS)) return 1;
    for (unsigned round = 0; round < ROUNDS; round++) {
        // In the second round the storage of threads that are gone is used again.
        finished = gone = 0;
        for (uintptr_t i = 0; i < THREADS; i++) {
            if (thread_create(work, stacks[i] + STACK_SIZE, i) < 0) return 2;
        }
        while (__atomic_load_n(&gone, __ATOMIC_SEQ_CST) < THREADS) yield();
        if (failed != 0) return 3;
        for (unsigned i = 0; i <= THREADS; i++) {
            for (unsigned j = 0; j < i; j++) if (places[i] == places[j]) return 4;
        }
    }
    if (number != THREADS * 1000 + turns - 1) return 5;
    put_text("tls: each thread has its own\n");
    return 0;
}
