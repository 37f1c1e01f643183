// What the agent and its host tell each other: coro/agent/record.ts has the same numbers.
#ifndef CORO_AGENT_RECORD_H
#define CORO_AGENT_RECORD_H

#include "../include/coro.h"

// Bytes of an initial object, or of a text.
#define CORO_AGENT_ROOM 512

// What the host can ask for.
enum coro_agent_operation {
    CORO_AGENT_NONE,
    CORO_AGENT_CREATE,   // words: body, drop, stack size, object, its size, number -> value: slot
    CORO_AGENT_RESUME,   // slot, words: input -> outcome, value
    CORO_AGENT_THROW,    // slot, words: token -> outcome, value
    CORO_AGENT_DROP,     // slot -> outcome
    CORO_AGENT_CALL,     // words: function, arguments -> outcome, value
    CORO_AGENT_ALLOCATE, // words: size -> outcome, value: address
    CORO_AGENT_FREE,     // words: address, size -> outcome
    CORO_AGENT_LEAVE,    // goes back to the host function's caller
};

// What came of it. Errors of the runtime are below zero.
enum coro_agent_outcome {
    CORO_AGENT_RETURNED,
    CORO_AGENT_YIELDED,
    CORO_AGENT_THREW,      // an exception or panic, which the kernel's events describe, and `text`
    CORO_AGENT_HOST_ERROR, // what the host had thrown; value: its token
    CORO_AGENT_TRAPPED,    // a CPU exception, which the events describe
};

#define CORO_AGENT_ERROR_MEMORY (-101) // no memory is left, but for a stack

// What a host function answers.
enum coro_agent_action {
    CORO_AGENT_RETURN, // value
    CORO_AGENT_YIELD,  // yields value, and returns what the coroutine is resumed with
    CORO_AGENT_RAISE,  // throws the host's error of token value
    CORO_AGENT_SERVE,  // operations first; CORO_AGENT_LEAVE comes with the answer
    CORO_AGENT_AGAIN,  // none: the caller could not yield, for the error that is the value
    CORO_AGENT_ASKED,  // none yet
};

// A call of a host function, on the stack of its caller: coro_agent_call.S has the same offsets.
struct coro_agent_call {
    const char *name;
    uint64_t arguments[6];
    uint64_t action;
    uint64_t value;
};

// A coroutine of the host's. Slots are never freed, but used again.
struct coro_agent_slot {
    uint64_t number; // the host's, which no other has; 0 if the slot is free
    uint64_t state;  // enum coro_state
    struct coro_agent_slot *next;
    coro_body *body;
    uint64_t base;  // of the stack
    uint64_t limit; // lowest usable byte of it
    uint64_t note;  // the host's
    struct coro coro;
};

struct coro_agent_record {
    uint64_t version;
    uint64_t busy; // the host sets it with an operation, and it goes when that is done
    uint64_t operation;
    struct coro_agent_slot *slot;
    uint64_t words[8];
    int64_t outcome;
    uint64_t value;
    uint64_t depth;                  // host functions that operations are served in
    struct coro_agent_slot *current; // the innermost of the host's coroutines that run
    struct coro_agent_slot *slots;   // all of them
    struct coro_agent_call *call;    // the innermost that operations are served in
    uint64_t hosted;                 // whether there is a host
    uint64_t done;                   // the last operation that is done
    struct coro_agent_slot *done_slot;
    uint64_t text_size;
    char text[CORO_AGENT_ROOM];          // what an exception says
    unsigned char room[CORO_AGENT_ROOM]; // an initial object, or what an error of the host says
};

#define CORO_AGENT_VERSION 0x0100000074676143ul

#ifdef __cplusplus
extern "C" {
#endif

extern struct coro_agent_record coro_agent_record;

// Something that may throw.
typedef uint64_t coro_agent_function(const uint64_t *words);

// What C++ programs have, in coro_agent_catch.cc: calls a function and catches what it throws;
// throws what the host has thrown.
__attribute__((weak)) uint64_t coro_agent_catch(coro_agent_function *function, const uint64_t *words, int64_t *outcome);
__attribute__((weak)) void coro_agent_raise(uintptr_t token);

// Answers a call of a host function otherwise than by returning a value.
uint64_t coro_agent_act(struct coro_agent_call *call);

#ifdef __cplusplus
}
#endif
#endif
