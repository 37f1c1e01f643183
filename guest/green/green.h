// Green threads: contexts that take turns when they say so, each on a stack of its own from a heap.
// The library and its program are made after a log of one that died of its switch
// (docs/green-threads.md), and say what that log says.
#ifndef TRAPLINE_GREEN_H
#define TRAPLINE_GREEN_H

#include "guest/green/registers.h"

#define STACK_SIZE (2ul << 20)
#define FIRST_ID 1000000000001ul // of the first context that is spawned

// How an allocation is to be made.
struct layout {
    uint64_t size, align;
};

// One that runs, or waits for its turn.
struct context {
    struct registers registers;
    char *stack; // its lowest byte, which the log calls the stack's top
    struct layout layout;
    void (*entry)(void);
    uint64_t id;
    const char *name;
};

// Contexts in the order of their turns; the first one runs.
struct contexts {
    struct context *items;
    size_t count, capacity;
};

// What may be wrong with the library; one at a time. What comes of each: guest/green/cases.ts.
enum defect {
    NONE,
    STALE,     // schedule saves its context in a function that has returned when it is switched to
    FREED,     // rm_unused_stack releases the stack of the context that has just given way, too
    UNGUARDED, // stacks have no guard page, and one overflows
    SHARED,    // spawn gives the third context the stack of the second
};

extern enum defect defect;

// Saves the calling context; returns 0, and 1 when it is switched to.
__attribute__((returns_twice)) int set_context(struct registers *registers);

// Goes on where a context was saved.
_Noreturn void switch_context(const struct registers *registers);

// Runs `entry` and all that it spawns, each in a context of its own, until all have ended.
void spawn_from_main(void (*entry)(void), const char *name);

// Makes a context that is to run `entry`, and gives way.
void spawn(void (*entry)(void), const char *name);

// Gives way to the context that has waited longest; `self` is a copy of the caller's own.
void schedule(const struct context *self);

// Releases the stacks of contexts that have ended.
void rm_unused_stack(void);

// Releases what the library has kept for contexts to come.
void green_end(void);

// How many contexts have run to their end.
size_t green_ended(void);

#endif
