// switches LOOP: goes a loop for ever.
#include "guest/bench/switches/round.h"

static char stack[STACK_SIZE] __attribute__((aligned(16)));

int main(int argc, char **argv) {
    if (argc != 2) return USAGE;
    for (const struct loop *loop = loops; loop->name != 0; loop++) {
        if (text_equal(argv[1], loop->name)) loop->run(stack + sizeof stack);
    }
    return USAGE;
}
