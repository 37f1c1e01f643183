import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { archByName } from "../arch/mod.ts";
import { lineTableOf } from "../elf/dwarf/mod.ts";
import { parseElf } from "../elf/mod.ts";
import type { ArchName } from "../arch/mod.ts";
import { ARCH_NAMES } from "../kernel/testing/programs.ts";
import { Machine } from "../kernel/machine.ts";
import { leftToFull } from "../util/testing/sweep.ts";
import { BuildError } from "./errors.ts";
import { buildProgram, writeProgramFiles } from "./program.ts";
import { chooseClang, chooseLinker } from "./tools.ts";

// Only those who build programs need the tools.
const ignore = !await Promise.all([chooseClang(15, "a test"), chooseLinker("a test")])
  .then(() => true, () => false);

/** A folder with files. */
function folderOf(files: Readonly<Record<string, string>>): { path: string } & Disposable {
  const path = Deno.makeTempDirSync({ prefix: "trapline-program-" });
  for (const [name, text] of Object.entries(files)) Deno.writeTextFileSync(`${path}/${name}`, text);
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

const C_PROGRAM = `
#include <format.h>
#include <string.h>
#include <trapline.h>
struct block { int64_t words[40]; } shared;
static int constructed;
static __thread int64_t own = 5;
__attribute__((constructor)) static void construct(void) { constructed = 42; }
double half(double x) { return x / 2; }
int main(int argc, char **argv) {
    struct block copy = shared; // calls of memcpy
    copy.words[39] = argc;
    shared = copy;
    for (int i = 0; i < argc; i++) put_format("%s ", argv[i]);
    put_format("%d %d %d\\n", (int64_t)constructed, (int64_t)(half(5) * 10), (int64_t)LEVEL);
    put_format("%d %d %d\\n", vm_allocate(3, 4096), system_call3(999, 0, 0, 0), own++);
    char text[] = "overlap";
    memmove(text + 1, text, 6);
    put_format("%s %d %d\\n", text, (int64_t)memcmp(text, "ooverlz", 7), (int64_t)strlen(text));
    return (int)shared.words[39];
}
`;

const THREADS = `
#include <format.h>
#include <trapline.h>
static __thread int64_t own = 5, none;
static char stack[PAGE_SIZE] __attribute__((aligned(16)));
static void work(uintptr_t argument) {
    own += (int64_t)argument;
    none++;
    put_format("%d %d\\n", own, none);
    thread_exit();
}
int main(void) {
    own = 9;
    if (thread_create(work, stack + sizeof stack, 2) < 0) return 1;
    sleep(20000);
    put_format("%d %d\\n", own, none);
    __builtin___clear_cache(stack, stack + sizeof stack);
    return 0;
}
`;

const CXX_PROGRAM = `
#include <format.h>
#include <trapline.h>
struct Held {
    const char *name;
    Held(const char *name) : name(name) { put_format("+%s ", name); }
    ~Held() { put_format("-%s ", name); }
};
Held global("global");
struct Error { int code; };
void deep(int n) {
    Held held("deep");
    if (n == 0) throw Error{5};
    deep(n - 1);
}
int helper(int x);
void wild();
int main(int, char **) {
    try { deep(2); } catch (const Error &error) { put_format("caught %d ", (int64_t)error.code); }
    static Held local("local");
    try { throw helper(3); } catch (int number) { put_format("int %d\\n", (int64_t)number); }
    Held last("last");
    wild();
}
`;

/** Builds, boots with both ways of loading, and tells what came of it. */
async function outcome(
  arch: "x86_64" | "aarch64",
  sources: string[],
  flags: string[],
): Promise<{ text: string; status: unknown }> {
  const { bytes, warnings } = await buildProgram({ arch, sources, flags });
  assertEquals(warnings, "");
  const outcomes = (["copyout", "demand"] as const).map((load) => {
    const modules = [{ commandLine: "program one two", bytes }];
    using machine = new Machine({ arch: archByName(arch), modules, load, memory: 16 << 20 });
    assertEquals(machine.run(10_000_000).kind, "halted");
    return { text: machine.console.text("program"), status: machine.tasks[1]?.status };
  });
  assertEquals(outcomes[0], outcomes[1]);
  return outcomes[0] as { text: string; status: unknown };
}

for (const arch of ARCH_NAMES) {
  // The quick sweep has each program on one architecture.
  const notOn = (other: ArchName): boolean => ignore || leftToFull(arch === other);
  Deno.test({
    name: `buildProgram ${arch}, C with floating point, constructors and copies`,
    ignore: notOn("aarch64"),
    async fn() {
      using folder = folderOf({ "main.c": C_PROGRAM });
      for (const level of ["-O0", "-O2"]) {
        const flags = [level, "-DLEVEL=7"];
        const { text, status } = await outcome(arch, [`${folder.path}/main.c`], flags);
        assertEquals(text, "program one two 42 25 7\n-1 -46 5\nooverla -1 7\n");
        assertEquals(status, { kind: "exit", code: 3 });
      }
    },
  });

  Deno.test({
    name:
      `buildProgram ${arch}, with -g code has lines, in its parts too, and is the same each time`,
    ignore: notOn("x86_64"),
    async fn() {
      using folder = folderOf({
        "main.c": '#include <format.h>\nint other(void);\nint main(void) {\n  put_format("");\n' +
          "  return other();\n}\n",
        "other.S": ".globl other\n.type other, %function\nother:\n  nop\n  ret\n",
      });
      const sources = ["main.c", "other.S"].map((name) => `${folder.path}/${name}`);
      const build = () => buildProgram({ arch, sources, flags: ["-g"] });
      const { bytes } = await build();
      const file = parseElf(bytes);
      const lines = lineTableOf(file)!;
      const lineOf = (name: string) => {
        const { path, line } = lines.at(file.symbolNamed(name)!.value)!;
        return [path, line];
      };
      assertEquals(lineOf("main"), [sources[0], 3]);
      assertEquals(lineOf("other"), [sources[1], 4]);
      assertEquals(lineOf("put_format")[0], "/trapline/include/format.c");
      assertEquals(lineOf("_start")[0], "/trapline/include/crt0.S");
      assertEquals(lines.problems, []);
      assertEquals((await build()).bytes, bytes);
      // Nor does anything in it depend on the folder it was built in.
      assert(!new TextDecoder("latin1").decode(bytes).includes("trapline-build-"));
    },
  });

  Deno.test({
    name: `buildProgram ${arch}, thread-local variables and cache maintenance`,
    ignore: notOn("aarch64"),
    async fn() {
      using folder = folderOf({ "main.c": THREADS, "main.cc": THREADS });
      for (const name of ["main.c", "main.cc"]) {
        for (const level of ["-O0", "-O2"]) {
          const { text, status } = await outcome(arch, [`${folder.path}/${name}`], [level]);
          assertEquals(text, "7 1\n9 0\n");
          assertEquals(status, { kind: "exit", code: 0 });
        }
      }
    },
  });

  Deno.test({
    name: `buildProgram ${arch}, C++ with exceptions, beside C and assembly`,
    ignore: notOn("x86_64"),
    async fn() {
      using folder = folderOf({
        "main.cpp": CXX_PROGRAM,
        "helper.cxx": `extern "C" int one;
          int helper(int x) { return x + one; }
          void wild() { *(int volatile *)8 = one; }`,
        "one.S": ".data\n.globl one\n.p2align 2\none: .long 1\n",
        "unused.c": "int unused_function(int x) { return x; }",
      });
      const sources = ["main.cpp", "helper.cxx", "one.S", "unused.c"];
      const { text, status } = await outcome(arch, sources.map((s) => `${folder.path}/${s}`), []);
      assertEquals(
        text,
        "+global +deep +deep +deep -deep -deep -deep caught 5 +local int 4\n+last -last ",
      );
      assert(typeof status === "object" && status !== null && "reason" in status);
      assertStringIncludes(String(status.reason), "write of 0x8: not mapped");
    },
  });

  Deno.test({
    name: `buildProgram ${arch}, what a program does not use is not in it`,
    ignore: notOn("aarch64"),
    async fn() {
      using folder = folderOf({ "main.c": "int main(void) { return 0; }" });
      const { bytes } = await buildProgram({ arch, sources: [`${folder.path}/main.c`] });
      const names = parseElf(bytes).symbols.all.map(({ name }) => name);
      assert(names.includes("main") && !names.includes("put_format"), names.join());
      assert(bytes.length < 16_384, `${bytes.length} bytes`);
    },
  });
}

Deno.test({
  name: "buildProgram, warnings are handed on and errors carry the compiler's words",
  ignore,
  async fn() {
    using folder = folderOf({
      "warn.c": "int main(void) { int unused; return 0; }",
      "wrong.c": "int main(void) { return missing; }",
      "link.c": "int absent(void); int main(void) { return absent(); }",
      "host.c": "#include <stdio.h>\nint main(void) { return 0; }",
      "text.txt": "",
    });
    const build = (name: string) =>
      buildProgram({ arch: "x86_64", sources: [`${folder.path}/${name}`] });
    assertStringIncludes((await build("warn.c")).warnings, "warn.c:1:22: warning: unused variable");
    const cases = [
      ["wrong.c", "compile", "wrong.c:1:25: error:"],
      ["link.c", "link", "undefined symbol: absent"],
      ["host.c", "compile", "'stdio.h' file not found"],
      ["text.txt", "sources", "text.txt: expected .c, .cc"],
      ["absent.c", "sources", "absent.c: there is no such file"],
    ] as const;
    for (const [name, kind, words] of cases) {
      const error = await assertRejects(() => build(name), BuildError);
      assertEquals(error.kind, kind);
      assertStringIncludes(error.message, words);
    }
    const nothing = buildProgram({ arch: "x86_64", sources: [] });
    assertEquals((await assertRejects(() => nothing, BuildError)).kind, "sources");
    // Nothing is left behind.
    const left = [...Deno.readDirSync(folder.path)].length;
    assertEquals(left, 5);
  },
});

Deno.test({
  name: "buildProgram, the program of the documentation does what it says",
  ignore,
  async fn() {
    const page = Deno.readTextFileSync(new URL("../docs/your-own-program.md", import.meta.url));
    const [, text = ""] = /```c\n(.*?)```/s.exec(page) ?? [];
    using folder = folderOf({ "hello.c": text });
    const { bytes } = await buildProgram({ arch: "aarch64", sources: [`${folder.path}/hello.c`] });
    const modules = [{ commandLine: "hello world", bytes }];
    using machine = new Machine({ arch: archByName("aarch64"), modules, memory: 16 << 20 });
    machine.run(10_000_000);
    assertEquals(machine.console.text(), "hello world\n");
    assertEquals(machine.tasks[1]?.status, { kind: "exit", code: 7 });
  },
});

Deno.test({
  name: "writeProgramFiles, what it writes is all a build of one's own needs",
  ignore,
  async fn() {
    using folder = folderOf({ "main.c": C_PROGRAM });
    await writeProgramFiles(folder.path);
    const clang = await chooseClang(15, "a test");
    const linker = await chooseLinker("a test");
    const run = async (command: string, args: string[]): Promise<void> => {
      const { success, stderr } = await new Deno.Command(command, { args, cwd: folder.path })
        .output();
      assert(success, new TextDecoder().decode(stderr));
    };
    const page = Deno.readTextFileSync(new URL("../docs/your-own-program.md", import.meta.url));
    const [, makefile = ""] = /```make\n(.*?)```/s.exec(page) ?? [];
    const commands = [...makefile.matchAll(/^\t(clang|ld\.lld) (.*)$/gm)];
    assertEquals(commands.length, 2);
    for (const [, name, rest = ""] of commands) {
      const args = rest.replace("$(ARCH)", "aarch64").split(" ").concat(
        name === "clang" ? ["-DLEVEL=1"] : [],
      ).flatMap((arg) => {
        const [begin = "", end] = arg.split("*");
        if (end === undefined) return [arg];
        return [...Deno.readDirSync(`${folder.path}/${begin}`)].map(({ name }) => begin + name)
          .filter((name) => name.endsWith(end));
      });
      await run(name === "clang" ? clang.command : linker.command, args);
    }
    const bytes = Deno.readFileSync(`${folder.path}/main.elf`);
    const modules = [{ commandLine: "main", bytes }];
    using machine = new Machine({ arch: archByName("aarch64"), modules, memory: 16 << 20 });
    machine.run(10_000_000);
    assertEquals(machine.tasks[1]?.status, { kind: "exit", code: 1 });
  },
});
