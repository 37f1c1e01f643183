#include "guest/green/contexts.h"

#include "guest/green/heap.h"

#define FIRST_CAPACITY 4
#define ITEM_ALIGN 16

static void grow(struct contexts *contexts) {
    size_t capacity = contexts->capacity == 0 ? FIRST_CAPACITY : contexts->capacity * 2;
    struct context *items = heap_allocate(capacity * sizeof *items, ITEM_ALIGN);
    for (size_t i = 0; i < contexts->count; i++) items[i] = contexts->items[i];
    if (contexts->items != 0) heap_release(contexts->items);
    contexts->items = items;
    contexts->capacity = capacity;
}

void contexts_push(struct contexts *contexts, const struct context *context) {
    if (contexts->count == contexts->capacity) grow(contexts);
    contexts->items[contexts->count++] = *context;
}

struct context contexts_shift(struct contexts *contexts) {
    struct context first = contexts->items[0];
    contexts->count--;
    for (size_t i = 0; i < contexts->count; i++) contexts->items[i] = contexts->items[i + 1];
    return first;
}

void contexts_clear(struct contexts *contexts) {
    if (contexts->items != 0) heap_release(contexts->items);
    *contexts = (struct contexts){0, 0, 0};
}
