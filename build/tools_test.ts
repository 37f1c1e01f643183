// Hosts without the tools, or with old ones: the search path has only what a test puts there.
import { assertEquals, assertStringIncludes } from "@std/assert";

const MODULE = new URL("./mod.ts", import.meta.url).href;

/** Builds in a process whose search path has these tools, each saying a version. */
async function buildWith(
  tools: Readonly<Record<string, string>>,
  options: { arch?: string; run?: string } = {},
): Promise<{ kind: string; message: string }> {
  const { arch = "aarch64", run = "--allow-run" } = options;
  const folder = Deno.makeTempDirSync({ prefix: "trapline-tools-" });
  try {
    for (const [name, says] of Object.entries(tools)) {
      Deno.writeTextFileSync(`${folder}/${name}`, `#!/bin/sh\necho '${says}'\n`, { mode: 0o755 });
    }
    const source = `${folder}/main.c`;
    Deno.writeTextFileSync(source, "int main(void) { return 0; }");
    const script = `
      import { buildProgram } from ${JSON.stringify(MODULE)};
      try {
        await buildProgram({ arch: ${JSON.stringify(arch)}, sources: [${JSON.stringify(source)}] });
      } catch (error) {
        console.log(JSON.stringify({ kind: error.kind, message: error.message }));
      }`;
    Deno.writeTextFileSync(`${folder}/script.ts`, script);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--allow-read", "--allow-write", run, `${folder}/script.ts`],
      env: { PATH: folder },
    }).output();
    const text = new TextDecoder().decode(stdout);
    return JSON.parse(
      text || JSON.stringify({ kind: "?", message: new TextDecoder().decode(stderr) }),
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const ignore = Deno.build.os === "windows";

Deno.test({
  name: "buildProgram, without clang the package to install is named",
  ignore,
  async fn() {
    const { kind, message } = await buildWith({ "ld.lld": "LLD 14.0.6 (compatible)" });
    assertEquals(kind, "tools");
    assertStringIncludes(
      message,
      "Cannot find clang: a program for aarch64 needs clang 15 or newer",
    );
    assertStringIncludes(message, "apt-get install clang lld");
  },
});

Deno.test({
  name: "buildProgram, a clang too old for AArch64 is named with what is needed",
  ignore,
  async fn() {
    const old = { clang: "Debian clang version 14.0.6", "clang-13": "clang version 13.0.1" };
    const { kind, message } = await buildWith({ ...old, "ld.lld": "LLD 14.0.6" });
    assertEquals(kind, "tools");
    assertEquals(
      message,
      "Cannot use clang 14.0.6: a program for aarch64 needs clang 15 or newer " +
        "(on Debian and Ubuntu: apt-get install clang-16)",
    );
    const older = await buildWith({ clang: "clang version 11.0.1" }, { arch: "x86_64" });
    assertStringIncludes(
      older.message,
      "Cannot use clang 11.0.1: a program for x86_64 needs clang 14",
    );
  },
});

Deno.test({
  name: "buildProgram, without lld, or a lld too old, that is named",
  ignore,
  async fn() {
    const clang = { clang: "clang version 17.0.6" };
    const none = await buildWith(clang);
    assertStringIncludes(none.message, "Cannot find ld.lld: a program for aarch64 needs ld.lld 14");
    const old = await buildWith({ ...clang, "ld.lld": "LLD 11.0.1 (compatible with GNU linkers)" });
    assertStringIncludes(old.message, "Cannot use ld.lld 11.0.1");
  },
});

Deno.test({
  name: "buildProgram, without the permission to run tools the flag is named",
  ignore,
  async fn() {
    const tools = { clang: "clang version 17.0.6", "ld.lld": "LLD 17.0.6" };
    const { message } = await buildWith(tools, { run: "--allow-run=true" });
    assertStringIncludes(message, "--allow-run=clang,ld.lld");
    const old = { clang: "clang version 14.0.6", "clang-16": "clang version 16.0.6" };
    const denied = await buildWith({ ...old, "ld.lld": "LLD 14.0.6" }, {
      run: "--allow-run=clang,ld.lld",
    });
    assertStringIncludes(denied.message, "allow them with --allow-run");
  },
});
