// Looks after another task: jobs wait TASK, jobs wild TASK, jobs kill TASK, jobs info TASK. For
// wait, the exit code is the task's, or 200 if it was killed; wild waits with pointers the status
// cannot be written to.
#include "guest/include/format.h"
#include "guest/include/trapline.h"

#define KILLED 200
#define USAGE 201
#define REFUSED 202

static int wait_for(int64_t task) {
    struct task_status status;
    if (task_wait(task, &status) != 0) return REFUSED;
    if (status.kind != 0) {
        put_format("task %d was killed\n", task);
        return KILLED;
    }
    put_format("task %d exited with code %d\n", task, (int64_t)status.code);
    return status.code;
}

// Null, in the middle of nowhere, in either kernel half, where x86-64 has no addresses, and the
// program's own constants.
static int wait_wildly(int64_t task) {
    static const uint64_t constant = 1;
    static const uintptr_t wild[] = {
        0, 0x5555deadb000, 0xffff000040200000, 0xffff800000200000, 0x800000000000, ~0ul - 3, (uintptr_t)&constant,
    };
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        if (task_wait(task, (struct task_status *)wild[i]) != -KERN_INVALID_ADDRESS) return 1 + (int)i;
    }
    return wait_for(task) == REFUSED ? REFUSED : 0;
}

static int describe(int64_t task) {
    struct task_info info;
    if (task_info(task, &info, sizeof info) != 0) return REFUSED;
    put_format("task %u has %u threads and %u pages\n", info.id, info.threads, info.pages);
    return info.id == (uint64_t)task && info.threads > 0 && info.pages > 0 ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc != 3) return USAGE;
    int64_t task = 0;
    for (const char *digit = argv[2]; *digit >= '0' && *digit <= '9'; digit++) task = task * 10 + (*digit - '0');
    if (text_equal(argv[1], "wait")) return wait_for(task);
    if (text_equal(argv[1], "wild")) return wait_wildly(task);
    if (text_equal(argv[1], "info")) return describe(task);
    if (text_equal(argv[1], "kill")) return task_terminate(task) == 0 ? 0 : REFUSED;
    return USAGE;
}
