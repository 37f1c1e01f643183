import { assertEquals, assertThrows } from "@std/assert";
import { checkImports, readTable } from "./check_imports.ts";

function tour(...rows: string[]): string {
  return [
    "# Tour",
    "| `other` | a table that is not meant |",
    "## Which room may import which\n",
    "| room | may import | packages |\n|---|---|---|",
    ...rows.map((row) => `| ${row} |`),
    "\n## Next",
    "| `another` | | |",
  ].join("\n");
}

const ROWS = [
  "`low` | | ",
  "`mid` | `low`, `mid/inner` | `@std/cli`",
  "`mid/inner` | `mid` | ",
  "`top` | `mid`, `mid/*` | ",
];

/** What the check says of a project made of these files. */
async function check(files: Record<string, string>, rows = ROWS): Promise<string[]> {
  const root = await Deno.makeTempDir({ prefix: "trapline-imports-" });
  const all = {
    "docs/tour.md": tour(...rows),
    "low/a.ts": "export type A = 1;\n",
    "mid/m.ts": `import type { A } from "../low/a.ts";\nexport type M = A;\n`,
    "mid/inner/i.ts": `import "../m.ts";\n`,
    "top/t.ts": `export type { M } from "../mid/m.ts";\nawait import("../mid/inner/i.ts");\n`,
    ...files,
  };
  try {
    for (const [name, text] of Object.entries(all)) {
      const file = `${root}/${name}`;
      await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(file, text);
    }
    return await checkImports(new URL(`file://${await Deno.realPath(root)}/`));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("checkImports, what the table allows is no fault", async () => {
  assertEquals(await check({}), []);
  assertEquals(await check({ "mid/p.ts": `import "@std/cli/parse-args";\n` }), []);
});

Deno.test("checkImports, a circle made by imports of types is told once, file by file", async () => {
  const files = {
    "low/x.ts": `import type { Y } from "./y.ts";\nexport type X = Y;\n`,
    "low/y.ts": `export type Y = import("./z.ts").Z;\n`,
    "low/z.ts": `export type { X as Z } from "./x.ts";\n`,
  };
  assertEquals(await check(files), [
    "circle: low/x.ts -> low/y.ts -> low/z.ts -> low/x.ts",
  ]);
});

Deno.test("checkImports, an import of a room the row does not name, by file and line", async () => {
  const upward = `// Upward.\nimport type { M } from "../mid/m.ts";\nexport type B = M;\n`;
  assertEquals(await check({ "low/b.ts": upward }), ["low/b.ts:2: low may not import mid/m.ts"]);
  assertEquals(await check({ "low/b.ts": `\nawait import("../mid/m.ts");\n` }), [
    "low/b.ts:2: low may not import mid/m.ts",
  ]);
  assertEquals(await check({ "top/b.ts": `import "../low/a.ts";\n` }), [
    "top/b.ts:1: top may not import low/a.ts",
  ]);
  assertEquals(await check({ "mid/inner/b.ts": `import "../../low/a.ts";\n` }), [
    "mid/inner/b.ts:1: mid/inner may not import low/a.ts",
  ]);
});

Deno.test("checkImports, a package the row does not name", async () => {
  assertEquals(await check({ "low/b.ts": `import "@std/assert";\nimport "node:fs";\n` }), [
    "low/b.ts:1: low may not import @std/assert",
    "low/b.ts:2: low may not import node:fs",
  ]);
});

Deno.test("checkImports, tests reach every lower room and the folder's helpers, and none above", async () => {
  const allowed = `import "@std/assert";\nimport "../low/a.ts";\nimport "../mid/testing/h.ts";\n`;
  const helper = `import "@std/assert";\n`;
  assertEquals(await check({ "top/b_test.ts": allowed, "mid/testing/h.ts": helper }), []);
  assertEquals(await check({ "mid/b_test.ts": `import "../top/t.ts";\n` }), [
    "mid/b_test.ts:1: mid may not import top/t.ts",
  ]);
  assertEquals(
    await check({ "low/b_test.ts": `import "../mid/testing/h.ts";\n`, "mid/testing/h.ts": "" }),
    [
      "low/b_test.ts:1: low may not import mid/testing/h.ts",
    ],
  );
  assertEquals(await check({ "top/b.ts": allowed, "mid/testing/h.ts": helper }), [
    "top/b.ts:1: top may not import @std/assert",
    "top/b.ts:2: top may not import low/a.ts",
  ]);
});

Deno.test("checkImports, files without a room and rooms without a file", async () => {
  assertEquals(await check({ "stray/s.ts": `import "../low/a.ts";\n` }), [
    "stray/s.ts:1: stray/s.ts is in no room of the table",
  ]);
  assertEquals(await check({}, [...ROWS, "`gone` | | "]), ["docs/tour.md: the room gone is empty"]);
});

Deno.test("readTable, a row names nothing but rows above and its own folder's", () => {
  assertEquals([...readTable(tour(...ROWS)).keys()], ["low", "mid", "mid/inner", "top"]);
  for (const row of ["`bad` | `top` | ", "`bad` | `absent` | "]) {
    assertThrows(() => readTable(tour(row, ...ROWS)), Error, "which is no row above");
  }
  assertThrows(() => readTable("# Tour\n"), Error, "no table under");
});
