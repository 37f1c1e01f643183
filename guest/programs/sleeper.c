// Sleeps for several times and checks by the clock that each was long enough; threads that sleep
// wake in the order of their deadlines.
#include "guest/include/format.h"
#include "guest/include/trapline.h"

#define THREADS 3
#define STACK_SIZE (2 * PAGE_SIZE)

// The longest comes first, so that starting order and waking order differ.
static const uint64_t durations[THREADS] = {900000, 600000, 300000};
static unsigned woken[THREADS];
static unsigned finished;

static void work(uintptr_t index) {
    sleep(durations[index]);
    unsigned place = __atomic_fetch_add(&finished, 1, __ATOMIC_SEQ_CST);
    woken[place] = (unsigned)index;
    thread_exit();
}

int main(void) {
    for (uint64_t duration = 1; duration <= 100000; duration *= 10) {
        int64_t before = clock();
        if (sleep(duration) != 0) return 1;
        if (clock() - before < (int64_t)duration) return 2;
    }
    for (uintptr_t i = 0; i < THREADS; i++) {
        int64_t stack = vm_allocate(0, STACK_SIZE);
        if (stack < 0 || thread_create(work, (char *)stack + STACK_SIZE, i) < 0) return 3;
    }
    while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) < THREADS) sleep(50000);
    for (unsigned i = 0; i < THREADS; i++) {
        if (woken[i] != THREADS - 1 - i) return 4;
    }
    put_text("sleeper: woke in order\n");
    return 0;
}
