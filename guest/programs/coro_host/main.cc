// Functions for a host to drive, in C++: what is thrown, by either side.
#include "guest/include/coro_agent.h"
#include "guest/include/string.h"
#include "guest/runtime/system.h"

CORO_IMPORT(ask)
extern "C" uintptr_t ask(coro_yielder *yielder, uintptr_t question);

namespace {

// Tells the host of its end.
struct Held {
    coro_yielder *yielder;
    uintptr_t name;
    ~Held() { ask(yielder, name); }
};

struct Plain {
    int code;
};

class Failure : public coroutine::exception {
public:
    explicit Failure(const char *text) : text(text) {}
    const char *what() const noexcept override { return text; }

private:
    const char *text;
};

[[noreturn]] void throw_one(uintptr_t kind) {
    switch (kind) {
    case 1:
        throw -12;
    case 2:
        throw "a text";
    case 3:
        throw Failure("said by a class");
    case 4:
        throw Plain{5};
    case 5:
        throw kind + 40;
    default:
        PANIC("a panic");
    }
}

} // namespace

// Yields its input plus one. What the host throws is caught: 1000 plus the length of what it says is
// the next value.
CORO_EXPORT uintptr_t catcher(coro_yielder *yielder, uintptr_t input, void *) {
    for (;;) {
        try {
            input = coro_yield(yielder, input + 1);
            if (input == 0) return 77;
        } catch (const coroutine::host_error &error) {
            input = 1000 + strlen(error.what());
        }
    }
}

// Yields its input plus one until it is to throw: kind 1 to 6 at 1 to 6 less than 2^64.
CORO_EXPORT uintptr_t thrower(coro_yielder *yielder, uintptr_t input, void *) {
    Held first{yielder, 1}, second{yielder, 2};
    while (0 - input > 10) input = coro_yield(yielder, input + 1);
    throw_one(0 - input);
}

// Keeps whatever it is thrown, and yields on.
CORO_EXPORT uintptr_t stubborn(coro_yielder *yielder, uintptr_t input, void *) {
    Held outer{yielder, 3};
    for (;;) {
        try {
            Held inner{yielder, 4};
            input = coro_yield(yielder, input + 1);
        } catch (...) {
            input = 500;
        }
    }
}

// Asks, and catches what the host throws for an answer.
CORO_EXPORT uintptr_t careful(coro_yielder *yielder, uintptr_t input, void *) {
    try {
        Held held{yielder, 5};
        return ask(yielder, input);
    } catch (const coroutine::exception &error) {
        return coro_yield(yielder, strlen(error.what()));
    }
}

CORO_EXPORT uintptr_t throw_plainly(uintptr_t kind) { throw_one(kind); }

// Writes to an address.
CORO_EXPORT uintptr_t poke(coro_yielder *yielder, uintptr_t input, void *) {
    Held held{yielder, 6};
    ask(yielder, 0);
    *reinterpret_cast<volatile char *>(input) = 1;
    return 0;
}

static uintptr_t deeper(uintptr_t depth, coro_yielder *yielder) {
    volatile char room[256];
    room[0] = static_cast<char>(depth);
    return depth == 0 ? ask(yielder, 0) : deeper(depth - 1, yielder) + static_cast<uintptr_t>(room[0]) + 1;
}

CORO_EXPORT uintptr_t deep(coro_yielder *yielder, uintptr_t input, void *) {
    Held held{yielder, 7};
    return deeper(input, yielder);
}

// Never yields, and goes on as often as its input says after an exception.
CORO_EXPORT uintptr_t endless(coro_yielder *yielder, uintptr_t input, void *) {
    for (;;) {
        try {
            Held held{yielder, 8};
            ask(yielder, 9);
            for (volatile uintptr_t turn = 0;; turn++) {
                if (turn == ~0ul) ask(yielder, turn);
            }
        } catch (...) {
            if (input-- == 0) throw;
        }
    }
}
