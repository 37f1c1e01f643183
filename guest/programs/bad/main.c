// One misbehavior at a time, by name: bad CASE. The exit code says what came of it; see
// guest/programs/cases.ts.
#include "guest/include/format.h"
#include "guest/programs/bad/bad.h"

static const struct bad_case *const tables[] = {
    memory_cases, vm_cases, call_cases, thread_cases, processor_cases,
};

static void list(void) {
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        for (const struct bad_case *c = tables[i]; c->name != 0; c++) put_format("%s\n", c->name);
    }
}

int main(int argc, char **argv) {
    if (argc == 2 && text_equal(argv[1], "list")) {
        list();
        return 0;
    }
    for (size_t i = 0; argc == 2 && i < sizeof tables / sizeof *tables; i++) {
        for (const struct bad_case *c = tables[i]; c->name != 0; c++) {
            if (text_equal(argv[1], c->name)) return c->run(c->argument);
        }
    }
    put_format("%s: there is no such case\n", argv[0]);
    return UNKNOWN_CASE;
}
