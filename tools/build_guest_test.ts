import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type GuestBuild, program } from "../guest/manifest.ts";
import { BuildError } from "../build/errors.ts";
import { compare } from "./build_guest.ts";
import { buildGuest, findToolchain, renderModule, type Toolchain } from "./guest_build.ts";

// Only those who change guest code need the compiler.
const toolchain: Toolchain | undefined = await findToolchain().catch(() => undefined);
const ignore = toolchain === undefined;

const SAMPLE = `
static const char text[] = "sample " __FILE__;
__attribute__((noinline)) int twice(int x) { return x + x; }
void _start(void) { for (;;) __asm__ volatile("" : : "r"(twice(21)), "r"(text)); }
`;

function sampleTree(source: string): { root: URL } & Disposable {
  const folder = Deno.makeTempDirSync({ prefix: "trapline-build-" });
  Deno.mkdirSync(`${folder}/guest/sample`, { recursive: true });
  Deno.writeTextFileSync(`${folder}/guest/sample/main.c`, source);
  return {
    root: new URL(`file://${folder}/`),
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

for (const build of program("sample")) {
  Deno.test({
    name: `buildGuest, ${build.arch}: the same bytes in any folder, and no trace of it`,
    ignore,
    async fn() {
      using one = sampleTree(SAMPLE);
      using other = sampleTree(SAMPLE);
      const first = await buildGuest(build, toolchain!, one);
      const second = await buildGuest(build, toolchain!, other);
      assertEquals(first.elf, second.elf);
      assertEquals(renderModule(first), renderModule(second));
      const text = new TextDecoder("latin1").decode(first.elf);
      assertStringIncludes(text, "sample guest/sample/main.c\0");
      assert(!text.includes("trapline-build-"), "a path of the scratch tree is in the image");
    },
  });
}

Deno.test({
  name: "buildGuest, C++ with a destructor gets a language-specific data area",
  ignore,
  async fn() {
    using tree = sampleTree("");
    Deno.writeTextFileSync(
      new URL("guest/sample/main.cc", tree.root),
      `void work();
       extern "C" { void __gxx_personality_v0() {} void _Unwind_Resume() { for (;;); } }
       struct Held { ~Held() { asm volatile(""); } };
       extern "C" void _start() { Held held; work(); }
       __attribute__((weak)) void work() { asm volatile(""); }\n`,
    );
    for (const build of program("sample", { sources: ["guest/sample/*.cc"] })) {
      const { elf } = await buildGuest(build, toolchain!, tree);
      assertStringIncludes(new TextDecoder("latin1").decode(elf), "\0.gcc_except_table\0");
    }
  },
});

Deno.test({
  name: "buildGuest, a compiler error carries the compiler's words",
  ignore,
  async fn() {
    using tree = sampleTree("void _start(void) { missing(); }\n");
    const [build] = program("sample") as [GuestBuild];
    const error = await assertRejects(() => buildGuest(build, toolchain!, tree), BuildError);
    assertStringIncludes(error.message, "guest/sample/main.c:1:21");
  },
});

Deno.test({
  name: "buildGuest, a file outside the hash is refused",
  ignore,
  async fn() {
    using tree = sampleTree(`#define NAME "hidden.h"\n#include NAME\nvoid _start(void) {}\n`);
    Deno.writeTextFileSync(new URL("guest/sample/hidden.h", tree.root), "");
    const [build] = program("sample") as [GuestBuild];
    const error = await assertRejects(() => buildGuest(build, toolchain!, tree), BuildError);
    assertStringIncludes(error.message, `the compiler read "guest/sample/hidden.h"`);
  },
});

Deno.test("buildGuest, a compiler older than the entry needs is refused, a newer one is not", async () => {
  const tool = (version: string) => ({ command: `no-such-clang-${version}`, version });
  using tree = sampleTree(SAMPLE);
  const lld = { command: "no-such-lld", version: "14.0.6" };
  for (const build of program("sample")) {
    const old = { clangs: [tool("14.0.6")] as const, lld, rustcs: [] };
    const refused = buildGuest(build, old, tree);
    if (build.arch === "aarch64") {
      const error = await assertRejects(() => refused, BuildError);
      assertEquals(
        error.message,
        "Cannot build sample (aarch64): it needs clang 16 or newer, found 14.0.6 " +
          "(on Debian: apt-get install clang-16)",
      );
    } else {
      await assertRejects(() => refused, Deno.errors.NotFound, "no-such-clang-14.0.6");
    }
    const fresh = { clangs: [tool("14.0.6"), tool("19.1.0")] as const, lld, rustcs: [] };
    const used = build.arch === "aarch64" ? "no-such-clang-19.1.0" : "no-such-clang-14.0.6";
    await assertRejects(() => buildGuest(build, fresh, tree), Deno.errors.NotFound, used);
  }
});

Deno.test("renderModule, a module that decodes to the same bytes", async () => {
  const [build] = program("sample") as [GuestBuild];
  const elf = Uint8Array.from({ length: 300 }, (_, index) => index & 255);
  const text = renderModule({ build, elf, hash: "ab", files: ["a.c"], toolchain: "clang 1.2.3" });
  assert(text.split("\n").every((line) => line.length <= 100));
  const embedded = new URL("../guest/embedded.ts", import.meta.url).href;
  const module = text.replace("../../guest/embedded.ts", embedded);
  const { image } = await import(`data:application/typescript,${encodeURIComponent(module)}`);
  assertEquals(image.bytes(), elf);
  const { name, arch, kind, sourceHash, sources, toolchain: tools, size } = image;
  assertEquals(
    [name, arch, kind, sourceHash, sources, tools, size],
    ["sample", "x86_64", "program", "ab", ["a.c"], "clang 1.2.3", 300],
  );
});

Deno.test("compare, tells equal, equal but for the tools, different and missing apart", () => {
  const module = (base64: string, toolchain: string) => ({
    text: `toolchain: "${toolchain}"\n${base64}`,
    toolchain,
  });
  const built = module("AAAA", "clang 14");
  assertEquals(compare("x", built, built), { same: true, line: "unchanged  x" });
  assertEquals(compare("x", built, undefined), { same: false, line: "missing    x" });
  assertEquals(compare("x", built, module("BBBB", "clang 14")), {
    same: false,
    line: "different  x",
  });
  const versions = ": the tree's was built with clang 15, this one with clang 14";
  assertEquals(compare("x", built, module("AAAA", "clang 15")), {
    same: true,
    line: `same bytes x${versions}`,
  });
  assertEquals(compare("x", built, module("BBBB", "clang 15")), {
    same: false,
    line: `different  x${versions}`,
  });
});
