// Counts without ever giving the CPU up, so that only the timer can take it away: spinner [COUNT].
#include "guest/include/format.h"
#include "guest/include/trapline.h"

static uint64_t parse(const char *text) {
    uint64_t number = 0;
    while (*text >= '0' && *text <= '9') number = number * 10 + (uint64_t)(*text++ - '0');
    return number;
}

int main(int argc, char **argv) {
    uint64_t count = argc > 1 ? parse(argv[1]) : 100000;
    int64_t before = clock();
    volatile uint64_t turns = 0;
    while (turns < count) turns++;
    // A turn is at least two instructions, so a clock that counts them has moved on by more than
    // the turns.
    int counted = turns == count && (uint64_t)(clock() - before) >= count;
    put_format("%s: %u turns\n", argv[0], turns);
    return counted ? 0 : 1;
}
