// What the cases of coro-cxx share.
#ifndef TRAPLINE_CORO_SUPPORT_H
#define TRAPLINE_CORO_SUPPORT_H

#include "guest/include/coro.h"
#include "guest/runtime/system.h"

// Objects and stacks in use.
extern int64_t alive;

bool text_equal(const char *a, const char *b);

// Reads a word.
uintptr_t read(uintptr_t address);

// Writes a line: a text, and numbers.
void say(const char *text);
void say(const char *text, int64_t number);
void say(const char *text, int64_t first, int64_t second);

// What must be destroyed exactly once.
struct Guard {
    const char *name;
    explicit Guard(const char *name);
    ~Guard();
};

// A coroutine with a stack from a pool; its object is a word.
class Coro {
public:
    explicit Coro(coro_body *body, void *object = nullptr);
    Coro(const Coro &) = delete;
    ~Coro();
    int64_t resume(uintptr_t input) { return coro_resume(&coro, input, &last); }
    int64_t drop() { return coro_drop(&coro); }
    int64_t output() const { return static_cast<int64_t>(last); }

private:
    struct coro coro;
    uintptr_t last = 0;
};

// The object of the coroutine that runs.
void *current_object();

// Coroutines that move between threads.
void threads();

#endif
