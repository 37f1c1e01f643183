// Exceptions that no handler may have, and other ways to end badly.
#include "guest/unwind_types/cases.h"

namespace {

struct Allowed {};
struct Refused {};

[[gnu::noinline]] void no_exception_passes() noexcept {
    Guard guard; // whether it is destroyed is up to the compiler
    throw Refused{};
}

// What comes out of it must be on its list (C++14; still in the tables' format).
[[gnu::noinline]] void specified(bool allowed) throw(Allowed) {
    Guard guard("specified");
    if (allowed) throw Allowed{};
    throw Refused{};
}

struct Interface {
    Interface() { indirect(); }
    void indirect() { call(); }
    virtual void call() = 0;
};
struct Implementation : Interface {
    void call() override { put("never\n"); }
};

} // namespace

void break_noexcept() {
    try {
        no_exception_passes();
    } catch (...) {
        put("never\n");
    }
}

void break_specification() {
    try {
        specified(true);
    } catch (const Allowed &) {
        put("  allowed\n");
    }
    try {
        specified(false);
    } catch (...) {
        put("never\n");
    }
}

void rethrow_nothing() { throw; }

void call_pure() {
    Guard guard("call_pure");
    Implementation implementation;
}
