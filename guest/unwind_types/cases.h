// What the cases of `unwind-types` share.
#ifndef TRAPLINE_UNWIND_TYPES_CASES_H
#define TRAPLINE_UNWIND_TYPES_CASES_H

#include "guest/runtime/system.h"

// Objects that are alive; every case must leave as many as it found.
extern int64_t alive;

// What must be destroyed exactly once; says so if it has a name.
struct Guard {
    const char *name;
    explicit Guard(const char *name = nullptr) : name(name) { alive++; }
    Guard(const Guard &) = delete;
    ~Guard() {
        alive--;
        if (name) {
            put("drop ");
            put(name);
            put("\n");
        }
    }
};

// Writes a line: a text and a number.
inline void say(const char *text, int64_t number) {
    put(text);
    put(" ");
    put_number(number);
    put("\n");
}

// The cases, by subject; each writes lines.
void catch_by_type();
void catch_pointers();
void handlers_in_handlers();
void construction();
void frames();
void registers();

// Ends of their own.
void break_noexcept();
void break_specification();
void rethrow_nothing();
void call_pure();

#endif
