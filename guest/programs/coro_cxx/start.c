// Threads with thread-local storage, which C++'s own way into the kernel has no arguments for.
#include "guest/include/trapline.h"

int64_t start_thread(void (*entry)(uintptr_t), void *stack_top, uintptr_t argument);
_Noreturn void end_thread(void);

int64_t start_thread(void (*entry)(uintptr_t), void *stack_top, uintptr_t argument) {
    return thread_create(entry, stack_top, argument);
}

void end_thread(void) { thread_exit(); }
