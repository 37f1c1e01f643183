import { assertEquals, assertStringIncludes } from "@std/assert";
import { chooseClang, chooseLinker } from "../build/tools.ts";
import { runCli } from "./testing/run_cli.ts";
import { everySecond } from "../util/testing/sweep.ts";

const ignore = !await Promise.all([chooseClang(15, "a test"), chooseLinker("a test")])
  .then(() => true, () => false);

Deno.test({
  name: "trapline build, then boot: a program's own words and status",
  ignore,
  async fn() {
    const folder = Deno.makeTempDirSync({ prefix: "trapline cli-" });
    try {
      const source = `${folder}/my program.c`;
      Deno.writeTextFileSync(
        source,
        `#include <format.h>
         int main(int argc, char **argv) {
           for (int i = 1; i < argc; i++) put_format("%s;", argv[i]);
           return NUMBER;
         }`,
      );
      for (const arch of everySecond(["aarch64", "x86_64"], 0)) {
        const output = `${folder}/${arch}.elf`;
        const built = await runCli(
          ...["build", source, "--arch", arch, "-o", output, "--", "-DNUMBER=9", "-O2"],
        );
        const { size } = Deno.statSync(output);
        assertEquals([built.code, built.stderr], [0, ""]);
        assertEquals(built.text, `${output}: ${size} bytes, ${arch}\n`);
        const ran = await runCli(
          ...["boot", "--arch", arch, "--module", output, "--log", "console", "a b", "c"],
        );
        assertEquals([ran.code, ran.text], [9, "a b;c;"]);
      }
      const named = await runCli("build", source, "--", "-DNUMBER=9");
      assertEquals(named.code, 0);
      assertEquals(Deno.statSync(`${folder}/my program.elf`).isFile, true);
      const wrong = await runCli("build", source);
      assertEquals([wrong.code, wrong.text], [1, ""]);
      assertStringIncludes(wrong.stderr, "use of undeclared identifier 'NUMBER'");
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});

Deno.test("trapline build, called wrongly ends with 2", async () => {
  for (
    const args of [[], ["--", "-O2"], ["a.c", "--arch", "mips"], ["a.c", "-O2"], ["a.c", "-o"]]
  ) {
    const { code, stderr } = await runCli("build", ...args);
    assertEquals([code, stderr.startsWith("trapline: Cannot ")], [2, true], stderr);
  }
  const { code, stderr } = await runCli("build", "a.txt");
  assertEquals([code, stderr], [
    1,
    "trapline: Cannot build a.txt: expected .c, .cc, .cpp, .cxx or .S\n",
  ]);
});

Deno.test("trapline headers, writes the files, and wants one folder", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "trapline-headers-" });
  try {
    const { code, stderr } = await runCli("headers", `${folder}/new`);
    assertEquals([code, stderr], [0, ""]);
    for (const name of ["include/trapline.h", "include/crt0.S", "runtime/cxxabi.cc"]) {
      assertEquals(Deno.statSync(`${folder}/new/${name}`).isFile, true);
    }
    assertEquals((await runCli("headers")).code, 2);
    assertEquals((await runCli("headers", "a", "b")).code, 2);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
