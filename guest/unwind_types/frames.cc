// What frames an exception passes through: constructors, frames of any size, none of a compiler's,
// and with registers to restore.
#include "guest/unwind_types/cases.h"

// Calls a function from a frame whose table is written by hand.
extern "C" void call_through(void (*function)());

namespace {

struct Problem {
    int64_t number;
};

[[gnu::noinline]] void fail() { throw Problem{1}; }

struct Member {
    Guard guard;
    explicit Member(const char *name, bool fails = false) : guard(name) {
        if (fails) fail();
    }
};

struct Whole {
    Member first{"first"};
    Member second{"second"};
    Member third{"third", true};
    ~Whole() { put("never\n"); }
};

struct Numbered {
    static int64_t made;
    Numbered() {
        if (++made == 3) fail();
        alive++;
    }
    ~Numbered() { alive--, put("drop one of an array\n"); }
};
int64_t Numbered::made;

struct Wrapper {
    Guard guard{"wrapped"};
    Member member;
    Wrapper() try : member("unfinished", true) {
    } catch (const Problem &problem) {
        say("  seen in a constructor", problem.number); // it goes on by itself
    }
};

// Destroyed from the innermost outwards: each must be the next.
int64_t expected_depth;
struct Level {
    int64_t depth;
    explicit Level(int64_t depth) : depth(depth) { alive++; }
    ~Level() {
        alive--;
        if (depth != expected_depth) say("  out of order", depth);
        expected_depth--;
    }
};

[[gnu::noinline]] void descend(int64_t depth) {
    Level level(depth);
    if (depth == 200) {
        expected_depth = depth;
        fail();
    }
    descend(depth + 1);
}

// A frame whose size only the program knows.
[[gnu::noinline]] int64_t variable_frame(int64_t size) {
    Guard guard("variable frame");
    volatile char space[size];
    for (int64_t i = 0; i < size; i++) space[i] = static_cast<char>(i);
    try {
        fail();
    } catch (const Problem &) {
        return space[size - 1];
    }
    return -1;
}

[[gnu::noinline]] void large_frame() {
    Guard guard("large frame");
    volatile char space[9000];
    space[0] = space[8999] = 1;
    fail();
    space[1] = space[8999];
}

void guarded_fail() {
    Guard guard("called from assembly");
    fail();
}

} // namespace

void construction() {
    try {
        Whole whole;
    } catch (const Problem &) {
        say("  alive", alive);
    }
    try {
        Numbered array[5];
    } catch (const Problem &) {
        say("  made", Numbered::made);
    }
    try {
        Wrapper wrapper;
    } catch (const Problem &) {
        say("  alive", alive);
    }
}

void frames() {
    try {
        descend(1);
    } catch (const Problem &) {
        say("  left of 200 levels", expected_depth);
    }
    say("  variable frame", variable_frame(100));
    try {
        large_frame();
    } catch (const Problem &) {
        say("  large frame", alive);
    }
    try {
        call_through(guarded_fail);
    } catch (const Problem &) {
        say("  through assembly", alive);
    }
}

namespace {

// Uses every register that calls preserve, so that it has to save the caller's.
[[gnu::noinline]] void clobber(int64_t depth) {
#if defined(__aarch64__)
    __asm__ volatile("fmov d8, xzr\n fmov d9, xzr\n fmov d10, xzr\n fmov d11, xzr\n"
                     "fmov d12, xzr\n fmov d13, xzr\n fmov d14, xzr\n fmov d15, xzr\n"
                     "mov x19, #0\n mov x20, #0\n mov x21, #0\n mov x22, #0\n mov x23, #0\n"
                     "mov x24, #0\n mov x25, #0\n mov x26, #0\n mov x27, #0\n mov x28, #0"
                     :
                     :
                     : "d8", "d9", "d10", "d11", "d12", "d13", "d14", "d15", "x19", "x20", "x21", "x22", "x23", "x24",
                       "x25", "x26", "x27", "x28");
#else
    __asm__ volatile("xor %%ebx, %%ebx\n xor %%r12d, %%r12d\n xor %%r13d, %%r13d\n xor %%r14d, %%r14d\n xor %%r15d, %%r15d"
                     :
                     :
                     : "rbx", "r12", "r13", "r14", "r15");
#endif
    if (depth == 0) fail();
    clobber(depth - 1);
    __asm__ volatile("");
}

// Keeps more values over a call than fit anywhere but in those registers, and weighs them after the
// exception.
[[gnu::noinline]] int64_t keep_numbers(int64_t seed) {
    int64_t a = seed + 1, b = seed + 2, c = seed + 3, d = seed + 4, e = seed + 5, f = seed + 6;
    __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e));
    try {
        clobber(3);
    } catch (const Problem &) {
        return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f;
    }
    return -1;
}

[[gnu::noinline]] int64_t keep_fractions(double seed) {
    double a = seed + 1, b = seed + 2, c = seed + 3, d = seed + 4, e = seed + 5, f = seed + 6, g = seed + 7, h = seed + 8;
#if defined(__aarch64__)
    __asm__ volatile("" : "+w"(a), "+w"(b), "+w"(c), "+w"(d), "+w"(e), "+w"(f), "+w"(g), "+w"(h));
#else
    __asm__ volatile("" : "+x"(a), "+x"(b), "+x"(c), "+x"(d), "+x"(e), "+x"(f), "+x"(g), "+x"(h));
#endif
    try {
        clobber(3);
    } catch (const Problem &) {
        return static_cast<int64_t>(a + 10 * b + 1e2 * c + 1e3 * d + 1e4 * e + 1e5 * f + 1e6 * g + 1e7 * h);
    }
    return -1;
}

} // namespace

void registers() {
    say("  numbers", keep_numbers(0));
    say("  fractions", keep_fractions(0.0));
    say("  numbers again", keep_numbers(1));
    say("  fractions again", keep_fractions(1.0));
}
