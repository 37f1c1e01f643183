/**
 * Demangled names against those of GNU's demangler, which gdb shows: the names that demangler is
 * tested with, and every name in the symbol tables of large libraries by `c++filt`.
 *
 * @module
 */
import { demangle, type DemangleOptions, demangleType } from "../../../debug/demangle/mod.ts";
import { parseElf } from "../../../elf/mod.ts";
import { cachedFolder } from "../../cached.ts";
import { entriesOf } from "../files.ts";
import { type CheckResult, Differences, outputOf } from "../tool.ts";
import type { NamedCheck } from "../walk_checks.ts";

/**
 * Names of the corpus whose expected text is wrong, by how they begin. A parameter of a template
 * that a substitution refers to is told with another template's arguments, a declarator in a
 * lambda's parameters is torn apart, and resources of Java are no names of C++ or Rust.
 */
const WRONG: readonly string[] = [
  "_ZN3mdr16in_cached_threadI",
  "_ZNSt9_Any_data9_M_accessIPZN13ThreadManager",
  "_ZNSt9_Any_data9_M_accessIPZN3sel8Selector",
  "_ZNSt9_Any_data9_M_accessIPZN6cereal",
  "_ZNSt9_Any_data9_M_accessIPZ4post",
  "_Z7forwardIZ3FoovEUlPA5_T_E1_",
  "_Z3eatIZ3FoovEUlPA5_T_E1_EvRS0_",
  "_ZGr32_java",
];

interface Case {
  readonly name: string;
  readonly options: DemangleOptions;
  readonly expected: string;
}

/** Cases of GNU's file of names: options, name, text, and for some the text without parameters. */
function casesIn(text: string): Case[] {
  const lines = text.split("\n").filter((line) => !line.startsWith("#"));
  const cases: Case[] = [];
  for (let i = 0; i + 2 < lines.length;) {
    const [style = "", name = "", expected = ""] = lines.slice(i, i += 3);
    const bare = style.includes("--no-params") ? lines[i++] : undefined;
    // Other languages, questions and orders of the text that nobody asks for here.
    if (/gnat|java|is-v3|ret-postfix/.test(style)) continue;
    // Names of Rust that are to be read as those of C++.
    if (style.includes("gnu-v3") && /17h[0-9a-f]{16}E/.test(name)) continue;
    const returnType = !style.includes("ret-drop");
    cases.push({ name, options: { returnType }, expected });
    if (bare !== undefined) {
      cases.push({ name, options: { parameters: false }, expected: bare });
    }
  }
  return cases;
}

/** Libraries whose names are compared; of Rust's, those that `tools/fetch_rust.sh` fetches. */
function libraries(): string[] {
  const debian = "/usr/lib/x86_64-linux-gnu";
  const rust = `${cachedFolder("rust")}${debian}`;
  return [
    ...["libstdc++.so.6", "libLLVM-14.so.1", "libclang-cpp.so.14"]
      .map((name) => `${debian}/${name}`),
    ...entriesOf(rust).filter((name) => /^lib(std|rustc_driver)-.*\.so$/.test(name))
      .map((name) => `${rust}/${name}`),
  ];
}

/** All checks of demangled names. */
export function demangleChecks(): NamedCheck[] {
  return [
    { kind: "names", name: "corpus", check: checkCorpus },
    ...libraries().map((path): NamedCheck => ({
      kind: "names",
      name: path,
      check: () => checkLibrary(path),
    })),
  ];
}

/** Compares with the corpus; undefined if it cannot be had. */
function checkCorpus(): CheckResult | undefined {
  const script = new URL("../../fetch_demangle_corpus.sh", import.meta.url).pathname;
  const folder = outputOf("bash", [script])?.trim().split("\n").at(-1);
  if (folder === undefined) return undefined;
  const cases = ["demangle-expected", "rust-demangle-expected"]
    .flatMap((file) => casesIn(Deno.readTextFileSync(`${folder}/${file}`)));
  const differences = new Differences(20);
  let wrong = 0;
  for (const { name, options, expected } of cases) {
    const text = demangle(name, options) ?? demangleType(name) ?? name;
    const isWrong = WRONG.some((start) => name.startsWith(start));
    if (text === expected) {
      if (isWrong && options.parameters !== false) differences.add(`${name} is no exception`);
    } else if (isWrong) wrong++;
    else differences.add(`${name}\n    ours ${text}\n    theirs ${expected}`);
  }
  return {
    name: "corpus",
    figures: `${cases.length} names, ${wrong} of them told wrongly there`,
    differences: differences.texts,
  };
}

/** Compares the names in a library's symbol tables with `c++filt`; undefined if one is missing. */
function checkLibrary(path: string): CheckResult | undefined {
  let names: string[];
  try {
    const file = parseElf(Deno.readFileSync(path), { name: path });
    const all = file.symbols.all.map(({ name }) => name).filter((name) =>
      /^_(Z|R|GLOBAL_)/.test(name)
    );
    names = [...new Set(all)].sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const list = Deno.makeTempFileSync();
  let text: string | undefined;
  try {
    Deno.writeTextFileSync(list, names.join("\n"));
    // What `--no-verbose` leaves out is left out by gdb, too: the hashes of Rust.
    text = outputOf("c++filt", ["--no-verbose", `@${list}`]);
  } finally {
    Deno.removeSync(list);
  }
  if (text === undefined) return undefined;
  const theirs = text.split("\n");
  const differences = new Differences(20);
  const before = performance.now();
  const ours = names.map((name) => demangle(name) ?? name);
  const time = (performance.now() - before) * 1000 / Math.max(names.length, 1);
  const alone = new Set<string>();
  names.forEach((name, i) => {
    const [one, other] = [ours[i]!, theirs[i]];
    if (one === other) return;
    if (other === name) alone.add(name);
    else differences.add(`${name}\n    ours ${one}\n    theirs ${other}`);
  });
  return {
    name: path,
    figures: `${names.length} names, ${alone.size} told by us only, ${time.toFixed(1)} µs each`,
    differences: differences.texts,
  };
}
