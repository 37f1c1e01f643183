// A chain of five calls with an object in each frame, and every way to end it:
// `unwind CAUSE [CATCHER]`.
//
//   CAUSE    panic; throw; fault (in a leaf function); leaf (in a prologue); inline (in a function
//            with objects, between its calls); null (a call of address 0); kill (by itself);
//            syscall, spin (by another thread, while it sleeps or computes); overflow; double (a
//            panic while unwinding); nested (an exception caught while unwinding); none
//   CATCHER  1 to 5: the level that catches everything; 0: nobody
#include "guest/runtime/system.h"

extern "C" void fault_at(void *nowhere);
extern "C" void fault_in_prologue(void *nowhere);
extern "C" [[noreturn]] void spin_forever();

namespace {

struct Error {
    int64_t code;
};
struct Failure : Error {
    explicit Failure(int64_t code) : Error{code} {}
    ~Failure() { put("~Failure\n"); }
};
struct Unrelated {};

bool text_equal(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return *a == *b;
}

const char *cause;
void (*volatile nowhere)();
int64_t catcher;
int64_t alive;

// What must be destroyed exactly once.
struct Guard {
    const char *name;
    explicit Guard(const char *name) : name(name) { alive++; }
    ~Guard() {
        alive--;
        put("drop ");
        put(name);
        put("\n");
        if (text_equal(cause, "double") && text_equal(name, "level4")) PANIC("panic in a destructor");
        if (text_equal(cause, "nested") && text_equal(name, "level4")) {
            try {
                throw Unrelated{};
            } catch (const Unrelated &) {
                put("caught inside a destructor\n");
            }
        }
    }
};

alignas(16) unsigned char killer_stack[4096];

// The body of a second thread: ends the task while the first is wherever it is.
[[noreturn]] void killer(uint64_t delay) {
    Guard guard("killer");
    system_call(4, delay, 0, 0);                                                // sleep
    // task_terminate(task_self())
    system_call(9, static_cast<uint64_t>(system_call(8, 0, 0, 0)), 0, 0);
    for (;;) system_call(3, 0, 0, 0);                                           // yield
}

void start_killer() {
    uint64_t top = reinterpret_cast<uint64_t>(killer_stack + sizeof(killer_stack));
#if defined(__x86_64__)
    top -= 8; // the place of a return address: zero, the end of the stack
#endif
    system_call(6, reinterpret_cast<uint64_t>(&killer), top, 30000);
}

extern "C" [[gnu::noinline]] int64_t overflow(int64_t depth) {
    volatile char space[512];
    if (depth < 0) return 0;
    space[0] = static_cast<char>(depth);
    return overflow(depth + 1) + space[0];
}

extern "C" [[gnu::noinline]] int64_t trouble() {
    Guard guard("trouble");
    if (text_equal(cause, "panic") || text_equal(cause, "double") || text_equal(cause, "nested")) PANIC("out of luck");
    if (text_equal(cause, "throw")) throw Failure(42);
    if (text_equal(cause, "fault")) fault_at(reinterpret_cast<void *>(0x10));
    if (text_equal(cause, "inline")) *reinterpret_cast<volatile int64_t *>(0x10) = 1;
    if (text_equal(cause, "leaf")) fault_in_prologue(reinterpret_cast<void *>(0x10));
    if (text_equal(cause, "null")) nowhere();
    if (text_equal(cause, "spin") || text_equal(cause, "syscall")) start_killer();
    if (text_equal(cause, "spin")) spin_forever();
    if (text_equal(cause, "syscall")) system_call(4, uint64_t{1} << 40, 0, 0); // sleep
    if (text_equal(cause, "kill")) system_call(9, static_cast<uint64_t>(system_call(8, 0, 0, 0)), 0, 0);
    if (text_equal(cause, "overflow")) return overflow(0);
    return 7;
}

#define LEVEL(NUMBER, NEXT)                                                                                            \
    extern "C" [[gnu::noinline]] int64_t level##NUMBER() {                                                                     \
        Guard guard("level" #NUMBER);                                                                                  \
        if (catcher != NUMBER) return NEXT() + 1;                                                                      \
        try {                                                                                                          \
            Guard inner("try" #NUMBER);                                                                                \
            return NEXT() + 1;                                                                                         \
        } catch (const Unrelated &) {                                                                                  \
            put("caught the wrong thing\n");                                                                           \
        } catch (const Error &error) {                                                                                 \
            put("caught Error ");                                                                                      \
            put_number(error.code);                                                                                    \
            put(" at level" #NUMBER "\n");                                                                             \
        } catch (...) {                                                                                                \
            put("caught something at level" #NUMBER "\n");                                                             \
        }                                                                                                              \
        return 100 * NUMBER;                                                                                           \
    }

LEVEL(5, trouble)
LEVEL(4, level5)
LEVEL(3, level4)
LEVEL(2, level3)
LEVEL(1, level2)

} // namespace

extern "C" int main(int64_t argc, char **argv) {
    cause = argc > 1 ? argv[1] : "none";
    catcher = argc > 2 ? argv[2][0] - '0' : 0;
    const int64_t result = level1();
    put("result ");
    put_number(result);
    put(", objects alive ");
    put_number(alive);
    put(", exceptions alive ");
    put_number(exceptions_alive);
    put("\n");
    return 0;
}
