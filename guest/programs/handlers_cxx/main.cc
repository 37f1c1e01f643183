// Handlers of CPU exceptions in C++: unwinding goes through a handler into what was interrupted.
// `handlers-cxx CASE`; every destructor says so.
#include "guest/include/trapline.h"

// Faults in assembly, which the compiler must take for a call that may throw.
extern "C" uint64_t load_word(uintptr_t address);

namespace {

void say(const char *text) {
    size_t length = 0;
    while (text[length]) length++;
    print(text, length);
    print("\n", 1);
}

bool text_equal(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return *a == *b;
}

struct Guard {
    const char *name;
    explicit Guard(const char *name) : name(name) {}
    Guard(const Guard &) = delete;
    ~Guard() { say(name); }
};

struct Fault {
    uintptr_t address;
};

alignas(16) char stack[16384];

void set(exception_handler *handler) { thread_set_handler(handler, stack + sizeof stack, sizeof stack); }

[[gnu::noinline]] uint64_t read(uintptr_t address) {
    Guard guard("read");
    return load_word(address);
}

[[gnu::noinline]] uint64_t outer(uintptr_t address) {
    Guard guard("outer");
    return read(address) + 1;
}

[[gnu::noinline]] void throw_fault(uintptr_t address) {
    Guard guard("thrower");
    throw Fault{address};
}

void throws(exception_state *state) {
    Guard guard("handler");
    throw_fault(state->address);
}

void declines(exception_state *) { Guard guard("handler"); }

void faults(exception_state *) {
    Guard guard("handler");
    read(24);
}

volatile bool never;

// As far as its caller knows, it may throw.
[[gnu::noinline]] void wait_until(volatile bool *ended) {
    yield();
    if (*ended) throw Fault{0};
}

void spins(exception_state *) {
    Guard guard("handler");
    say("spinning");
    for (;;) wait_until(&never);
}

void nests(exception_state *state) {
    try {
        Guard guard("handler");
        throw_fault(state->address);
    } catch (const Fault &fault) {
        say(fault.address == 8 ? "caught in handler" : "wrong");
    }
}

const struct {
    const char *name;
    exception_handler *handler;
} cases[] = {{"throws", throws}, {"declines", declines}, {"faults", faults}, {"spins", spins}, {"nests", nests}};

} // namespace

extern "C" int main(int argc, char **argv) {
    for (const auto &each : cases) {
        if (argc < 2 || !text_equal(argv[1], each.name)) continue;
        Guard guard("main");
        set(each.handler);
        // The handler that has been left can be entered again.
        for (int turn = 0; turn < 2; turn++) {
            try {
                outer(8);
            } catch (const Fault &fault) {
                say(fault.address == 8 ? "caught" : "wrong");
            }
        }
        return 0;
    }
    return 1;
}
