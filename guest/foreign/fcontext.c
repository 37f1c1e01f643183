// Boost.Context's routines, declared here as its headers declare them: there is nothing to learn
// from C++ in between.
#include "foreign.h"

typedef void *fcontext;
struct transfer {
    fcontext from;
    void *data;
};
struct transfer jump_fcontext(fcontext to, void *data);
struct transfer ontop_fcontext(fcontext to, void *data, struct transfer (*function)(struct transfer));
fcontext make_fcontext(void *stack_top, size_t size, void (*function)(struct transfer));

#define STACK_SIZE 8192
static _Alignas(16) char stacks[4][STACK_SIZE];

static fcontext fiber(int stack, void (*function)(struct transfer)) {
    return make_fcontext(stacks[stack] + STACK_SIZE, STACK_SIZE, function);
}

// Sends back the sum of what it was sent, for ever.
static void adder(struct transfer t) {
    long sum = 0;
    double weighed = 0.5; // in registers that a call keeps
    for (;;) {
        sum += (long)t.data;
        weighed = weighed * 0.5 + (double)sum;
        t = jump_fcontext(t.from, (void *)(sum + (weighed < 0)));
    }
}

static void ping_pong(long rounds) {
    struct transfer t = {fiber(0, adder), 0};
    long check = 0;
    double scale = 1.0;
    for (long i = 1; i <= rounds; i++) {
        t = jump_fcontext(t.from, (void *)i);
        check ^= (long)t.data * i;
        scale += 1.0 / (double)i;
    }
    say_number("ping-pong: sum", (long)t.data);
    say_number("ping-pong: check", check);
    say_number("ping-pong: harmonic, in thousandths", (long)(scale * 1000));
}

// A side that has numbers of its own in all registers a call keeps, and jumps to and fro.
struct side {
    struct transfer t;
    long rounds;
};

static void jump_often(void *argument) {
    struct side *side = argument;
    for (long i = 0; i < side->rounds; i++) side->t = jump_fcontext(side->t.from, side->t.data);
}

static int are_kept_there;

static void other_side(struct transfer t) {
    struct side side = {t, (long)t.data};
    are_kept_there = with_registers(0x5555000000000000, jump_often, &side);
    jump_fcontext(side.t.from, 0);
}

static void registers(long rounds) {
    struct side side = {{fiber(0, other_side), (void *)rounds}, rounds + 1};
    int are_kept = with_registers(0x3333000000000000, jump_often, &side);
    say_whether("registers: kept by the one who jumps", are_kept);
    say_whether("registers: kept by the fiber", are_kept_there);
}

// Three fibers deep: each makes the next, takes what it yields, and hands on twice as much.
static void nested(struct transfer t) {
    long depth = (long)t.data;
    t = jump_fcontext(t.from, 0);
    struct transfer inner = {0, 0};
    if (depth < 3) {
        inner = jump_fcontext(fiber((int)depth + 1, nested), (void *)(depth + 1));
    }
    for (long i = 1;; i++) {
        long value = i;
        if (depth < 3) {
            inner = jump_fcontext(inner.from, 0);
            value = 2 * (long)inner.data + depth;
        }
        t = jump_fcontext(t.from, (void *)value);
    }
}

static void nest(void) {
    struct transfer t = jump_fcontext(fiber(1, nested), (void *)1);
    for (int i = 0; i < 5; i++) {
        t = jump_fcontext(t.from, 0);
        say_number("nested: value", (long)t.data);
    }
}

// Runs on the stack of a fiber that has been left, before that goes on.
static struct transfer double_it(struct transfer t) {
    t.data = (void *)(2 * (long)t.data);
    return t;
}

// Ends a fiber from the outside: it never goes on after this.
static struct transfer end_it(struct transfer t) {
    say("ontop: ended\n");
    jump_fcontext(t.from, 0);
    say("ontop: went on after its end\n");
    return t;
}

static void on_top(void) {
    struct transfer t = jump_fcontext(fiber(0, adder), (void *)1);
    t = ontop_fcontext(t.from, (void *)20, double_it);
    say_number("ontop: sum", (long)t.data);
    t = jump_fcontext(t.from, (void *)100);
    say_number("ontop: sum", (long)t.data);
    // Not of a fresh fiber: on AArch64 the function would return into the program's end.
    ontop_fcontext(t.from, 0, end_it);
}

static void rounder(struct transfer t) {
    set_rounding(DOWN);
    t = jump_fcontext(t.from, 0);
    long is_kept = rounding_is(DOWN);
    set_rounding(DOWN);
    t = jump_fcontext(t.from, (void *)is_kept);
    is_kept = rounding_is(DOWN);
    set_rounding(DOWN);
    jump_fcontext(t.from, (void *)is_kept);
}

static struct transfer leave_it(struct transfer t) { return t; }

static void rounding(void) {
    struct transfer t = jump_fcontext(fiber(0, rounder), 0);
    say_whether("rounding: kept by the one who jumps", rounding_is(TO_NEAREST));
    set_rounding(TO_NEAREST);
    t = jump_fcontext(t.from, 0);
    say_whether("rounding: kept by the fiber", t.data != 0);
    set_rounding(TO_NEAREST);
    t = ontop_fcontext(t.from, 0, leave_it);
    say_whether("rounding: kept where a function was on top", t.data != 0);
    set_rounding(TO_NEAREST);
}

static void returning(struct transfer t) {
    (void)t;
    say("returning from a fiber ends the program\n");
}

int main(int argc, char **argv) {
    long turns = rounds(argc, argv, 1000);
    ping_pong(turns);
    registers(turns);
    nest();
    on_top();
    rounding();
    jump_fcontext(fiber(3, returning), 0);
    return 1;
}
