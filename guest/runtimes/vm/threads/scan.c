#include "scan.h"

#include "../arch.h"
#include "../heap/collector.h"
#include "../program/program.h"
#include "guest/include/trapline.h"
#include "lock.h"
#include "threads.h"

#define URGENT 255

// Counts requests and ends of threads: what the root-scanning thread waits for.
static uint32_t events;
static uint32_t requested, completed;
static int exit_code;

static uint64_t random_state;

// xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled").
static uint64_t next_random(void) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545f4914f6cdd1dul;
}

// Instructions until the next collection that nobody has asked for: the mean is the program's.
static uint64_t next_interval(void) {
    uint64_t mean = vm_program.collect_interval;
    return mean == 0 ? TIMEOUT_FOREVER : 1 + next_random() % (2 * mean);
}

static void tell(void) {
    __atomic_fetch_add(&events, 1, __ATOMIC_RELEASE);
    futex_wake(&events, 1);
}

void vm_collect(void) {
    uint32_t ticket = __atomic_add_fetch(&requested, 1, __ATOMIC_RELAXED);
    tell();
    for (;;) {
        uint32_t done = __atomic_load_n(&completed, __ATOMIC_ACQUIRE);
        if ((int32_t)(done - ticket) >= 0) return;
        futex_wait(&completed, done, TIMEOUT_FOREVER);
    }
}

void vm_thread_ended(uint64_t number, const char *uncaught, uint64_t result) {
    if (uncaught != 0) vm_say("uncaught ", uncaught);
    if (number == 1) exit_code = uncaught != 0 ? VM_EXIT_UNCAUGHT : (int)(result & 127);
    __atomic_fetch_sub(&vm_running, 1, __ATOMIC_RELEASE);
    tell();
}

void vm_scan_wait(struct vm_thread *thread) {
    while (__atomic_load_n(&thread->scan, __ATOMIC_ACQUIRE)) futex_wait(&thread->scan, 1, TIMEOUT_FOREVER);
}

// The flags go up before anybody's anchor is looked at: who comes back from native code clears its PC
// before it looks at the flag, so one of the two sees the other.
static void stop_threads(void) {
    for (struct vm_thread *thread = vm_threads; thread != 0; thread = thread->next) {
        __atomic_store_n(&thread->scan, 1, __ATOMIC_SEQ_CST);
        __atomic_fetch_or(&thread->poll, VM_POLL_SCAN, __ATOMIC_SEQ_CST);
    }
    for (struct vm_thread *thread = vm_threads; thread != 0; thread = thread->next) vm_anchor_of(thread);
}

static void resume_threads(void) {
    for (struct vm_thread *thread = vm_threads; thread != 0; thread = thread->next) {
        __atomic_fetch_and(&thread->poll, ~VM_POLL_SCAN, __ATOMIC_RELAXED);
        __atomic_store_n(&thread->scan, 0, __ATOMIC_RELEASE);
        futex_wake(&thread->scan, 1);
    }
}

static void collect(void) {
    uint32_t request = __atomic_load_n(&requested, __ATOMIC_RELAXED);
    vm_lock();
    stop_threads();
    vm_collect_now();
    resume_threads();
    vm_unlock();
    if (vm_program.collections != 0 && vm_statistics.collections >= vm_program.collections) exit(0);
    __atomic_store_n(&completed, request, __ATOMIC_RELEASE);
    futex_wake(&completed, THREADS_MAX);
}

// Where a policy goes by priority, collections begin at the instant that was drawn.
static void be_urgent(void) {
    struct thread_parameters parameters;
    int64_t self = thread_self();
    if (thread_get_parameters(self, &parameters, sizeof parameters) < 0) return;
    parameters.priority = URGENT;
    thread_set_parameters(self, &parameters, sizeof parameters);
}

int vm_run_scans(void) {
    be_urgent();
    random_state = vm_program.seed * 2 + 1;
    for (;;) {
        uint32_t seen = __atomic_load_n(&events, __ATOMIC_ACQUIRE);
        if (__atomic_load_n(&vm_running, __ATOMIC_ACQUIRE) == 0) return exit_code;
        if (__atomic_load_n(&requested, __ATOMIC_ACQUIRE) != completed) {
            collect();
            continue;
        }
        if (futex_wait(&events, seen, next_interval()) == -KERN_OPERATION_TIMED_OUT) collect();
    }
}
