// Objects that hold mutexes while exceptions and kills pass: guards CASE. Every destructor says what
// became of its unlocking.
#include "guest/include/trapline.h"

namespace {

void say(const char *text, int64_t number) {
    char line[64], digits[24];
    size_t length = 0;
    for (; text[length]; length++) line[length] = text[length];
    line[length++] = ' ';
    if (number < 0) line[length++] = '-';
    uint64_t rest = static_cast<uint64_t>(number < 0 ? -number : number);
    size_t count = 0;
    do digits[count++] = static_cast<char>('0' + rest % 10);
    while (rest /= 10);
    while (count > 0) line[length++] = digits[--count];
    line[length++] = '\n';
    print(line, length);
}

struct Guard {
    const char *name;
    int64_t mutex;
    Guard(const char *name, int64_t mutex) : name(name), mutex(mutex) { mutex_lock(mutex, TIMEOUT_FOREVER); }
    Guard(const Guard &) = delete;
    ~Guard() { say(name, mutex_unlock(mutex)); }
};

struct Thrown {};

volatile bool never;
volatile int waiting;
int64_t mutexes[3], condition;

// Blocking calls, which may throw as far as their callers know.
[[gnu::noinline]] void sleep_long() {
    waiting = waiting + 1;
    sleep(1ul << 40);
    if (never) throw Thrown{};
}

[[gnu::noinline]] void lock_in_vain() {
    waiting = waiting + 1;
    mutex_lock(mutexes[0], TIMEOUT_FOREVER);
    if (never) throw Thrown{};
}

[[gnu::noinline]] void wait_for_condition() {
    waiting = waiting + 1;
    condition_wait(condition, mutexes[2], TIMEOUT_FOREVER);
    if (never) throw Thrown{};
}

void hold(uintptr_t) {
    Guard guard("holder", mutexes[0]);
    sleep_long();
}

void want(uintptr_t) {
    Guard guard("waiter", mutexes[1]);
    lock_in_vain();
}

void wait(uintptr_t) {
    Guard guard("condition", mutexes[2]);
    wait_for_condition();
}

alignas(16) char stacks[3][8192];

// Threads that hold mutexes are killed while they sleep, want another, and wait for a condition.
int kill() {
    void (*const entries[])(uintptr_t) = {hold, want, wait};
    for (int i = 0; i < 3; i++) {
        if (thread_create(entries[i], stacks[i] + sizeof stacks[i], 0) < 0) return 1;
        while (waiting <= i) yield();
    }
    yield();
    task_terminate(task_self());
    return 2;
}

[[gnu::noinline]] void throw_with(int64_t mutex) {
    Guard guard("thrower", mutex);
    throw Thrown{};
}

// An exception passes two that hold mutexes; both are free afterwards.
int pass() {
    try {
        Guard guard("outer", mutexes[1]);
        throw_with(mutexes[0]);
    } catch (const Thrown &) {
    }
    return mutex_lock(mutexes[0], 0) == 0 && mutex_lock(mutexes[1], 0) == 0 ? 0 : 2;
}

} // namespace

extern "C" int main(int argc, char **argv) {
    for (int64_t &mutex : mutexes) mutex = mutex_create(MUTEX_INHERIT, 0);
    condition = condition_create();
    if (argc != 2) return 3;
    return argv[1][0] == 'k' ? kill() : pass();
}
