// Computes in bursts: bursts START COUNT TIME SLEEP [NAME=VALUE]..., from a time of the clock on, each
// a number of instructions long, with these scheduling parameters. It sleeps in between, or, if that
// is 0, yields.
#include "work.h"

int main(int argc, char **argv) {
    if (argc < 5 || !set_parameters(argc - 5, argv + 5)) return 1;
    uint64_t time = (uint64_t)number(argv[3]), pause = (uint64_t)number(argv[4]);
    if (sleep_until((uint64_t)number(argv[1])) != 0) return 2;
    for (int64_t count = number(argv[2]); count > 0; count--) {
        work(time);
        if ((pause > 0 ? sleep(pause) : yield()) != 0) return 3;
    }
    return 0;
}
