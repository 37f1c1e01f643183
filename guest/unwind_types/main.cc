// Exceptions as C++ has them, one subject after another: `unwind-types SUBJECT`; without a subject,
// all that come back.
#include "guest/unwind_types/cases.h"

int64_t alive;

namespace {

bool text_equal(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return *a == *b;
}

struct Subject {
    const char *name;
    void (*run)();
    bool comes_back;
};

const Subject subjects[] = {
    {"types", catch_by_type, true},
    {"pointers", catch_pointers, true},
    {"handlers", handlers_in_handlers, true},
    {"construction", construction, true},
    {"frames", frames, true},
    {"registers", registers, true},
    {"noexcept", break_noexcept, false},
    {"specification", break_specification, false},
    {"rethrow", rethrow_nothing, false},
    {"pure", call_pure, false},
};

// The main thread has its thread-local storage before it gets here.
constexpr int64_t INITIAL = 1000;
thread_local int64_t counted = INITIAL;

} // namespace

extern "C" int main(int64_t argc, char **argv) {
    int64_t run = 0;
    for (const Subject &subject : subjects) {
        const bool chosen = argc > 1 ? text_equal(argv[1], subject.name) : subject.comes_back;
        if (!chosen) continue;
        put(subject.name);
        put(":\n");
        subject.run();
        run++, counted++;
    }
    say("objects alive", alive);
    say("exceptions alive", exceptions_alive);
    return counted == INITIAL + run ? 0 : 1;
}
