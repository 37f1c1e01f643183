// Boost.Context in the loops of guest/bench/switches/coro.c, and the names of all loops of the peers.
#include "guest/bench/switches/round.h"

// boost/context/detail/fcontext.hpp, in C.
struct transfer {
    void *context;
    void *data;
};
struct transfer jump_fcontext(void *to, void *data);
void *make_fcontext(void *base, size_t size, void (*function)(struct transfer));

static void jump_back_for_ever(struct transfer from) {
    for (;;) from = jump_fcontext(from.context, from.data);
}

static void boost_pair(char *base) {
    struct transfer back = {make_fcontext(base, STACK_SIZE, jump_back_for_ever), 0};
    for (;;) {
        ROUND(boost_pair);
        back = jump_fcontext(back.context, back.data);
    }
}

static void jump_back(struct transfer from) { jump_fcontext(from.context, from.data); }

static void boost_spawn(char *base) {
    void *data = 0;
    for (;;) {
        ROUND(boost_spawn);
        data = jump_fcontext(make_fcontext(base, STACK_SIZE, jump_back), data).data;
    }
}

// What make_fcontext has a function that returns call.
_Noreturn void _exit(int status) { exit(status); }

void corosensei_pair(char *base);
void corosensei_spawn(char *base);

const struct loop loops[] = {
    {"boost_pair", boost_pair},
    {"boost_spawn", boost_spawn},
    {"corosensei_pair", corosensei_pair},
    {"corosensei_spawn", corosensei_spawn},
    {0, 0},
};
