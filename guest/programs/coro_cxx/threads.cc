// Coroutines that move between threads: each resume is another thread's.
#include "guest/programs/coro_cxx/support.h"

extern "C" int64_t start_thread(void (*entry)(uintptr_t), void *stack_top, uintptr_t argument);
extern "C" [[noreturn]] void end_thread();

namespace {

struct Error {
    int64_t code;
};

const int THREADS = 2;
const int TURNS = 5;
alignas(16) unsigned char stacks[THREADS][16 * 1024];

Coro *shared;
int turn;
int finished;
int64_t outputs[TURNS];

struct Pause {
    coro_yielder *yielder;
    ~Pause() { coro_yield(yielder, 7); }
};

[[gnu::noinline]] void fail(coro_yielder *yielder, int64_t code) {
    Pause pause{yielder};
    throw Error{code};
}

// Throws, cleans up, holds the exception and throws it on, each in the thread that resumes it then.
uintptr_t wanders(coro_yielder *yielder, uintptr_t input, void *) {
    Guard guard("wanderer");
    for (;;) {
        try {
            try {
                input = coro_yield(yielder, input);
                fail(yielder, static_cast<int64_t>(input) * 10);
            } catch (const Error &error) {
                coro_yield(yielder, static_cast<uintptr_t>(error.code));
                throw;
            }
        } catch (const Error &error) {
            input = coro_yield(yielder, static_cast<uintptr_t>(error.code + 1));
        }
    }
}

[[noreturn]] void work(uintptr_t index) {
    for (;;) {
        const int now = __atomic_load_n(&turn, __ATOMIC_ACQUIRE);
        if (now >= TURNS) break;
        if (now % THREADS == static_cast<int>(index)) {
            // The exception that this thread holds is not the coroutine's.
            try {
                throw Error{now};
            } catch (const Error &error) {
                shared->resume(static_cast<uintptr_t>(now));
                outputs[now] = shared->output() * 100 + error.code;
            }
            __atomic_store_n(&turn, now + 1, __ATOMIC_RELEASE);
        }
        system_call(3, 0, 0, 0);
    }
    __atomic_add_fetch(&finished, 1, __ATOMIC_RELEASE);
    end_thread();
}

} // namespace

void threads() {
    turn = finished = 0;
    {
        Coro coro(wanders);
        shared = &coro;
        for (int i = 0; i < THREADS; i++) {
            if (start_thread(work, stacks[i] + sizeof stacks[i], static_cast<uintptr_t>(i)) < 0) PANIC("no thread");
        }
        while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) < THREADS) system_call(3, 0, 0, 0);
        for (int64_t output : outputs) say("turn", output);
    }
}
