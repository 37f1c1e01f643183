// Computes without ever giving the CPU up: busy START TIME [NAME=VALUE]..., from a time of the clock
// on, for a number of instructions, with these scheduling parameters.
#include "work.h"

int main(int argc, char **argv) {
    if (argc < 3 || !set_parameters(argc - 3, argv + 3)) return 1;
    int64_t time = number(argv[2]);
    if (sleep_until((uint64_t)number(argv[1])) != 0) return 2;
    work((uint64_t)time);
    return 0;
}
