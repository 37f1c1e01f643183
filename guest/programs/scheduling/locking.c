// Locks under contention: locking CASE, with the mutexes of the kernel, or those on futexes.
#include "guest/include/format.h"
#include "guest/include/futex_lock.h"

#define THREADS 5
#define ROUNDS 24
#define ITEMS 24
#define STACK_SIZE 8192
#define CHECK(condition)                      \
    do {                                      \
        if (!(condition)) return __LINE__;    \
    } while (0)

static char stacks[THREADS][STACK_SIZE] __attribute__((aligned(16)));
static unsigned finished, failed;
static volatile uint64_t counter, inside;

static struct futex_mutex user_mutex;
static int64_t mutex;

static int64_t lock_user(void) { return futex_mutex_lock(&user_mutex, TIMEOUT_FOREVER); }
static int64_t unlock_user(void) { return futex_mutex_unlock(&user_mutex); }
static int64_t lock_kernel(void) { return mutex_lock(mutex, TIMEOUT_FOREVER); }
static int64_t unlock_kernel(void) { return mutex_unlock(mutex); }

static int64_t (*lock)(void), (*unlock)(void);

static void end(void) {
    __atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
    thread_exit();
}

static void count(uintptr_t thread) {
    for (int round = 0; round < ROUNDS; round++) {
        if (lock() != 0 || inside++ != 0) failed = 1;
        uint64_t seen = counter;
        for (uintptr_t wait = 0; wait < 40 + 13 * thread; wait++) __asm__ volatile("");
        counter = seen + 1;
        if (round % 16 == 0) yield();
        if (--inside != 0 || unlock() != 0) failed = 1;
    }
    end();
}

// Several threads count under a mutex, and none is inside with another.
static int exclude(void) {
    for (uintptr_t i = 0; i < THREADS; i++) CHECK(thread_create(count, stacks[i] + STACK_SIZE, i) > 0);
    while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) < THREADS) sleep(1000);
    CHECK(!failed && counter == THREADS * ROUNDS);
    CHECK(user_mutex.word == 0);
    return 0;
}

static int user(void) {
    lock = lock_user;
    unlock = unlock_user;
    return exclude();
}

static int kernel(void) {
    mutex = mutex_create(MUTEX_INHERIT, 0);
    lock = lock_kernel;
    unlock = unlock_kernel;
    return exclude();
}

// Nobody else: not one system call.
static int alone(void) {
    CHECK(lock_user() == 0 && unlock_user() == 0);
    sys_null();
    for (int i = 0; i < 100; i++) CHECK(lock_user() == 0 && unlock_user() == 0);
    sys_null();
    CHECK(unlock_user() == -KERN_INVALID_RIGHT);
    CHECK(lock_user() == 0 && lock_user() == -KERN_LOCK_OWNED_SELF && unlock_user() == 0);
    return 0;
}

static void try_in_vain(uintptr_t unused) {
    (void)unused;
    if (futex_mutex_lock(&user_mutex, 0) != -KERN_OPERATION_TIMED_OUT) failed = 1;
    if (futex_mutex_lock(&user_mutex, 20000) != -KERN_OPERATION_TIMED_OUT) failed = 2;
    if (unlock_user() != -KERN_INVALID_RIGHT) failed = 3;
    end();
}

// Who waits for a mutex in vain gives up; its owner does not notice.
static int late(void) {
    CHECK(lock_user() == 0);
    CHECK(thread_create(try_in_vain, stacks[0] + STACK_SIZE, 0) > 0);
    while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) < 1) sleep(1000);
    CHECK(failed == 0 && unlock_user() == 0 && lock_user() == 0 && unlock_user() == 0);
    return 0;
}

// A buffer of one place, filled by one thread and emptied by the others.
static struct futex_condition filled, emptied;
static uint64_t item, sum;
static int done;

static void consume(uintptr_t unused) {
    (void)unused;
    for (;;) {
        if (lock_user() != 0) failed = 1;
        while (item == 0 && !done) {
            if (futex_condition_wait(&filled, &user_mutex, TIMEOUT_FOREVER) != 0) failed = 2;
        }
        if (item == 0) break;
        sum += item;
        item = 0;
        futex_condition_signal(&emptied);
        if (unlock_user() != 0) failed = 3;
    }
    if (unlock_user() != 0) failed = 4;
    end();
}

static int conditions(void) {
    for (uintptr_t i = 0; i < THREADS; i++) CHECK(thread_create(consume, stacks[i] + STACK_SIZE, i) > 0);
    for (uint64_t next = 1; next <= ITEMS; next++) {
        CHECK(lock_user() == 0);
        while (item != 0) CHECK(futex_condition_wait(&emptied, &user_mutex, TIMEOUT_FOREVER) == 0);
        item = next;
        if (next % 8 == 0) {
            CHECK(futex_condition_broadcast(&filled, &user_mutex) == 0);
        } else {
            futex_condition_signal(&filled);
        }
        CHECK(unlock_user() == 0);
    }
    CHECK(lock_user() == 0);
    while (item != 0) CHECK(futex_condition_wait(&emptied, &user_mutex, TIMEOUT_FOREVER) == 0);
    done = 1;
    CHECK(futex_condition_broadcast(&filled, &user_mutex) == 0);
    CHECK(futex_condition_wait(&emptied, &user_mutex, 5000) == -KERN_OPERATION_TIMED_OUT);
    CHECK(unlock_user() == 0 && futex_condition_broadcast(&filled, &user_mutex) == -KERN_INVALID_RIGHT);
    while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) < THREADS) sleep(1000);
    CHECK(!failed && sum == ITEMS * (ITEMS + 1) / 2);
    return 0;
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*run)(void);
    } cases[] = {{"user", user}, {"kernel", kernel}, {"alone", alone}, {"late", late}, {"conditions", conditions}};
    for (size_t i = 0; argc == 2 && i < sizeof cases / sizeof *cases; i++) {
        if (text_equal(argv[1], cases[i].name)) return cases[i].run();
    }
    put_text("locking user|kernel|alone|late|conditions\n");
    return 2;
}
