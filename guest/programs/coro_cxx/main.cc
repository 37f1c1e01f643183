// Coroutines and exceptions. `coro-cxx CASE` does one of the things below; without a case it does all
// but those that end the task. What is alive at the end must be nothing.
#include "guest/programs/coro_cxx/support.h"

inline void *operator new(size_t, void *place) noexcept { return place; }

namespace {

struct Error {
    int code;
};
struct Other {};

// An exception leaves the body: objects on the stack are destroyed, and the parent gets it.
uintptr_t thrower(coro_yielder *yielder, uintptr_t input, void *) {
    Guard guard("body");
    input = coro_yield(yielder, input + 1);
    throw Error{static_cast<int>(input)};
}

void throws() {
    Coro coro(thrower);
    coro.resume(1);
    try {
        coro.resume(42);
    } catch (const Error &error) {
        say("caught", error.code);
    }
    say("after", coro.resume(0));
}

// Through two coroutines, each of which has something to clean up.
uintptr_t outer(coro_yielder *, uintptr_t input, void *) {
    Guard guard("outer");
    Coro inner(thrower);
    inner.resume(1);
    inner.resume(input);
    return 0;
}

void nested() {
    Coro coro(outer);
    try {
        coro.resume(7);
    } catch (const Error &error) {
        say("caught", error.code);
    }
}

// A coroutine that is dropped is unwound, whatever its handlers try.
uintptr_t keeper(coro_yielder *yielder, uintptr_t, void *) {
    Guard guard("keeper");
    try {
        Guard inner("in try");
        coro_yield(yielder, 1);
        say("not reached");
    } catch (...) {
        say("handler");
        try {
            throw;
        } catch (...) {
            say("handler in it");
        }
        say("nor is this");
    }
    say("not reached either");
    return 0;
}

[[gnu::noinline]] void pauses(coro_yielder *yielder) {
    Guard guard("pauses");
    coro_yield(yielder, 1);
}

// Not even a function that lets no exception pass. It could not have objects of its own: the compiler
// leaves out their destruction.
uintptr_t sealed(coro_yielder *yielder, uintptr_t, void *) noexcept {
    pauses(yielder);
    return 0;
}

void forced() {
    coro_body *const bodies[] = {keeper, sealed};
    for (coro_body *body : bodies) {
        Coro coro(body);
        coro.resume(0);
        say("drop", coro.drop());
        say("again", coro.resume(0));
    }
    Coro fresh(keeper);
}

// While an exception unwinds the parent, its coroutine is dropped.
void while_unwinding() {
    try {
        Coro coro(keeper);
        coro.resume(0);
        throw Error{3};
    } catch (const Error &error) {
        say("caught", error.code);
    }
}

// A handler is suspended with the exception that it holds.
uintptr_t holder(coro_yielder *yielder, uintptr_t input, void *) {
    try {
        throw Error{static_cast<int>(input)};
    } catch (const Error &error) {
        Guard guard("holder");
        input = coro_yield(yielder, static_cast<uintptr_t>(error.code));
        if (input == 0) return 5;
        throw;
    }
}

void handlers() {
    Coro first(holder), second(holder), third(holder);
    first.resume(10);
    try {
        throw Error{99};
    } catch (const Error &mine) {
        say("second", second.resume(20));
        third.resume(30);
        try {
            first.resume(1);
        } catch (const Error &error) {
            say("first threw", error.code);
        }
        say("mine", mine.code);
        say("second ends", second.resume(0), second.output());
    }
}

// Destructors that yield while an exception unwinds them.
struct Yields {
    coro_yielder *yielder;
    ~Yields() { say("cleanup goes on with", static_cast<int64_t>(coro_yield(yielder, 1))); }
};

uintptr_t cleaner(coro_yielder *yielder, uintptr_t input, void *) {
    Yields yields{yielder};
    throw Error{static_cast<int>(input)};
}

void resume_last(Coro &coro, uintptr_t input) {
    try {
        coro.resume(input);
    } catch (const Error &error) {
        say("caught", error.code);
    }
}

void cleanups() {
    Coro first(cleaner), second(cleaner);
    first.resume(1);
    second.resume(2);
    try {
        throw Other{};
    } catch (const Other &) {
        say("other");
    }
    resume_last(first, 11);
    resume_last(second, 22);
}

// What happens elsewhere while a cleanup is suspended is not inside of it.
uintptr_t panics(coro_yielder *yielder, uintptr_t input, void *object);

void beside() {
    Coro suspended(cleaner), other(panics);
    suspended.resume(1);
    try {
        other.resume(1);
    } catch (...) {
        say("caught something");
    }
    resume_last(suspended, 11);
}

void kill_beside() {
    Guard guard("parent");
    // Nobody drops it.
    alignas(Coro) static unsigned char place[sizeof(Coro)];
    Coro &suspended = *new (place) Coro(cleaner);
    suspended.resume(1);
    system_call(9, static_cast<uint64_t>(system_call(8, 0, 0, 0)), 0, 0);
    say("not reached");
}

// It is dropped in the middle of a cleanup.
void drop_in_cleanup() {
    Coro coro(cleaner);
    coro.resume(1);
}

// Suspended inside of one that it has resumed, and dropped there.
uintptr_t through(coro_yielder *yielder, uintptr_t, void *) {
    Guard guard("through");
    coro_yield(*static_cast<coro_yielder **>(current_object()), 3);
    (void)yielder;
    return 0;
}

uintptr_t around(coro_yielder *yielder, uintptr_t, void *) {
    Guard guard("around");
    Coro inner(through, yielder);
    inner.resume(0);
    return 1;
}

void across() {
    {
        Coro coro(around);
        say("suspended", coro.resume(0), coro.output());
    }
    Coro coro(around);
    coro.resume(0);
    say("ends", coro.resume(0), coro.output());
}

// Panics and faults are exceptions of everything.
uintptr_t panics(coro_yielder *, uintptr_t input, void *) {
    Guard guard("panics");
    if (input == 1) PANIC("out of luck");
    return read(0x10);
}

void everything() {
    for (uintptr_t input = 1; input <= 2; input++) {
        Coro coro(panics);
        try {
            coro.resume(input);
        } catch (...) {
            say("caught something");
        }
    }
}

void uncaught() {
    Guard guard("parent");
    Coro coro(panics);
    coro.resume(1);
}

// A function on another stack throws.
alignas(16) unsigned char other_stack[8192];

void fails(uintptr_t code) {
    Guard guard("on the other stack");
    throw Error{static_cast<int>(code)};
}

void on_stack() {
    try {
        Guard guard("caller");
        coro_on_stack(other_stack + sizeof other_stack, fails, 8);
        say("not reached");
    } catch (const Error &error) {
        say("caught", error.code);
    }
}

// The task is ended while it is two coroutines deep.
uintptr_t killed(coro_yielder *, uintptr_t depth, void *) {
    Guard guard("killed");
    if (depth == 0) system_call(9, static_cast<uint64_t>(system_call(8, 0, 0, 0)), 0, 0);
    Coro inner(killed);
    inner.resume(depth - 1);
    return 0;
}

void kill() {
    Guard guard("parent");
    try {
        throw Error{1};
    } catch (const Error &) {
        Coro coro(killed);
        coro.resume(1);
    }
}

void yields_in_drop() {
    struct Body {
        static uintptr_t run(coro_yielder *yielder, uintptr_t, void *) {
            Yields yields{yielder};
            coro_yield(yielder, 0);
            return 0;
        }
    };
    Coro coro(Body::run);
    coro.resume(0);
}

// A drop function that throws, where the body ends, where it never will, and where it never began.
void throws_in_drop(bool begins, uintptr_t input) {
    struct Body {
        static uintptr_t run(coro_yielder *yielder, uintptr_t input, void *) {
            if (input == 0) coro_yield(yielder, 0);
            return input;
        }
        static void drop(void *) { throw Error{1}; }
    };
    alignas(16) static unsigned char memory[16384];
    const coro_stack stack = {memory + sizeof memory, memory, nullptr, nullptr};
    try {
        struct coro coro;
        uintptr_t output;
        coro_create(&coro, stack, Body::run, &input, sizeof input, Body::drop);
        if (begins) coro_resume(&coro, input, &output);
        coro_drop(&coro);
    } catch (const Error &) {
        say("caught");
    }
}
void throws_ending() { throws_in_drop(true, 1); }
void throws_suspended() { throws_in_drop(true, 0); }
void throws_fresh() { throws_in_drop(false, 0); }

const struct {
    const char *name;
    void (*run)();
    bool ends;
} CASES[] = {
    {"throws", throws, false},       {"nested", nested, false},
    {"forced", forced, false},       {"while-unwinding", while_unwinding, false},
    {"handlers", handlers, false},   {"cleanups", cleanups, false},
    {"across", across, false},       {"everything", everything, false},
    {"threads", threads, false},     {"on-stack", on_stack, false},
    {"uncaught", uncaught, true},
    {"beside", beside, false},       {"kill-beside", kill_beside, true},
    {"kill", kill, true},            {"drop-in-cleanup", drop_in_cleanup, true},
    {"yields-in-drop", yields_in_drop, true},
    {"throws-ending", throws_ending, true}, {"throws-suspended", throws_suspended, true},
    {"throws-fresh", throws_fresh, true},
};

} // namespace

extern "C" int main(int argc, char **argv) {
    for (const auto &each : CASES) {
        if (argc > 1 ? !text_equal(argv[1], each.name) : each.ends) continue;
        put(each.name);
        put(":\n");
        each.run();
    }
    say("alive", alive, exceptions_alive);
    return alive != 0 || exceptions_alive != 0;
}
