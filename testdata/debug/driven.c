// What gdb is made to step through: calls, a variable to watch, threads that take turns, and a loop
// that ends when somebody lets it. Lines that the check names have a mark.
#include <trapline.h>

#define THREADS 3
#define TURNS 4
#define STACK_SIZE (4 * PAGE_SIZE)

static volatile long total;
static volatile double scaled;
static volatile unsigned finished;
static volatile unsigned long spins;
static volatile int released;

static int leaf(int n) {
    total += n; // in leaf
    return n * 2;
}

static int middle(int n) {
    int doubled = leaf(n); // in middle
    return doubled + 1; // behind leaf
}

static void work(uintptr_t index) {
    for (int turn = 0; turn < TURNS; turn++) {
        scaled = scaled * 0.5 + middle((int)(10 * index) + turn);
        yield();
    }
    __atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
    thread_exit();
}

int main(void) {
    int sum = 0;
    for (int i = 0; i < 4; i++) sum += middle(i);
    scaled = sum * 1.25; // after the calls
    for (uintptr_t i = 0; i < THREADS; i++) {
        int64_t stack = vm_allocate(0, STACK_SIZE);
        if (stack < 0 || thread_create(work, (char *)stack + STACK_SIZE, i) < 0) return 1;
    }
    while (finished < THREADS) yield();
    print("driven: waits\n", 14);
    while (!released) spins++;
    return sum; // at the end
}
