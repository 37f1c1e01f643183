// A thousand coroutines in random order, with everything that can end one: coro-stress SEED [COUNT].
// They yield, call, throw, catch, trap, overflow, have coroutines of their own, and are dropped
// whatever they do. Each object must be dropped exactly once, and each stack be given back; what has
// come of it is told even if the task is killed meanwhile.
#include "guest/include/coro.h"
#include "guest/include/coro_stack.h"
#include "guest/include/coro_trap.h"
#include "guest/include/format.h"
#include "guest/include/trapline.h"

// Exception objects that are not freed yet, in the runtime.
extern "C" int64_t exceptions_alive;

namespace {

const uint32_t MOST = 1000;
const uint32_t MOST_OBJECTS = 1 << 18;

struct Random {
    uint64_t state;
    uint32_t next() {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return static_cast<uint32_t>(state >> 33);
    }
    uint32_t below(uint32_t end) { return next() % end; }
};

struct Error {
    uint32_t from;
};

// Counts of what has happened.
uint32_t resumed, returned, thrown, trapped, dropped, nested, wrong;

// Every object has a number and a state: 0 not made, 1 alive, 2 dropped.
uint8_t states[MOST_OBJECTS];
uint32_t made, gone;

uint32_t make() {
    if (made == MOST_OBJECTS) {
        put_text("too many objects\n");
        exit(3);
    }
    states[made] = 1;
    return made++;
}

void end(uint32_t number) {
    if (states[number] != 1) wrong++;
    states[number] = 2;
    gone++;
}

// An object of a function. Neither is inlined, so that exceptions find calls and not what is between
// them.
struct Token {
    uint32_t number;
    Token();
    Token(const Token &) = delete;
    ~Token();
};
[[gnu::noinline]] Token::Token() : number(make()) {}
[[gnu::noinline]] Token::~Token() { end(number); }

coro_stack_pool pools[2];
int status = 2;

// The object of a coroutine.
struct Object {
    uint32_t number;
    uint32_t depth;
    uint64_t seed;
};

void drop_object(void *object) { end(static_cast<Object *>(object)->number); }

uintptr_t body(coro_yielder *yielder, uintptr_t input, void *object);

// A coroutine that ends with its owner.
class Coroutine {
public:
    Coroutine() = default;
    Coroutine(const Coroutine &) = delete;
    ~Coroutine() { drop(); }

    bool begin(uint64_t seed, uint32_t depth) {
        coro_stack stack;
        if (coro_stack_pool_take(&pools[seed % 2], &stack) != 0) return false;
        const Object object{make(), depth, seed};
        if (coro_create(&coro, stack, body, &object, sizeof object, drop_object) != 0) {
            put_text("cannot create\n");
            exit(4);
        }
        is_there = true;
        return true;
    }

    // Whether it can be resumed again. What it ends with is counted.
    bool resume(uintptr_t input) {
        uintptr_t output = 0;
        resumed++;
        try {
            switch (coro_resume(&coro, input, &output)) {
                case CORO_YIELDED:
                    if (output != input + 1) wrong++;
                    return true;
                case CORO_RETURNED:
                    returned++;
                    break;
                default:
                    wrong++;
            }
        } catch (const Error &) {
            thrown++;
        } catch (...) {
            trapped++;
        }
        drop();
        return false;
    }

    void drop() {
        if (is_there && coro_drop(&coro) != 0) wrong++;
        is_there = false;
    }

private:
    struct coro coro;
    bool is_there = false;
};

uint32_t hide(uint32_t value) {
    __asm__ volatile("" : "+r"(value));
    return value;
}

// Callers must take it for something that may throw.
[[gnu::noinline]] void misbehave(uint32_t how) {
    switch (how) {
        case 0:
            *reinterpret_cast<volatile uint32_t *>(static_cast<uintptr_t>(hide(16))) = 1;
            break;
        case 1:
#if defined(__aarch64__)
            __asm__ volatile("udf #0");
#else
            __asm__ volatile("ud2");
#endif
            break;
        case 2:
#if defined(__aarch64__)
            __asm__ volatile("brk #1");
#else
            __asm__ volatile("div %0" : : "r"(hide(0)), "a"(1), "d"(0));
#endif
            break;
        default:
            break;
    }
    if (hide(how) != 99) throw Error{how};
}

// Where another task may find this one and end it.
[[gnu::noinline]] void pause() {
    yield();
    if (hide(0) != 0) throw Error{0};
}

// Uses all of a stack, with something to drop in each of its stack frames.
[[gnu::noinline]] uint32_t sink(uint32_t depth) {
    char room[200];
    char *first = room;
    __asm__ volatile("" : "+r"(first) : : "memory");
    Token token;
    if (hide(depth) == 0) throw Error{depth};
    return sink(depth - 1) + token.number;
}

[[gnu::noinline]] void work(coro_yielder *yielder, uintptr_t &input, Random &random, uint32_t calls);

// Something that may fail, whose failure is dealt with here.
[[gnu::noinline]] void attempt(coro_yielder *yielder, uintptr_t &input, Random &random, uint32_t calls) {
    Token token;
    try {
        Token inner;
        if (random.below(2) == 0) throw Error{inner.number};
        work(yielder, input, random, calls);
    } catch (const Error &) {
        Token handler;
        if (random.below(4) == 0) input = coro_yield(yielder, input + 1);
        if (random.below(8) == 0) throw;
    }
}

// Has a coroutine of its own, which is suspended when it is left, or not.
[[gnu::noinline]] void have_child(coro_yielder *yielder, uintptr_t &input, Random &random) {
    Token token;
    Coroutine child;
    const Object &own = *static_cast<Object *>(coro_current()->object);
    if (own.depth >= 3 || !child.begin(random.next(), own.depth + 1)) return;
    nested++;
    for (uint32_t turns = random.below(6); turns > 0; turns--) {
        if (!child.resume(turns)) break;
        if (random.below(3) == 0) input = coro_yield(yielder, input + 1);
    }
    if (random.below(6) == 0) throw Error{token.number};
}

void work(coro_yielder *yielder, uintptr_t &input, Random &random, uint32_t calls) {
    Token token;
    for (uint32_t steps = random.below(5); steps > 0; steps--) {
        switch (random.below(16)) {
            default:
                input = coro_yield(yielder, input + 1);
                break;
            case 7:
            case 8:
                if (calls < 4) work(yielder, input, random, calls + 1);
                break;
            case 9:
            case 10:
                if (calls < 4) attempt(yielder, input, random, calls + 1);
                break;
            case 11:
                if (random.below(3) == 0) throw Error{token.number};
                break;
            case 12:
                if (random.below(3) == 0) misbehave(random.below(3));
                break;
            case 13:
                if (random.below(6) == 0) sink(100000);
                break;
            case 6:
                pause();
                break;
            case 14:
                have_child(yielder, input, random);
                break;
        }
    }
}

uintptr_t body(coro_yielder *yielder, uintptr_t input, void *object) {
    Token token;
    Random random{static_cast<Object *>(object)->seed};
    for (int i = 0; i < 3; i++) work(yielder, input, random, 0);
    return 7;
}

alignas(16) char handler_stack[8192];

// Zeros are coroutines that are not there; as an array of them, they would want an end of their own.
alignas(Coroutine) unsigned char storage[MOST * sizeof(Coroutine)];
Coroutine &coroutine(uint32_t index) { return reinterpret_cast<Coroutine *>(storage)[index]; }

// Tells at the very end what has come of everything, however it has come.
struct Report {
    bool is_whole = false;
    ~Report();
};

[[gnu::noinline]] Report::~Report() {
    uint32_t left = pools[0].taken + pools[1].taken;
    if (coro_stack_pool_destroy(&pools[0]) != 0 || coro_stack_pool_destroy(&pools[1]) != 0) wrong++;
    for (uint32_t i = 0; i < made; i++) wrong += states[i] != 2;
    put_format("%s: %u resumes, %u returns, %u throws, %u traps, %u drops, %u inner\n", is_whole ? "whole" : "cut short",
               uint64_t{resumed}, uint64_t{returned}, uint64_t{thrown}, uint64_t{trapped}, uint64_t{dropped},
               uint64_t{nested});
    put_format("%u objects, %u dropped, %u stacks left, %d exceptions left, %u wrong\n", uint64_t{made},
               uint64_t{gone}, uint64_t{left}, exceptions_alive, uint64_t{wrong});
    status = made == gone && left == 0 && exceptions_alive == 0 && wrong == 0 ? 0 : 2;
}

// Drops what is left when it is left.
struct All {
    uint32_t count;
    ~All();
};

[[gnu::noinline]] All::~All() {
    for (uint32_t i = 0; i < count; i++) coroutine(i).drop();
}

// Callers must take it for something that may throw.
[[gnu::noinline]] void run(uint64_t seed, uint32_t count) {
    Random random{seed * 0x9e3779b97f4a7c15u + 1};
    uint32_t live[MOST];
    for (uint32_t i = 0; i < count; i++) {
        live[i] = i;
        if (!coroutine(i).begin(random.next(), 0)) exit(5);
    }
    while (count > 0) {
        uint32_t at = random.below(count);
        if (at % 4 == 0) pause();
        Coroutine &chosen = coroutine(live[at]);
        bool goes_on = true;
        if (random.below(20) == 0) {
            dropped++;
            chosen.drop();
            goes_on = false;
        } else {
            goes_on = chosen.resume(random.next());
        }
        if (!goes_on) live[at] = live[--count];
    }
}

uint64_t parse(const char *text) {
    uint64_t value = 0;
    while (*text != 0) value = value * 10 + static_cast<uint64_t>(*text++ - '0');
    return value;
}

[[gnu::noinline]] void all(uint64_t seed, uint32_t count, Report &report) {
    All each{count};
    run(seed, count);
    report.is_whole = true;
}

[[gnu::noinline]] void report_all(uint64_t seed, uint32_t count) {
    Report report;
    all(seed, count, report);
}

} // namespace

extern "C" int main(int argc, char **argv) {
    const uint64_t seed = argc > 1 ? parse(argv[1]) : 1;
    const uint32_t count = argc > 2 ? static_cast<uint32_t>(parse(argv[2])) : MOST;
    if (count > MOST) return 6;
    // Each stack takes two ranges of the kernel's table, four when it has overflowed.
    const uint32_t stacks = count * 3 / 4 + 64;
    if (coro_stack_pool_create(&pools[0], 16384, 16384, stacks) != 0) return 7;
    if (coro_stack_pool_create(&pools[1], 4096, 16384, stacks) != 0) return 8;
    if (coro_trap_enable(CORO_TRAP_THROWS, handler_stack + sizeof handler_stack, sizeof handler_stack) != 0) return 9;
    report_all(seed, count);
    return status;
}
