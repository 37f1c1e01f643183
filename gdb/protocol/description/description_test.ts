import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  AARCH64_FEATURES,
  formatLibraries,
  formatLibrariesSvr4,
  formatMemoryMap,
  formatTargetXml,
  formatThreads,
  GdbProtocolError,
  parseLibraries,
  parseLibrariesSvr4,
  parseMemoryMap,
  parseThreads,
  readTargetXml,
  registersOf,
  type TargetDescription,
  X86_64_FEATURES,
} from "../mod.ts";

function read(documents: Readonly<Record<string, string>>): Promise<TargetDescription> {
  return readTargetXml((annex) => {
    const text = documents[annex];
    return text === undefined ? Promise.reject(new Error(annex)) : Promise.resolve(text);
  });
}

/** A description as it is read: what was not said is there as undefined. */
function plain(description: TargetDescription): unknown {
  return JSON.parse(JSON.stringify(description));
}

const X86_64: TargetDescription = {
  architecture: "i386:x86-64",
  osabi: "GNU/Linux",
  features: Object.values(X86_64_FEATURES),
};

const AARCH64: TargetDescription = {
  architecture: "aarch64",
  features: Object.values(AARCH64_FEATURES),
};

Deno.test("formatTargetXml, what it writes of both architectures is read as it was", async () => {
  for (const description of [X86_64, AARCH64]) {
    const text = formatTargetXml(description);
    assertEquals(plain(await read({ "target.xml": text })), plain(description));
  }
});

Deno.test("registersOf, registers are where gdb expects them", () => {
  const place = (description: TargetDescription, name: string) => {
    const found = registersOf(description).find((each) => each.name === name);
    return [found?.number, found?.offset, found?.size];
  };
  assertEquals(place(X86_64, "rax"), [0, 0, 8]);
  assertEquals(place(X86_64, "rip"), [16, 128, 8]);
  assertEquals(place(X86_64, "st0"), [24, 164, 10]);
  assertEquals(place(X86_64, "xmm0"), [40, 276, 16]);
  assertEquals(place(X86_64, "mxcsr"), [56, 532, 4]);
  assertEquals(place(X86_64, "fs_base"), [58, 536, 8]);
  assertEquals(place(AARCH64, "sp"), [31, 248, 8]);
  assertEquals(place(AARCH64, "cpsr"), [33, 264, 4]);
  assertEquals(place(AARCH64, "v0"), [34, 268, 16]);
  assertEquals(place(AARCH64, "fpcr"), [67, 784, 4]);
});

Deno.test("readTargetXml, documents that a description includes are read once each", async () => {
  const include = '<xi:include href="core.xml"/>';
  const target = '<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd">' +
    `<target><architecture>arm</architecture>${include}${include}</target>`;
  const core = '<!DOCTYPE feature SYSTEM "gdb-target.dtd"><feature name="org.x">' +
    '<reg name="a" bitsize="32" regnum="0x10"/><reg name="b" bitsize="1" type="bool"/>' +
    '<struct id="s"><field name="of a type" type="int"/></struct><unknown/></feature>';
  const description = await read({ "target.xml": target, "core.xml": core });
  assertEquals(description.architecture, "arm");
  assertEquals(description.features.map((each) => each.name), ["org.x", "org.x"]);
  const [feature] = description.features;
  assertEquals(registersOf({ features: [feature!] }).map((each) => [each.number, each.size]), [
    [16, 4],
    [17, 1],
  ]);
});

Deno.test("readTargetXml, refuses documents that are damaged, endless or huge", async () => {
  const reg = (attributes: string) =>
    `<target><feature name="f"><reg ${attributes}/></feature></target>`;
  const wrong: Readonly<Record<string, string>>[] = [
    { "target.xml": "" },
    { "target.xml": "<target>" },
    { "target.xml": "<feature/>" },
    { "target.xml": "<target>&unknown;</target>" },
    { "target.xml": "<target><feature/></target>" },
    { "target.xml": reg('name="r"') },
    { "target.xml": reg('name="r" bitsize="0"') },
    { "target.xml": reg('name="r" bitsize="-1"') },
    { "target.xml": reg('name="r" bitsize="1e3"') },
    { "target.xml": reg('name="r" bitsize="99999999"') },
    { "target.xml": reg('name="r" bitsize="8" regnum="0xffffffffffffffff"') },
    { "target.xml": "<target>".repeat(100) },
    { "target.xml": `<target>${"<a/>".repeat(100_001)}</target>` },
    {
      "target.xml": '<target><xi:include href="a"/></target>',
      "a": "<target/>",
    },
  ];
  for (const documents of wrong) {
    const error = await assertRejects(() => read(documents), GdbProtocolError);
    assertEquals(error.kind, "description");
  }
  let count = 0;
  await assertRejects(
    () =>
      readTargetXml((annex) => {
        const root = annex === "target.xml" ? "target" : "feature";
        const next = `<xi:include href="f${count++}"/>`;
        return Promise.resolve(`<${root} name="f">${next}</${root}>`);
      }),
    GdbProtocolError,
  );
  assertEquals(count <= 100, true);
});

Deno.test("documents, lists of threads, files and memory are read as they were written", () => {
  const threads = [
    { id: { process: 1, thread: 2 }, name: '<"idle">', core: 0, state: "waits for & with" },
    { id: { thread: 3 }, name: undefined, core: undefined, state: undefined },
  ];
  assertEquals(parseThreads(formatThreads(threads)), threads);
  const libraries = [{ name: "/lib/a b.so", segments: [0x1000n, 2n ** 64n - 4096n] }];
  assertEquals(parseLibraries(formatLibraries(libraries)), libraries);
  const svr4 = [{ name: "/lib/c.so", linkMap: 16n, bias: 0x7fff00000000n, dynamic: 32n }];
  assertEquals(parseLibrariesSvr4(formatLibrariesSvr4(svr4, 8n)), svr4);
  const memory = [{ type: "ram" as const, start: 0n, length: 2n ** 63n }];
  assertEquals(parseMemoryMap(formatMemoryMap(memory)), memory);
  const wrong = [
    () => parseThreads('<threads><thread name="a"/></threads>'),
    () => parseThreads('<threads><thread id="x"/></threads>'),
    () => parseLibraries("<library-list><library/></library-list>"),
    () =>
      parseLibrariesSvr4('<library-list-svr4><library name="a" l_addr="9"/></library-list-svr4>'),
    () => parseMemoryMap('<memory-map><memory type="disk" start="0x0"/></memory-map>'),
    () => parseMemoryMap('<memory-map><memory type="ram" start="0x0"/></memory-map>'),
  ];
  for (const action of wrong) assertThrows(action, GdbProtocolError);
});
