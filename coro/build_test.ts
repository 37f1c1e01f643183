// Programs of a user's own, in C and C++, built by this host's compiler.
import { assertEquals, assertThrows } from "@std/assert";
import { buildProgram } from "../build/mod.ts";
import { chooseClang, chooseLinker } from "../build/tools.ts";
import { CoroutineError, GuestPanic } from "./errors.ts";
import { CoroutineHost } from "./host.ts";
import { ARCH_NAMES } from "./testing/hosts.ts";
import type { HostFunction } from "./yielder.ts";
import { everySecond } from "../util/testing/sweep.ts";

// Only those who build programs need the tools.
const ignore = !await Promise.all([chooseClang(15, "a test"), chooseLinker("a test")])
  .then(() => true, () => false);

const COMMON = `
#include <coro_agent.h>
#include <format.h>
CORO_IMPORT(ask)
`;

const C_PROGRAM = `${COMMON}
uintptr_t ask(struct coro_yielder *yielder, uintptr_t word);
static _Thread_local uintptr_t own = 40;
CORO_EXPORT uintptr_t body(struct coro_yielder *yielder, uintptr_t input, void *object) {
    double half = (double)*(uint64_t *)object / 2;
    own += coro_yield(yielder, (uintptr_t)(half * 10));
    return own + ask(yielder, input);
}
`;

/** With a main of its own, which prepares something first. */
const CXX_PROGRAM = `${COMMON}
extern "C" uintptr_t ask(coro_yielder *yielder, uintptr_t word);
struct Held { coro_yielder *yielder; ~Held() { ask(yielder, 3); } };
static uintptr_t prepared;
CORO_EXPORT uintptr_t body(coro_yielder *yielder, uintptr_t input, void *object) {
    Held held{yielder};
    uintptr_t sum = prepared + *static_cast<uint64_t *>(object);
    for (;;) {
        try {
            input = coro_yield(yielder, sum += input);
        } catch (const coroutine::host_error &error) {
            put_format("%s\\n", error.what());
            if (input == 9) throw 42;
            sum = 0;
        }
    }
}
int main(int argc, char **argv) {
    prepared = ask(nullptr, static_cast<uintptr_t>(argc));
    return argc > 1 ? coro_agent() : argv == nullptr;
}
`;

const OBJECT = new Uint8Array(BigUint64Array.of(5n).buffer);

async function build(arch: "x86_64" | "aarch64", file: string, text: string) {
  const folder = Deno.makeTempDirSync({ prefix: "trapline-coro-" });
  try {
    Deno.writeTextFileSync(`${folder}/${file}`, text);
    const { bytes, warnings } = await buildProgram({ arch, sources: [`${folder}/${file}`] });
    assertEquals(warnings, "");
    return bytes;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

// What is the same on each architecture the quick sweep has on one of them.
for (const arch of everySecond(ARCH_NAMES, 1)) {
  Deno.test({
    name: `CoroutineHost ${arch}, a program in C with thread-local variables and floating point`,
    ignore,
    async fn() {
      const program = await build(arch, "own.c", C_PROGRAM);
      const ask: HostFunction = (_, word = 0n) => word * 100n;
      using host = CoroutineHost.boot({ arch, program, memory: 16 << 20, imports: { ask } });
      using body = host.coroutine("body", { object: OBJECT });
      assertEquals([body.next(7).value, body.next(2).value], [25n, 742n]);
    },
  });

  Deno.test({
    name: `CoroutineHost ${arch}, a program in C++ with a main of its own`,
    ignore,
    async fn() {
      const program = await build(arch, "own.cc", CXX_PROGRAM);
      const asked: bigint[] = [];
      const ask: HostFunction = (_, word = 0n) => {
        asked.push(word);
        return word * 1000n;
      };
      const options = { arch, program, memory: 16 << 20, imports: { ask } };
      using host = CoroutineHost.boot({ ...options, commandLine: "own once" });
      assertEquals(asked, [2n]);
      using body = host.coroutine("body", { object: OBJECT });
      assertEquals(body.next(1).value, 2006n);
      assertEquals(body.throw(new Error("caught")).value, 1n);
      assertEquals(host.machine.console.text(), "Error: caught\n");
      body.next(9);
      const error = assertThrows(() => body.throw(new Error("again")), GuestPanic);
      assertEquals([error.type, error.text, asked], ["int", "42", [2n, 3n]]);
      // One that does not come to the agent.
      const ended = assertThrows(() => CoroutineHost.boot(options), CoroutineError);
      assertEquals(ended.kind, "halted");
      assertEquals(ended.message, "Cannot boot coroutines: the program has ended with status 0");
    },
  });
}
