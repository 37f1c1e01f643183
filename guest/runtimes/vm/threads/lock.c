#include "lock.h"

#include "guest/include/trapline.h"

// 0 free, 1 locked, 2 locked and perhaps waited for.
static uint32_t word;

void vm_lock(void) {
    uint32_t expected = 0;
    if (__atomic_compare_exchange_n(&word, &expected, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
    while (__atomic_exchange_n(&word, 2, __ATOMIC_ACQUIRE) != 0) futex_wait(&word, 2, TIMEOUT_FOREVER);
}

void vm_unlock(void) {
    if (__atomic_exchange_n(&word, 0, __ATOMIC_RELEASE) == 2) futex_wake(&word, 1);
}
