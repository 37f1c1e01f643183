// The program the kernel's paths are measured with: bench PATH sets up what the path needs, then
// goes it for ever.
#include "guest/bench/loops.h"
#include "guest/include/format.h"
#include "guest/include/futex_lock.h"
#include "guest/include/trapline.h"

#define USAGE 201
#define FAILED 202

// As many pages as a measurement may touch; the machine may have fewer, but must not run out before
// the measurement ends.
#define REGION (1ul << 30)

static char stack[4 * PAGE_SIZE] __attribute__((aligned(16)));

static void yield_for_ever(uintptr_t unused) {
    (void)unused;
    call_for_ever(SYS_YIELD);
}

// The first semaphores of the machine, and how often a mutex in user mode is locked for a system call.
#define PING 1
#define PONG 2
#define LOCKS 100

static void answer_for_ever(uintptr_t unused) {
    (void)unused;
    for (;;) {
        semaphore_wait(PING, TIMEOUT_FOREVER);
        semaphore_signal(PONG);
    }
}

static void lock_for_ever(int64_t mutex) {
    for (;;) {
        mutex_lock(mutex, TIMEOUT_FOREVER);
        mutex_unlock(mutex);
    }
}

static void lock_in_user_mode_for_ever(void) {
    static struct futex_mutex mutex;
    for (;;) {
        for (int i = 0; i < LOCKS; i++) {
            futex_mutex_lock(&mutex, TIMEOUT_FOREVER);
            futex_mutex_unlock(&mutex);
        }
        sys_null();
    }
}

// Another thread of this task, at `entry`.
static int start_thread(void (*entry)(uintptr_t)) { return thread_create(entry, stack + sizeof stack, 0) >= 0; }

int main(int argc, char **argv) {
    if (argc != 2) return USAGE;
    const char *path = argv[1];
    if (text_equal(path, "null")) call_for_ever(SYS_NULL);
    // Gives way to whatever other task is ready.
    if (text_equal(path, "yield")) call_for_ever(SYS_YIELD);
    // The same with more instructions in between.
    if (text_equal(path, "yield-slowly")) {
        for (volatile int turn = 0;; turn++) yield();
    }
    if (text_equal(path, "yield-threads") && start_thread(yield_for_ever)) call_for_ever(SYS_YIELD);
    if (text_equal(path, "spin-threads") && start_thread(spin_for_ever)) spin_for_ever(0);
    if (text_equal(path, "zero-pages")) {
        int64_t region = vm_allocate(0, REGION);
        if (region >= 0) write_pages_for_ever((uintptr_t)region);
    }
    if (text_equal(path, "file-pages")) {
        int64_t region = vm_map_file(0, REGION, 0, VM_PROT_READ);
        if (region >= 0) read_pages_for_ever((uintptr_t)region);
    }
    if (text_equal(path, "mutex")) lock_for_ever(mutex_create(MUTEX_INHERIT, 0));
    if (text_equal(path, "futex-mutex")) lock_in_user_mode_for_ever();
    if (text_equal(path, "semaphores") && semaphore_create(0, 0) == PING && semaphore_create(0, 0) == PONG &&
        start_thread(answer_for_ever)) {
        for (;;) {
            semaphore_signal(PING);
            semaphore_wait(PONG, TIMEOUT_FOREVER);
        }
    }
    // Leaves the machine to the kernel's own threads.
    if (text_equal(path, "sleep")) sleep(1ul << 40);
    return FAILED;
}
