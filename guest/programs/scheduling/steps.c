// Threads that do what the arguments say, in real life what a simulator's workload does:
//
//   mutex=PROTOCOL:CEILING   semaphore=COUNT   condition   thread=NAME:PRIORITY:STEP,STEP,...
//
// Objects and threads are numbered from 0 as they come, each kind by itself. The first thread is
// there at once, the others are started. Steps are a letter and a number:
//
//   l u  lock, unlock a mutex        c  start a thread         r  run so many instructions
//   p v  P and V of a semaphore      n  set the priority       z  sleep so many
//   s b  signal, broadcast           m  say the text behind it, with the thread's name and the
//   w    wait for condition.mutex       priority that holds for it          y  yield
//   x    V of a semaphore.P of another                                      t  yield to a thread
//
// A step that fails is told with its kernel return code, and the next one done.
#include "guest/include/format.h"
#include "guest/include/string.h"
#include "work.h"

#define OBJECTS 16
#define THREADS 32
#define STACK_SIZE 4096
#define USAGE 2

static int64_t mutexes[OBJECTS], semaphores[OBJECTS], conditions[OBJECTS];
static const char *threads[THREADS]; // their arguments
static int64_t started[THREADS];     // their numbers, 0 before they are there
static int mutex_count, semaphore_count, condition_count, thread_count;
static char stacks[THREADS][STACK_SIZE] __attribute__((aligned(16)));

static const char *starts_with(const char *text, const char *with) {
    while (*with != 0) {
        if (*text++ != *with++) return 0;
    }
    return text;
}

static uint64_t take_number(const char **text) {
    uint64_t value = 0;
    while (**text >= '0' && **text <= '9') value = value * 10 + (uint64_t)(*(*text)++ - '0');
    return value;
}

static void set_priority(int64_t thread, uint64_t priority) {
    struct thread_parameters parameters = {.priority = priority};
    thread_set_parameters(thread, &parameters, sizeof parameters);
}

static char *append(char *to, const char *text, char end) {
    while (*text != 0 && *text != ',' && *text != end) *to++ = *text++;
    return to;
}

// Says NAME TEXT NUMBER in one piece.
static void say(const char *name, const char *text, int64_t value) {
    char line[96], digits[24];
    char *at = append(line, name, ':');
    *at++ = ' ';
    at = append(at, text, 0);
    *at++ = ' ';
    char *digit = digits + sizeof digits;
    *--digit = 0;
    do *--digit = (char)('0' + value % 10); while ((value /= 10) != 0);
    at = append(at, digit, 0);
    *at++ = '\n';
    print(line, (size_t)(at - line));
}

static void say_mark(const char *name, const char *text) {
    struct thread_parameters parameters = {0};
    thread_effective_parameters(thread_self(), &parameters, sizeof parameters);
    say(name, text, (int64_t)parameters.priority);
}

// The thread has a number now, and gets the priority of its argument.
static void begin(uint64_t index, int64_t thread) {
    started[index] = thread;
    const char *priority = threads[index];
    while (*priority++ != ':') {}
    set_priority(thread, take_number(&priority));
}

TRAPLINE_NORETURN static void live(uintptr_t index);

static int64_t start(uint64_t index) {
    int64_t thread = thread_create(live, stacks[index] + STACK_SIZE, index);
    if (thread >= 0) begin(index, thread);
    return thread;
}

// One that is over already gets nothing.
static int64_t yield_to(int64_t thread) {
    int64_t status = thread_switch(thread, SWITCH_OPTION_NONE, 0);
    return status == -KERN_INVALID_ARGUMENT ? yield() : status;
}

static int64_t step(char what, uint64_t value, const char *rest) {
    switch (what) {
        case 'l': return mutex_lock(mutexes[value], TIMEOUT_FOREVER);
        case 'u': return mutex_unlock(mutexes[value]);
        case 'p': return semaphore_wait(semaphores[value], TIMEOUT_FOREVER);
        case 'v': return semaphore_signal(semaphores[value]);
        case 's': return condition_signal(conditions[value]);
        case 'b': return condition_broadcast(conditions[value]);
        case 'w':
            rest++;
            return condition_wait(conditions[value], mutexes[take_number(&rest)], TIMEOUT_FOREVER);
        case 'c': return start(value);
        case 'n': return set_priority(thread_self(), value), 0;
        case 'r': return work(value), 0;
        case 'z': return sleep(value);
        case 'y': return yield();
        case 't': return yield_to(started[value]);
        case 'x':
            rest++;
            return semaphore_wait_signal(semaphores[take_number(&rest)], semaphores[value], TIMEOUT_FOREVER);
        default: return -KERN_NOT_IMPLEMENTED;
    }
}

TRAPLINE_NORETURN static void live(uintptr_t index) {
    const char *name = threads[index], *at = name;
    for (int colons = 0; colons < 2; at++) colons += *at == ':';
    while (*at != 0) {
        const char *this = at++;
        if (*this == 'm') {
            say_mark(name, at);
        } else {
            uint64_t value = take_number(&at);
            int64_t status = step(*this, value, at);
            if (status < 0) say(name, this, -status);
        }
        while (*at != 0 && *at++ != ',') {}
    }
    thread_exit();
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const char *text;
        if ((text = starts_with(argv[i], "thread=")) != 0 && thread_count < THREADS) {
            threads[thread_count++] = text;
        } else if ((text = starts_with(argv[i], "mutex=")) != 0 && mutex_count < OBJECTS) {
            uint64_t protocol = take_number(&text);
            text++;
            mutexes[mutex_count++] = mutex_create((int)protocol, take_number(&text));
        } else if ((text = starts_with(argv[i], "semaphore=")) != 0 && semaphore_count < OBJECTS) {
            semaphores[semaphore_count++] = semaphore_create(take_number(&text), 0);
        } else if (text_equal(argv[i], "condition") && condition_count < OBJECTS) {
            conditions[condition_count++] = condition_create();
        } else {
            put_format("cannot understand %s\n", argv[i]);
            return USAGE;
        }
    }
    if (thread_count == 0) return USAGE;
    begin(0, thread_self());
    live(0);
}
