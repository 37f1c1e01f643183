// Coroutines in programs of a user's own.
import { assert, assertEquals } from "@std/assert";
import { archByName } from "../arch/mod.ts";
import { Machine } from "../kernel/machine.ts";
import { ARCH_NAMES } from "../kernel/testing/programs.ts";
import { buildProgram } from "./program.ts";
import { chooseClang, chooseLinker } from "./tools.ts";
import { everySecond } from "../util/testing/sweep.ts";

// Only those who build programs need the tools.
const ignore = !await Promise.all([chooseClang(15, "a test"), chooseLinker("a test")])
  .then(() => true, () => false);

const document = await Deno.readTextFile(new URL("../docs/coroutines.md", import.meta.url));
const C_PROGRAM = /^```c\n([\s\S]*?)^```$/m.exec(document)?.[1];

const CXX_PROGRAM = `
#include <coro_inline.h>
#include <coro_stack.h>
#include <format.h>
struct Held {
    const char *name;
    ~Held() { put_format("-%s ", name); }
};
static uintptr_t body(coro_yielder *yielder, uintptr_t input, void *object) {
    Held held{*static_cast<const char **>(object)};
    if (coro_yield(yielder, input + 1) == 0) throw 42;
    coro_yield(yielder, 0);
    return 0;
}
static void create(coro *target, const char *name) {
    coro_stack stack;
    coro_stack_allocate(&stack, 16384);
    coro_create(target, stack, body, &name, sizeof name, nullptr);
}
static void root(uintptr_t argument, void **link, void *) {
    for (;;) argument = coro_switch_yield_inline(argument * 2, link);
}
alignas(16) static char bare[4096];
int main() {
    coro thrown, dropped;
    uintptr_t output;
    create(&thrown, "thrown");
    create(&dropped, "dropped");
    coro_resume(&thrown, 1, &output);
    coro_resume(&dropped, 2, &output);
    try {
        coro_resume(&thrown, 0, &output);
    } catch (int number) {
        put_format("caught %d ", (int64_t)number);
    }
    put_format("%d %d %d ", coro_drop(&thrown), coro_drop(&dropped), (int64_t)output);
    char *base = bare + sizeof bare;
    coro_transfer back{0, coro_init_stack(base, root, nullptr, 0)};
    for (uintptr_t i = 1; i < 4; i++) back = coro_switch_and_link_inline(i, back.sp, base);
    put_format("%d\\n", (int64_t)back.argument);
}
`;

async function run(arch: (typeof ARCH_NAMES)[number], name: string, text: string): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "trapline-coroutines-" });
  try {
    const source = `${folder}/${name}`;
    await Deno.writeTextFile(source, text);
    const printed: string[] = [];
    for (const level of ["-O0", "-O2"]) {
      const { bytes, warnings } = await buildProgram({ arch, sources: [source], flags: [level] });
      assertEquals(warnings, "");
      const modules = [{ commandLine: "program", bytes }];
      using machine = new Machine({ arch: archByName(arch), modules, memory: 16 << 20 });
      assertEquals(machine.run(10_000_000).kind, "halted");
      assertEquals(machine.tasks[1]?.status, { kind: "exit", code: 0 });
      printed.push(machine.console.text("program"));
    }
    assertEquals(printed[0], printed[1]);
    return printed[0] ?? "";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

// What is the same on each architecture the quick sweep has on one of them.
for (const arch of everySecond(ARCH_NAMES, 0)) {
  Deno.test({
    name: `buildProgram ${arch}, coroutines in C, as the document has them`,
    ignore,
    async fn() {
      assert(C_PROGRAM !== undefined, "the document has a program");
      assertEquals(await run(arch, "main.c", C_PROGRAM), "1\n4\n9\n");
    },
  });

  Deno.test({
    name: `buildProgram ${arch}, coroutines in C++, thrown out of and dropped, and inline switches`,
    ignore,
    async fn() {
      const text = await run(arch, "main.cc", CXX_PROGRAM);
      assertEquals(text, "-thrown caught 42 -dropped 0 0 3 6\n");
    },
  });
}
