// Functions for a host to drive, in C.
#include "guest/include/coro_agent.h"

CORO_IMPORT(ask)
uintptr_t ask(struct coro_yielder *yielder, uintptr_t question, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e);

// Yields what it is resumed with, plus one, until that is 0.
CORO_EXPORT uintptr_t echo(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)object;
    while (input != 0) input = coro_yield(yielder, input + 1);
    return 77;
}

// The Fibonacci numbers.
CORO_EXPORT uintptr_t fibonacci(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)input;
    (void)object;
    for (uintptr_t a = 0, b = 1;;) {
        coro_yield(yielder, a);
        uintptr_t next = a + b;
        a = b;
        b = next;
    }
}

// Yields texts.
CORO_EXPORT uintptr_t words(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)input;
    (void)object;
    coro_yield(yielder, (uintptr_t) "stack");
    coro_yield(yielder, (uintptr_t) "frame");
    return (uintptr_t) "end";
}

// Asks the host, with its input and yielded words for questions, until the host answers 0; the
// result is the sum of the answers.
CORO_EXPORT uintptr_t asker(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)object;
    uintptr_t sum = 0, answer = ask(yielder, input, 2, 3, 4, 5);
    while (answer != 0) {
        sum += answer;
        answer = ask(yielder, coro_yield(yielder, sum), 2, 3, 4, 5);
    }
    return sum;
}

// Asks with a yielder that is not its caller's to use.
CORO_EXPORT uintptr_t stranger(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)yielder;
    (void)object;
    return ask((struct coro_yielder *)input, 1, 2, 3, 4, 5);
}

// What the objects of `holder` and the host share: how many have been dropped, and the last one's
// first byte.
static uintptr_t dropped, last_dropped;

CORO_EXPORT void count_drop(void *object) {
    dropped++;
    last_dropped = *(unsigned char *)object;
}

CORO_EXPORT uintptr_t drops(void) { return dropped << 8 | last_dropped; }

// Yields the address of its object, and the sum of that many of its bytes.
CORO_EXPORT uintptr_t holder(struct coro_yielder *yielder, uintptr_t input, void *object) {
    const unsigned char *bytes = object;
    uintptr_t size = coro_yield(yielder, (uintptr_t)object), sum = input;
    for (uintptr_t i = 0; i < size; i++) sum += bytes[i];
    return sum;
}

// A coroutine that the guest makes by itself: it doubles what it is resumed with, asks, now and then
// yields past its parent, and traps at 13.
static char inner_stack[8192] __attribute__((aligned(16)));

static uintptr_t doubler(struct coro_yielder *yielder, uintptr_t input, void *object) {
    struct coro_yielder *outer = *(struct coro_yielder **)object;
    for (;;) {
        uintptr_t output = 2 * input;
        if (input == 13) *(volatile char *)input = 1;
        if (input % 3 == 0) output = coro_yield(outer, output);
        if (input % 5 == 0) output = ask(yielder, output, 2, 3, 4, 5);
        input = coro_yield(yielder, output);
    }
}

CORO_EXPORT uintptr_t relay(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)object;
    struct coro inner;
    struct coro_stack stack = {inner_stack + sizeof inner_stack, inner_stack, 0, 0};
    int64_t error = coro_create(&inner, stack, doubler, &yielder, sizeof yielder, 0);
    uintptr_t output;
    while (error >= 0 && input != 0) {
        error = coro_resume(&inner, input, &output);
        if (error == CORO_TRAPPED) break;
        if (error >= 0) input = coro_yield(yielder, output);
    }
    coro_drop(&inner);
    return error == CORO_TRAPPED ? 1000 + input : (uintptr_t)(error < 0 ? error : 0);
}

// Runs for a number of turns without yielding.
CORO_EXPORT uintptr_t spin(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)yielder;
    (void)object;
    for (volatile uintptr_t turn = 0; turn < input; turn++) {}
    return input;
}

// Writes to an address.
CORO_EXPORT uintptr_t poke(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)yielder;
    (void)object;
    *(volatile char *)input = 1;
    return 0;
}

// Needs more and more of its stack.
static uintptr_t deeper(uintptr_t depth) {
    volatile char room[256];
    room[0] = (char)depth;
    return depth == 0 ? 0 : deeper(depth - 1) + (uintptr_t)room[0] + 1;
}

CORO_EXPORT uintptr_t deep(struct coro_yielder *yielder, uintptr_t input, void *object) {
    (void)yielder;
    (void)object;
    return deeper(input);
}

CORO_EXPORT uintptr_t polynomial(uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e, uintptr_t f) {
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f;
}

// Asks the host outside of any coroutine.
CORO_EXPORT uintptr_t ask_plainly(uintptr_t question) { return ask(0, question, 0, 0, 0, 0); }

// Asks the host twice, and answers with the second answer.
CORO_EXPORT uintptr_t ask_twice(uintptr_t question) {
    ask(0, question, 0, 0, 0, 0);
    return ask(0, question + 1, 0, 0, 0, 0);
}

// Asks the host in another thread, and waits for its end.
static volatile uintptr_t other_answer;

static void other_thread(uintptr_t question) {
    other_answer = ask(0, question, 0, 0, 0, 0);
    thread_exit();
}

CORO_EXPORT uintptr_t ask_elsewhere(uintptr_t question) {
    static char stack[8192] __attribute__((aligned(16)));
    other_answer = 0;
    if (thread_create(other_thread, stack + sizeof stack, question) < 0) return 0;
    while (other_answer == 0) yield();
    return other_answer;
}
