// Three green threads: main spawns Gaia, Gaia spawns Mash, and Mash spawns Ortega.
//
// `green` runs them to their end; `green DEFECT` has one thing wrong with the library, by its name;
// with `green deep` the library is sound and Ortega's stack overflows.
#include "guest/green/frames.h"
#include "guest/green/green.h"
#include "guest/green/heap.h"
#include "guest/include/format.h"
#include "guest/include/trapline.h"

#define TABLE 512
#define DEEP_GAP (16 * 1024) // what the large frame leaves of a stack
#define DEEP_LEVELS 6         // small frames, of more than that in all

static const char *const defects[] = {
    [NONE] = "none",           [STALE] = "stale",   [FREED] = "freed",
    [UNGUARDED] = "unguarded", [SHARED] = "shared",
};

static int goes_deep;

// Frames that are filled with zeros from end to end.
static uint64_t go_deep(int levels) {
    volatile uint64_t room[PAGE_SIZE / sizeof(uint64_t)];
    for (size_t i = 0; i < sizeof room / sizeof *room; i++) room[i] = 0;
    return levels == 1 ? room[0] : go_deep(levels - 1) + room[0];
}

// All of a stack but its last pages in one frame that nobody touches, and then beyond its end.
static uint64_t overflow(void) {
    __attribute__((unused)) volatile char room[STACK_SIZE - DEEP_GAP];
    return go_deep(DEEP_LEVELS);
}

// Numbers in a table on the stack, and their sum.
static uint64_t work(void) {
    volatile uint64_t table[TABLE];
    uint64_t sum = 0;
    for (uint64_t i = 0; i < TABLE; i++) table[i] = i;
    for (uint64_t i = 0; i < TABLE; i++) sum += table[i];
    return sum;
}

static void ortega(void) {
    put_text("Ortega called\n");
    uint64_t sum = work();
    if (goes_deep) sum += overflow();
    put_format("Ortega's sum: %u\n", sum);
}

static void mash(void) {
    FILL(FILL_THREAD);
    put_text("Mash called\n");
    spawn(ortega, "ortega");
}

static void gaia(void) {
    FILL(FILL_THREAD);
    put_text("Gaia called\n");
    spawn(mash, "mash");
}

static int choose(const char *name) {
    if (text_equal(name, "deep")) {
        goes_deep = 1;
        return 1;
    }
    for (size_t i = 0; i < sizeof defects / sizeof *defects; i++) {
        if (!text_equal(name, defects[i])) continue;
        defect = (enum defect)i;
        goes_deep = defect == UNGUARDED;
        return 1;
    }
    put_format("green: there is no defect %s\n", name);
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 1 && !choose(argv[1])) return 2;
    put_text("** regular stack (main)\n\nmain called\n");
    spawn_from_main(gaia, "gaia");
    green_end();
    put_format("main done: %u contexts ended, %u blocks left\n", green_ended(), heap_blocks());
    return green_ended() == 3 && heap_blocks() == 0 ? 0 : 1;
}
