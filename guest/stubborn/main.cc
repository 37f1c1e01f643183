// Cleanups that never return: `stubborn HOW WAY`.
//
//   HOW  how the unwinding begins: panic, fault, kill (by another task, whenever that is)
//   WAY  what the destructor does for ever: spin, yield, sleep, wait (for task 0), map (memory)
//
// A second thread, with such an object of its own, is killed with the first.
#include "guest/runtime/system.h"

namespace {

bool text_equal(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return *a == *b;
}

const char *how;
const char *way;

struct Stubborn {
    ~Stubborn() {
        put("cleaning\n");
        for (;;) {
            if (text_equal(way, "yield")) system_call(3, 0, 0, 0);
            if (text_equal(way, "sleep")) system_call(4, uint64_t{1} << 40, 0, 0);
            if (text_equal(way, "wait")) system_call(15, 0, reinterpret_cast<uint64_t>(&status), 0);
            if (text_equal(way, "map")) system_call(10, 4096, 0, 0);
        }
    }
    int32_t status[2];
};

alignas(16) unsigned char second_stack[16384];

[[noreturn]] void second(uint64_t) {
    Stubborn stubborn;
    for (;;) system_call(4, uint64_t{1} << 30, 0, 0);
}

extern "C" [[gnu::noinline]] void begin() {
    Stubborn stubborn;
    if (text_equal(how, "panic")) PANIC("out of luck");
    if (text_equal(how, "fault")) *reinterpret_cast<volatile int64_t *>(0x10) = 1;
    for (;;) system_call(3, 0, 0, 0);
}

} // namespace

extern "C" int main(int64_t argc, char **argv) {
    how = argc > 1 ? argv[1] : "kill";
    way = argc > 2 ? argv[2] : "spin";
    uint64_t top = reinterpret_cast<uint64_t>(second_stack + sizeof(second_stack));
#if defined(__x86_64__)
    top -= 8; // the place of a return address: zero, the end of the stack
#endif
    system_call(6, reinterpret_cast<uint64_t>(&second), top, 0);
    begin();
    return 0;
}
