// A body that does what its object says, in bytes: what a generator of JavaScript can be written to do
// as well (coro/generator_oracle_test.ts).
#include "guest/include/coro_agent.h"
#include "guest/include/string.h"

extern "C" uintptr_t ask(coro_yielder *yielder, uintptr_t question);
extern "C" uintptr_t tell(coro_yielder *yielder, uintptr_t what);

CORO_IMPORT(tell)

namespace {

enum : unsigned char { YIELD = 1, ASK, THROW, RETURN, TRY, FINALLY, REPEAT };

class Failure : public coroutine::exception {
    const char *what() const noexcept override { return "failure"; }
};

// A block at the end of which the host is told something, however it ends.
struct Finally {
    coro_yielder *yielder;
    unsigned char name;
    ~Finally() { tell(yielder, name); }
};

struct Script {
    coro_yielder *yielder;
    uintptr_t value;

    // Runs a block; returns whether the body is to return.
    bool run(const unsigned char *at, const unsigned char *end) {
        while (at < end) {
            switch (*at++) {
            case YIELD:
                value = coro_yield(yielder, 3 * value + 1);
                break;
            case ASK:
                value = ask(yielder, value);
                break;
            case THROW:
                throw Failure();
            case RETURN:
                return true;
            case TRY: { // sizes of both blocks
                const unsigned char *block = at + 2, *handler = block + at[0];
                at = handler + at[1];
                try {
                    if (run(block, handler)) return true;
                    break;
                } catch (const coroutine::exception &error) {
                    value = strlen(error.what());
                }
                if (run(handler, at)) return true;
                break;
            }
            case FINALLY: { // name, size
                Finally last{yielder, at[0]};
                const unsigned char *block = at + 2;
                at = block + at[1];
                if (run(block, at)) return true;
                break;
            }
            case REPEAT: { // times, size
                const unsigned char *block = at + 2;
                unsigned times = at[0];
                at = block + at[1];
                while (times-- > 0) {
                    if (run(block, at)) return true;
                }
                break;
            }
            }
        }
        return false;
    }
};

} // namespace

// The object: a size of two bytes, and the script.
CORO_EXPORT uintptr_t script(coro_yielder *yielder, uintptr_t input, void *object) {
    const unsigned char *bytes = static_cast<const unsigned char *>(object);
    Script script{yielder, input};
    script.run(bytes + 2, bytes + 2 + bytes[0] + 256 * bytes[1]);
    return script.value;
}
