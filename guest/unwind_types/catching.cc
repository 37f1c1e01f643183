// Which handler takes what, and with which address.
#include "guest/unwind_types/cases.h"

namespace {

struct Base {
    int64_t base;
};
struct Derived : Base {
    int64_t derived;
};
struct Other {
    int64_t other;
};
struct Both : Derived, Other {
    int64_t both;
};
struct Hidden : private Base, public Other {
    Hidden() : Base{31}, Other{32} {}
};
// Two bases of the same type: which one a handler of that type would get cannot be said.
struct Left : Base {};
struct Right : Base {};
struct Twice : Left, Right {};
// One base of the same type, whichever way it is reached. Its place is written in the object.
struct Shared {
    int64_t shared;
};
struct First : virtual Shared {
    int64_t first;
};
struct Second : virtual Shared {
    int64_t second;
};
struct Diamond : First, Second {
    int64_t diamond;
};
// Reached once in private and once in public.
struct Veiled : private First, public Second {};

// Says which of the handlers took the exception, and what it saw.
#define HANDLER(type, expression)                                                                                      \
    catch (type) {                                                                                                     \
        say("  " #type, expression);                                                                                   \
    }

[[gnu::noinline]] void throw_both() {
    Both both;
    both.base = 1, both.derived = 2, both.other = 3, both.both = 4;
    throw both;
}

[[gnu::noinline]] void throw_diamond() {
    Diamond diamond;
    diamond.shared = 5, diamond.first = 6, diamond.second = 7, diamond.diamond = 8;
    throw diamond;
}

// A copy is made for a handler that takes a value; it has to be destroyed, too.
struct Counted {
    static int64_t copies;
    Counted() { alive++; }
    Counted(const Counted &) { alive++, copies++; }
    ~Counted() { alive--; }
};
int64_t Counted::copies;

} // namespace

void catch_by_type() {
    try { throw_both(); }
    HANDLER(const Shared &e, e.shared)
    HANDLER(const Both &e, e.both)
    try { throw_both(); }
    HANDLER(const Other &e, e.other)
    HANDLER(const Both &e, e.both)
    try { throw_both(); }
    HANDLER(const Base &e, e.base)
    try { throw_both(); }
    HANDLER(const Derived &e, e.base + e.derived)
    try { throw Hidden{}; }
    HANDLER(const Base &, -1)
    HANDLER(const Other &e, e.other)
    try { throw Twice{}; }
    HANDLER(const Base &, -1)
    HANDLER(const Right &, 20)
    try { throw_diamond(); }
    HANDLER(const Shared &e, e.shared)
    try { throw_diamond(); }
    HANDLER(const Second &e, e.second + e.shared)
    try { throw Veiled{}; }
    HANDLER(const First &, -1)
    HANDLER(const Shared &, 40)
    try { throw int64_t{41}; }
    HANDLER(int, -1)
    HANDLER(uint64_t, -1)
    HANDLER(int64_t number, number)
    try { throw Counted{}; }
    HANDLER(Counted, Counted::copies)
    try { throw Counted{}; }
    HANDLER(..., alive)
}

void catch_pointers() {
    Both both;
    both.base = 1, both.derived = 2, both.other = 3, both.both = 4;
    Diamond diamond;
    diamond.shared = 5;
    int64_t number = 6;
    try { throw &both; }
    HANDLER(Shared *, -1)
    HANDLER(Other *p, p->other)
    try { throw const_cast<const Both *>(&both); }
    HANDLER(Base *, -1)
    HANDLER(const Base *p, p->base)
    try { throw &both; }
    HANDLER(const volatile Derived *p, p->derived)
    try { throw &diamond; }
    HANDLER(Shared *p, p->shared)
    try { throw &number; }
    HANDLER(Both *, -1)
    HANDLER(const void *p, *static_cast<const int64_t *>(p))
    int64_t *inner = &number;
    try { throw &inner; }
    HANDLER(const int64_t **, -1)
    HANDLER(const int64_t *const *p, **p)
    try { throw "text"; }
    HANDLER(char *, -1)
    HANDLER(const char *text, text[3])
    try { throw nullptr; }
    HANDLER(int, -1)
    HANDLER(Base *p, p == nullptr)
    try { throw static_cast<Both *>(nullptr); }
    HANDLER(Other *p, p == nullptr)
}

namespace {

[[gnu::noinline]] void throw_on() {
    try {
        throw_both();
    } catch (Base &e) {
        Guard guard("throw_on");
        e.base = 11; // the same object goes on
        throw;
    }
}

[[gnu::noinline]] void replace() {
    try {
        Counted counted;
        throw Counted{};
    } catch (const Counted &) {
        say("  alive in the handler", alive);
        throw Other{12};
    }
}

[[gnu::noinline]] void cleanup_only() {
    Guard guard("cleanup_only");
    throw_on();
}

} // namespace

void handlers_in_handlers() {
    try {
        cleanup_only();
    } catch (const Both &e) {
        say("  thrown on", e.base);
    }
    try {
        replace();
    } catch (const Other &e) {
        say("  replaced", e.other + 100 * alive);
    }
    try {
        throw_both();
    } catch (const Other &outer) {
        try {
            throw_diamond();
        } catch (const Shared &inner) {
            say("  both", 10 * outer.other + inner.shared);
        }
        say("  outer", outer.other);
    }
    try {
        try {
            throw_both();
        } catch (...) {
            throw;
        }
    } catch (const Derived &e) {
        say("  out of everything", e.derived);
    }
    // Thrown on and caught again, the exception is the outer handler's still.
    try {
        throw Counted{};
    } catch (const Counted &) {
        for (int i = 0; i < 2; i++) {
            try { throw; }
            HANDLER(const Counted &, alive)
        }
        say("  held", alive);
    }
    say("  let go", alive);
}
