// Two threads keep a ledger, and something spoils a limit: the program that docs/debugging.md finds
// the bug of.
#include <format.h>
#include <trapline.h>

#define ENTRIES 4
#define STACK_SIZE (4 * PAGE_SIZE)

struct account {
    const char *owner;
    long balance;
    int entries[ENTRIES];
    long limit;
};

static struct account ledger[2] = {
    {.owner = "ada", .balance = 100, .limit = 500},
    {.owner = "bob", .balance = 100, .limit = 500},
};
static int finished;

static void note(struct account *account, int entry, int amount) {
    account->entries[entry] = amount;
}

static void deposit(struct account *account, int entry, int amount) {
    account->balance += amount;
    note(account, entry, amount);
}

static void keep(uintptr_t index) {
    struct account *account = &ledger[index];
    // Ada has one entry more than there is room for.
    int count = index == 0 ? ENTRIES + 1 : ENTRIES;
    for (int entry = 0; entry < count; entry++) {
        deposit(account, entry, 10 * (entry + 1));
        yield();
    }
    __atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
    thread_exit();
}

int main(void) {
    for (uintptr_t i = 0; i < 2; i++) {
        int64_t stack = vm_allocate(0, STACK_SIZE);
        if (stack < 0 || thread_create(keep, (char *)stack + STACK_SIZE, i) < 0) return 2;
    }
    while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) < 2) yield();
    for (int i = 0; i < 2; i++) {
        put_format("%s: %d of %d\n", ledger[i].owner, ledger[i].balance, ledger[i].limit);
    }
    return ledger[0].limit == 500 && ledger[1].limit == 500 ? 0 : 1;
}
