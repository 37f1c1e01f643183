#include "guest/programs/coro_cxx/support.h"

int64_t alive;

bool text_equal(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return *a == *b;
}

uintptr_t read(uintptr_t address) { return *reinterpret_cast<volatile uintptr_t *>(address); }

void say(const char *text) {
    put(text);
    put("\n");
}

void say(const char *text, int64_t number) {
    put(text);
    put(" ");
    put_number(number);
    put("\n");
}

void say(const char *text, int64_t first, int64_t second) {
    put(text);
    put(" ");
    put_number(first);
    put(" ");
    put_number(second);
    put("\n");
}

Guard::Guard(const char *name) : name(name) { __atomic_add_fetch(&alive, 1, __ATOMIC_RELAXED); }

Guard::~Guard() {
    __atomic_add_fetch(&alive, -1, __ATOMIC_RELAXED);
    put("drop ");
    put(name);
    put("\n");
}

namespace {

const int STACKS = 8;
const size_t STACK_SIZE = 16 * 1024;
alignas(16) unsigned char stacks[STACKS][STACK_SIZE];
bool in_use[STACKS];

void give_back(coro_stack *stack) {
    bool *used = static_cast<bool *>(stack->owner);
    if (!*used) PANIC("stack given back twice");
    *used = false;
    __atomic_add_fetch(&alive, -1, __ATOMIC_RELAXED);
}

coro_stack take() {
    for (int i = 0; i < STACKS; i++) {
        if (in_use[i]) continue;
        in_use[i] = true;
        __atomic_add_fetch(&alive, 1, __ATOMIC_RELAXED);
        return {stacks[i] + STACK_SIZE, stacks[i], give_back, &in_use[i]};
    }
    PANIC("no stack");
}

void drop_object(void *) { __atomic_add_fetch(&alive, -1, __ATOMIC_RELAXED); }

} // namespace

Coro::Coro(coro_body *body, void *object) {
    __atomic_add_fetch(&alive, 1, __ATOMIC_RELAXED);
    if (coro_create(&coro, take(), body, &object, sizeof object, drop_object) != 0) PANIC("no coroutine");
}

Coro::~Coro() { coro_drop(&coro); }

void *current_object() { return coro_current()->object; }
