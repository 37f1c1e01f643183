// glibc's ucontext routines.
#include "foreign.h"

#include <errno.h>
#include <signal.h>
#include <ucontext.h>

#define STACK_SIZE 8192
static _Alignas(16) char stacks[3][STACK_SIZE];
static ucontext_t root, contexts[3];

static ucontext_t *context(int number, ucontext_t *link) {
    ucontext_t *it = &contexts[number];
    getcontext(it);
    it->uc_stack.ss_sp = stacks[number];
    it->uc_stack.ss_size = STACK_SIZE;
    it->uc_link = link;
    return it;
}

static long sent, received;

static void adder(void) {
    long sum = 0;
    double weighed = 0.5;
    for (;;) {
        sum += sent;
        weighed = weighed * 0.5 + (double)sum;
        received = sum + (weighed < 0);
        swapcontext(&contexts[0], &root);
    }
}

static void ping_pong(long rounds) {
    makecontext(context(0, 0), adder, 0);
    double scale = 1.0;
    for (long i = 1; i <= rounds; i++) {
        sent = i;
        swapcontext(&root, &contexts[0]);
        scale += 1.0 / (double)i;
    }
    say_number("ping-pong: sum", received);
    say_number("ping-pong: harmonic, in thousandths", (long)(scale * 1000));
}

// A side that has numbers of its own in all registers a call keeps, and swaps to and fro.
struct side {
    ucontext_t *own, *other;
    long rounds;
};

static void swap_often(void *argument) {
    struct side *side = argument;
    for (long i = 0; i < side->rounds; i++) swapcontext(side->own, side->other);
}

static int are_kept_there;

static void other_side(int rounds) {
    struct side side = {&contexts[0], &root, rounds};
    are_kept_there = with_registers(0x5555000000000000, swap_often, &side);
}

static void registers(long rounds) {
    makecontext(context(0, &root), (void (*)(void))other_side, 1, (int)rounds);
    struct side side = {&root, &contexts[0], rounds + 1};
    say_whether("registers: kept by the one who swaps", with_registers(0x3333000000000000, swap_often, &side));
    say_whether("registers: kept by the context", are_kept_there);
}

// More arguments than there are registers for.
static void with_arguments(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j) {
    say_number("arguments: a number made of them", ((((a * 10L + b) * 10 + c) * 10 + d) * 10 + e) * 10 + f);
    say_number("arguments: and of the others", ((g * 10L + h) * 10 + i) * 10 + j);
}

static void with_one(int a) { say_number("arguments: the only one", a); }

static void arguments(void) {
    makecontext(context(0, &root), (void (*)(void))with_arguments, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0);
    swapcontext(&root, &contexts[0]);
    makecontext(context(0, &root), (void (*)(void))with_one, 1, 42);
    swapcontext(&root, &contexts[0]);
}

static void chained(int number) { say_number("link: through", number); }

static void links(void) {
    for (int i = 2; i >= 0; i--) {
        makecontext(context(i, i == 2 ? &root : &contexts[i + 1]), (void (*)(void))chained, 1, i);
    }
    swapcontext(&root, &contexts[0]);
    say("link: back\n");
}

static void again(void) {
    volatile int turns = 0;
    getcontext(&root);
    if (turns++ < 3) setcontext(&root);
    say_number("getcontext: returned", turns);
}

static int is_blocked(int signal) {
    sigset_t set;
    sigprocmask(SIG_BLOCK, 0, &set);
    return (int)(set.__val[0] >> (signal - 1) & 1);
}

static void masked(void) {
    say_whether("mask: the context's own is in force", is_blocked(SIGUSR2) && !is_blocked(SIGUSR1));
}

static void masks(void) {
    sigset_t set = {{1ul << (SIGUSR1 - 1)}};
    sigprocmask(SIG_BLOCK, &set, 0);
    makecontext(context(0, &root), masked, 0);
    contexts[0].uc_sigmask.__val[0] = 1ul << (SIGUSR2 - 1);
    swapcontext(&root, &contexts[0]);
    say_whether("mask: and that of before again", is_blocked(SIGUSR1) && !is_blocked(SIGUSR2));
    sigprocmask(SIG_UNBLOCK, &set, 0);
    say_whether("mask: unblocked", !is_blocked(SIGUSR1));
}

static void errors(void) {
    sigset_t set = {{0}};
    errno = 0;
    say_number("errno: result", sigprocmask(77, &set, 0));
    say_number("errno: of a way there is not", errno);
    say_number("errno: result", sigprocmask(SIG_BLOCK, 0, (sigset_t *)16));
    say_number("errno: of an address there is not", errno);
}

static void rounder(void) {
    set_rounding(DOWN);
    swapcontext(&contexts[0], &root);
    received = rounding_is(DOWN);
}

static void rounding(void) {
    makecontext(context(0, &root), rounder, 0);
    swapcontext(&root, &contexts[0]);
    say_whether("rounding: kept by the one who swaps", rounding_is(TO_NEAREST));
    set_rounding(TO_NEAREST);
    swapcontext(&root, &contexts[0]);
    say_whether("rounding: kept by the context", received != 0);
    set_rounding(TO_NEAREST);
}

static void last(void) { say("the end of a context without a link ends the program\n"); }

int main(int argc, char **argv) {
    long turns = rounds(argc, argv, 200);
    ping_pong(turns);
    registers(turns);
    arguments();
    links();
    again();
    masks();
    errors();
    rounding();
    makecontext(context(1, 0), last, 0);
    setcontext(&contexts[1]);
    return 1;
}
