#include "wait.h"

#include "guest/include/trapline.h"

static uint32_t events; // futex

uint32_t vm_events(void) { return __atomic_load_n(&events, __ATOMIC_ACQUIRE); }

void vm_happened(void) {
    __atomic_fetch_add(&events, 1, __ATOMIC_RELEASE);
    futex_wake(&events, THREADS_MAX);
}

int vm_wait(struct vm_thread *thread, uint32_t counted, uint64_t until) {
    if (__atomic_load_n(&thread->pending, __ATOMIC_ACQUIRE) != 0) return 0;
    uint64_t timeout = TIMEOUT_FOREVER;
    if (until != VM_FOREVER) {
        uint64_t now = (uint64_t)clock();
        if (now >= until) return 0;
        timeout = until - now;
    }
    futex_wait(&events, counted, timeout);
    return 1;
}
