// Several threads of one task that print and yield in turn, each on a stack of its own.
#include "guest/include/format.h"
#include "guest/include/trapline.h"

#define THREADS 4
#define TURNS 3
#define STACK_SIZE (4 * PAGE_SIZE)

static int64_t ids[THREADS];
static unsigned turns;
static unsigned finished;

static void work(uintptr_t index) {
    __atomic_store_n(&ids[index], thread_self(), __ATOMIC_SEQ_CST);
    for (int turn = 0; turn < TURNS; turn++) {
        char line[] = "thread 0 turn 0\n";
        line[7] = (char)('0' + index);
        line[14] = (char)('0' + turn);
        print(line, sizeof line - 1);
        __atomic_add_fetch(&turns, 1, __ATOMIC_SEQ_CST);
        yield();
    }
    __atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
    thread_exit();
}

int main(void) {
    int64_t created[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++) {
        int64_t stack = vm_allocate(0, STACK_SIZE);
        if (stack < 0) return 1;
        created[i] = thread_create(work, (char *)stack + STACK_SIZE, i);
        if (created[i] < 0) return 2;
    }
    while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) < THREADS) yield();
    for (int i = 0; i < THREADS; i++) {
        if (ids[i] != created[i] || ids[i] == thread_self()) return 3;
        for (int j = 0; j < i; j++) {
            if (ids[i] == ids[j]) return 4;
        }
    }
    if (turns != THREADS * TURNS) return 5;
    put_text("threads: all done\n");
    return 0;
}
