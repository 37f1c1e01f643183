// What the contract is for: the rooms above know neither registers nor one architecture from
// another.
import { assert, assertEquals } from "@std/assert";
import { AArch64SystemRegister, X86Msr, X86Register } from "../unicorn/mod.ts";
import { ARCHES } from "./mod.ts";

const ROOT = new URL("../", import.meta.url);
/** The rooms that reach architectures through the contract only. */
const ROOMS = ["kernel", "check", "trace", "sched", "cli"];

/** Names that the contract itself uses, and thus no architecture's. */
const NEUTRAL = ["pc", "sp"];

/** Names of registers in lower case: of the contract and of the engine. */
function registerNames(): Set<string> {
  const names = new Set<string>();
  for (const arch of Object.values(ARCHES)) {
    for (const name of arch.registerNames) names.add(name);
    for (const entry of Object.entries(arch.bankedRegisters)) entry.forEach((n) => names.add(n));
  }
  for (const table of [X86Register, X86Msr, AArch64SystemRegister]) {
    for (const key of Object.keys(table)) {
      names.add(key.toLowerCase());
      // As a log labels it: ESR, FAR.
      names.add(key.toLowerCase().replace(/_el\d$/, ""));
    }
  }
  NEUTRAL.forEach((name) => names.delete(name));
  return names;
}

const REGISTERS = registerNames();

/** Comments, which are skipped, and literals. */
const TOKEN =
  /\/\/.*|\/\*[\s\S]*?\*\/|"((?:\\.|[^"\\\n])*)"|'((?:\\.|[^'\\\n])*)'|`((?:\\.|[^`\\])*)`/g;

/** Privilege levels in the words of an architecture. */
const PRIVILEGE = /^(?:EL[0-3]|CPL [0-3])$/;

const NAME = "(?:x86_64|aarch64)";
const QUOTE = "[\"'`]";

/** Code that tells architectures apart. */
const BRANCHES: readonly RegExp[] = [
  new RegExp(`[!=]==?\\s*(?:${QUOTE}|ARCHES\\.)?${NAME}\\b`, "g"),
  new RegExp(`\\b${NAME}${QUOTE}?\\s*[!=]==?`, "g"),
  new RegExp(`\\bcase ${QUOTE}${NAME}\\b`, "g"),
  // A table by architecture, unless of guest images to load.
  new RegExp(`(?<![.\\w])${QUOTE}?${NAME}${QUOTE}?:(?!\\s*\\(\\)\\s*=>\\s*import\\()`, "g"),
  /\b(?:Record|Map)<\s*ArchName\b/g,
  // What a back-end has for itself.
  new RegExp(`\\barch/${NAME}/`, "g"),
];

/**
 * Where a source knows more of an architecture than the contract tells: line and text of each
 * place.
 */
function architecturalPlaces(source: string): string[] {
  const places: { at: number; text: string }[] = [];
  const code = source.replace(TOKEN, (token, ...rest) => {
    const at = rest.find((each) => typeof each === "number") as number;
    if (token.startsWith("/")) return token.replace(/[^\n]/g, " ");
    const text = token.slice(1, -1);
    if (REGISTERS.has(text.toLowerCase()) || PRIVILEGE.test(text)) places.push({ at, text });
    return token;
  });
  for (const pattern of BRANCHES) {
    for (const match of code.matchAll(pattern)) places.push({ at: match.index, text: match[0] });
  }
  return places.sort((a, b) => a.at - b.at)
    .map(({ at, text }) => `${source.slice(0, at).split("\n").length}: ${text}`);
}

async function* sources(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory && name !== "testing") yield* sources(new URL(`${name}/`, folder));
    else if (/(?<!_test|_bench)\.ts$/.test(name)) yield new URL(name, folder);
  }
}

Deno.test("Arch, no room above it names a register or branches on the architecture", async () => {
  const found: string[] = [];
  let files = 0;
  for (const room of ROOMS) {
    for await (const url of sources(new URL(`${room}/`, ROOT))) {
      files++;
      const places = architecturalPlaces(await Deno.readTextFile(url));
      found.push(...places.map((place) => `${url.href.slice(ROOT.href.length)}:${place}`));
    }
  }
  assert(files > 80, `only ${files} files were read`);
  assertEquals(found, []);
});

Deno.test("Arch, what breaks the rule is found wherever it stands", () => {
  const bad = [
    'cpu.register("x30")',
    "frame.setRegister('rdi', 0n)",
    "cpu.register(`sp_el0`)",
    'const NAMES = { elr: "elr_el1" };',
    'words.find(({ label }) => label === "CR2")',
    'words.find(({ label }) => label === "ESR")',
    'if (origin === "EL0") return;',
    'if (k.arch.name === "x86_64") return;',
    'if ("aarch64" !== name) return;',
    "if (arch === ARCHES.aarch64) return;",
    "if (arch !== x86_64) return;",
    'switch (name) {\n  case "aarch64":\n}',
    "const SIZES = { x86_64: 15 };",
    'const SIZES = { "aarch64": 4 };',
    "const ENTRIES: Readonly<Record<ArchName, number>> = load();",
    'import { X86Cpu } from "../arch/x86_64/cpu.ts";',
    'const url = "https://example.org"; cpu.register("rsp");',
  ];
  for (const source of bad) assert(architecturalPlaces(source).length > 0, source);
  assertEquals(architecturalPlaces('f();\n\ncpu.register("rsp");'), ["3: rsp"]);
});

Deno.test("Arch, what keeps to the rule is let pass", () => {
  const good = [
    'return { pc: word("pc"), sp: 0n };',
    '// cpu.register("x30")',
    '/**\n * `EL0`, or "CPL 3"; if (name === "x86_64")\n */',
    'const options = { arch: "aarch64", quantum: 1000 };',
    'const IMAGES = { x86_64: () => import("../guest/images/unwind_x86_64.gen.ts") };',
    "for (const arch of [ARCHES.aarch64, ARCHES.x86_64]) run(arch);",
    'throw new Error("expected x86_64 or aarch64");',
  ];
  for (const source of good) assertEquals(architecturalPlaces(source), []);
});
