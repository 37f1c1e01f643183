// Mutexes and condition variables in user mode, on futex_wait and futex_wake: no system call where
// nobody waits. The kernel knows nothing of them, so there is no inheritance, no ceiling, no search
// for deadlocks, and nobody learns that an owner has died: mutex_create has all of that.
//
// The word of a mutex:
//
//   31       30                            0
//   +--------+-----------------------------+
//   | waited | number of its owner, or 0   |
//   +--------+-----------------------------+
//
// "waited" says that somebody waits, or may: unlocking it then wakes one. Who was woken does not know
// whether there are more, so that it locks the mutex with "waited" set. A woken thread competes with
// others for the mutex.
//
// Everything zero is a free mutex, or a condition that nobody waits for. The calls return 0 or a
// negated kernel return code.
#ifndef TRAPLINE_FUTEX_LOCK_H
#define TRAPLINE_FUTEX_LOCK_H

#include "trapline.h"

#ifdef __cplusplus
extern "C" {
#endif

struct futex_mutex {
    uint32_t word;
};

struct futex_condition {
    uint32_t signals; // counts them
};

#define FUTEX_WAITED 0x80000000u

// Number of the calling thread, by a system call at its first use in each file.
static inline uint32_t futex_self(void) {
    static _Thread_local uint32_t self;
    if (self == 0) self = (uint32_t)thread_self();
    return self;
}

static inline int futex_exchange(struct futex_mutex *mutex, uint32_t *from, uint32_t to) {
    return __atomic_compare_exchange_n(&mutex->word, from, to, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

// Waits for a mutex that `word` was found in; `mine` is what the owner's word is to be.
static inline int64_t futex_mutex_wait(struct futex_mutex *mutex, uint32_t word, uint32_t mine, uint64_t timeout) {
    uint64_t end = timeout == TIMEOUT_FOREVER ? 0 : (uint64_t)clock() + timeout;
    for (;;) {
        if (word == 0) {
            if (futex_exchange(mutex, &word, mine)) return 0;
            continue;
        }
        uint32_t waited = word | FUTEX_WAITED;
        if (word != waited && !futex_exchange(mutex, &word, waited)) continue;
        uint64_t left = TIMEOUT_FOREVER;
        if (timeout != TIMEOUT_FOREVER) {
            uint64_t now = (uint64_t)clock();
            left = end > now ? end - now : 0;
        }
        int64_t status = futex_wait(&mutex->word, waited, left);
        if (status < 0 && status != -KERN_INVALID_VALUE) return status;
        mine |= FUTEX_WAITED;
        word = __atomic_load_n(&mutex->word, __ATOMIC_RELAXED);
    }
}

// Locks a mutex, or waits for it at most for a number of instructions: KERN_OPERATION_TIMED_OUT. The
// caller's own is refused with KERN_LOCK_OWNED_SELF.
static inline int64_t futex_mutex_lock(struct futex_mutex *mutex, uint64_t timeout) {
    uint32_t self = futex_self(), word = 0;
    if (futex_exchange(mutex, &word, self)) return 0;
    if ((word & ~FUTEX_WAITED) == self) return -KERN_LOCK_OWNED_SELF;
    return futex_mutex_wait(mutex, word, self, timeout);
}

// Unlocks a mutex of the caller's, and wakes one who waits for it: else KERN_INVALID_RIGHT.
static inline int64_t futex_mutex_unlock(struct futex_mutex *mutex) {
    uint32_t word = __atomic_load_n(&mutex->word, __ATOMIC_RELAXED);
    if ((word & ~FUTEX_WAITED) != futex_self()) return -KERN_INVALID_RIGHT;
    word = __atomic_exchange_n(&mutex->word, 0, __ATOMIC_RELEASE);
    if (word & FUTEX_WAITED) futex_wake(&mutex->word, 1);
    return 0;
}

// Unlocks a mutex of the caller's, waits for a signal, and locks the mutex again, whatever it
// returns. It may return without a signal: look at what was waited for again.
static inline int64_t futex_condition_wait(struct futex_condition *condition, struct futex_mutex *mutex,
                                           uint64_t timeout) {
    uint32_t signals = __atomic_load_n(&condition->signals, __ATOMIC_RELAXED);
    int64_t status = futex_mutex_unlock(mutex);
    if (status < 0) return status;
    status = futex_wait(&condition->signals, signals, timeout);
    // A broadcast may have had it wait for the mutex already, among others.
    futex_mutex_wait(mutex, __atomic_load_n(&mutex->word, __ATOMIC_RELAXED), futex_self() | FUTEX_WAITED,
                     TIMEOUT_FOREVER);
    return status == -KERN_INVALID_VALUE ? 0 : status;
}

// Wakes one who waits for a condition.
static inline void futex_condition_signal(struct futex_condition *condition) {
    __atomic_add_fetch(&condition->signals, 1, __ATOMIC_RELEASE);
    futex_wake(&condition->signals, 1);
}

// Has all who wait for a condition go on, one after the other: the caller has the mutex they need, and
// they wait for that from now on.
static inline int64_t futex_condition_broadcast(struct futex_condition *condition, struct futex_mutex *mutex) {
    uint32_t word = __atomic_load_n(&mutex->word, __ATOMIC_RELAXED);
    if ((word & ~FUTEX_WAITED) != futex_self()) return -KERN_INVALID_RIGHT;
    __atomic_or_fetch(&mutex->word, FUTEX_WAITED, __ATOMIC_RELAXED);
    int64_t moved;
    do {
        uint32_t signals = __atomic_add_fetch(&condition->signals, 1, __ATOMIC_RELEASE);
        moved = futex_requeue(&condition->signals, signals, 0, &mutex->word, THREADS_MAX);
    } while (moved == -KERN_INVALID_VALUE); // somebody signals at the same time
    return moved < 0 ? moved : 0;
}

#ifdef __cplusplus
}
#endif
#endif
