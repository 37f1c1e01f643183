// The layouts of docs/coroutines.md, word by word, in memory of programs that are stopped; and walks
// from there.
import { assert, assertEquals } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { type ElfFile, parseElf } from "../../elf/mod.ts";
import { machineRegisters } from "../../unwind/cfi/mod.ts";
import { FrameIterator, RegisterSet } from "../../unwind/walk/mod.ts";
import { LiveState } from "./live_state.ts";
import { taskMemory } from "./unwind_stack.ts";
import { ARCH_NAMES, programFile } from "../testing/programs.ts";
import { Session } from "../testing/session.ts";

/** A row of a diagram: what a word is, and where. */
interface Row {
  readonly name: string;
  readonly base: string;
  readonly offset: bigint;
}

/** What the two architectures call things. */
const NAMES = {
  x86_64: { title: "x86-64", fp: "rbp", saved: "rbx", argument: "rdi", link: "rsi", object: "rdx" },
  aarch64: { title: "AArch64", fp: "x29", saved: "x19", argument: "x0", link: "x1", object: "x2" },
} as const;

const document = await Deno.readTextFile(new URL("../../docs/coroutines.md", import.meta.url));

/** The rows of a diagram, and of those alone that say where they are. */
function diagram(state: string, arch: ArchName): Row[] {
  const lines = document.split("\n");
  const title = `${state}, ${NAMES[arch].title}`;
  const at = lines.findIndex((line) => line.startsWith("    ") && line.includes(title));
  assert(at >= 0, `no diagram ${title}`);
  const left = (lines[at] ?? "").indexOf(title);
  const rows: Row[] = [];
  let edges = 0;
  for (const line of lines.slice(at + 1)) {
    const part = line.slice(left, left === 4 ? 46 : undefined).trimEnd();
    if (part.startsWith("+---") && ++edges === 2) return rows;
    const found = /^\| (.+?) *\| (\*?\w+)(?: ([+-]) (\d+))?$/.exec(part);
    if (found === null) continue;
    const [, name = "", base = "", sign, amount = "0"] = found;
    rows.push({ name, base, offset: sign === "-" ? -BigInt(amount) : BigInt(amount) });
  }
  throw new Error(`diagram ${title} has no end`);
}

/** A program that is stopped where it is told. */
class Stopped implements Disposable {
  readonly session: Session;
  readonly elf: ElfFile;
  readonly #names: (typeof NAMES)[ArchName];

  constructor(readonly arch: ArchName, commandLine: string) {
    const name = commandLine.split(" ")[0] ?? "";
    this.session = new Session({ arch, programs: [commandLine] });
    this.elf = parseElf(programFile(name, arch));
    this.#names = NAMES[arch];
  }

  symbol(name: string): bigint {
    const found = this.elf.symbolNamed(name);
    assert(found !== undefined, name);
    return found.value;
  }

  /** Runs to a function's first instruction. */
  at(name: string): void {
    this.to(this.symbol(name));
  }

  to(address: bigint): void {
    using _ = this.session.machine.addBreakpoint(address);
    assertEquals(this.session.machine.run(), { kind: "breakpoint", address });
  }

  register(role: Exclude<keyof (typeof NAMES)[ArchName], "title">): bigint {
    return this.session.machine.cpu.register(this.#names[role]);
  }

  get sp(): bigint {
    return this.session.machine.cpu.sp;
  }

  word(address: bigint): bigint {
    const { memory } = this.session.machine.kernel;
    const physical = this.session.machine.cpu.translate(address);
    assert(physical !== undefined, `no memory at 0x${address.toString(16)}`);
    return memory.readU64(physical);
  }

  /** Holds a diagram to memory: every row must be told what it is, and be that. */
  check(
    state: string,
    bases: Readonly<Record<string, bigint>>,
    expected: Readonly<Record<string, bigint | ((word: bigint) => boolean)>>,
  ): void {
    const rows = diagram(state, this.arch);
    assertEquals(rows.map(({ name }) => name).sort(), Object.keys(expected).sort(), state);
    for (const { name, base, offset } of rows) {
      const from = bases[base];
      const wanted = expected[name];
      assert(from !== undefined && wanted !== undefined, `${state}: ${name} at ${base}`);
      const word = this.word(from + offset);
      const fits = typeof wanted === "bigint" ? word === wanted : wanted(word);
      assert(fits, `${state}: ${name} is 0x${word.toString(16)}, expected ${wanted}`);
    }
  }

  /** Names of the functions at return addresses, outwards, by unwind tables. */
  walk(): string[] {
    const { kernel, cpu } = this.session.machine;
    const { task } = kernel.cpus[0]!.current;
    const frames = new FrameIterator({
      registers: new LiveState(kernel, cpu).registers(),
      memory: taskMemory(kernel, task),
      modules: task.code.modules,
    }, { framePointer: false });
    return [...frames].map((frame) => frame.function?.name ?? "?");
  }

  /** The functions of a suspended stack, as the document says they are found. */
  walkSuspended(sp: bigint): string[] {
    const { kernel } = this.session.machine;
    const { task } = kernel.cpus[0]!.current;
    const registers = new RegisterSet(kernel.arch.elfMachine);
    const { names } = machineRegisters(kernel.arch.elfMachine);
    const isArm = this.arch === "aarch64";
    const set = (name: string, value: bigint) => registers.set(names.indexOf(name), value);
    set(this.#names.fp, this.word(sp + (isArm ? 8n : 16n)));
    set(this.#names.saved, this.word(sp + (isArm ? 16n : 8n)));
    registers.set(registers.numbers.stackPointer, sp + (isArm ? 32n : 24n));
    registers.set(registers.numbers.programCounter, this.word(sp) - (isArm ? 4n : 2n));
    const frames = new FrameIterator({
      registers,
      memory: taskMemory(kernel, task),
      modules: task.code.modules,
    }, { framePointer: false, start: "return-address" });
    return [...frames].map((frame) => frame.function?.name ?? "?");
  }

  /** The same by frame records, from the innermost one. */
  walkRecords(): string[] {
    const names: string[] = [];
    for (let record = this.register("fp"); record !== 0n; record = this.word(record)) {
      names.push(this.elf.symbolAt(this.word(record + 8n) - 1n)?.symbol.name ?? "?");
    }
    return names;
  }

  [Symbol.dispose](): void {
    this.session[Symbol.dispose]();
  }
}

const ANY = () => true;

for (const arch of ARCH_NAMES) {
  const { link: hasLink } = machineRegisters(arch === "x86_64" ? "x86_64" : "aarch64");
  const isArm = hasLink !== undefined;
  const gap = isArm ? { gap: ANY } : {};

  Deno.test(`coro ${arch}, stacks are laid out as the document draws them`, () => {
    using program = new Stopped(arch, "switch-forms functions");
    const body = program.symbol("body");

    program.at("coro_init_trampoline");
    const [base, sp] = [program.register("object"), program.register("link")];
    const parent = { fp: program.register("fp"), saved: program.register("saved") };
    const parentSp = program.sp;
    program.check("fresh", { base, sp }, {
      "initial function": body,
      "parent link, unwritten": 0n,
      "object": ANY,
      ...gap,
      "coro_init_trampoline": program.symbol("coro_init_trampoline"),
    });
    // The object is a word, and has room for two.
    assertEquals(sp, base - 32n - (isArm ? 16n : 8n));
    const forms = program.word(sp + (isArm ? 16n : 8n));
    assertEquals(forms, program.symbol("functions"));

    program.at("body");
    const link = program.register("link");
    assertEquals([link, program.register("fp")], [base - 16n, base - 16n]);
    assertEquals(program.word(program.register("object")), forms);
    const record = program.word(link);
    // The call and what it called have pushed the record.
    assertEquals(record, parentSp - (isArm ? 16n : 8n));
    program.check("running", { link }, { "initial function": body, "parent link": record });
    const register = (name: string) =>
      isArm ? name.replace("RBP", "X29").replace("RBX", "X19") : name;
    program.check("its parent", { "*link": record }, {
      [register("parent's RBP")]: parent.fp,
      "return address": (word) =>
        program.elf.symbolAt(word)?.symbol.name === "coro_switch_and_link",
      [register("parent's RBX")]: parent.saved,
      ...gap,
    });

    program.at("coro_switch_yield");
    const own = { fp: program.register("fp"), saved: program.register("saved") };
    const yielded = program.sp;
    // Where the call that resumes comes back.
    program.to(program.word(record + 8n));
    const suspended = program.session.machine.cpu.register(isArm ? "x1" : "rdx");
    assert(suspended < yielded && suspended > yielded - 256n);
    program.check("suspended", { base, sp: suspended }, {
      "initial function": body,
      "parent link, the last": record,
      [register("saved RBP")]: own.fp,
      [register("saved RBX")]: own.saved,
      "address to go on at": (word) =>
        program.elf.symbolAt(word)?.symbol.name === "coro_switch_yield",
      ...(isArm ? { "FPCR, or a gap": 0xc00000n } : {}),
    });
  });

  Deno.test(`coro ${arch}, a suspended stack is walked from the call its switch is in`, () => {
    using program = new Stopped(arch, "switch-forms functions");
    program.at("coro_init_trampoline");
    const link = program.register("object") - 16n;
    program.at("coro_switch_yield");
    program.session.machine.run(1);
    const running = program.walk();
    program.to(program.word(program.word(link) + 8n));
    const suspended = program.session.machine.cpu.register(isArm ? "x1" : "rdx");
    const names = program.walkSuspended(suspended);
    const root = running.indexOf("coro_init_trampoline") + 1;
    assert(root > 3, running.join());
    assertEquals(names.slice(0, root), running.slice(0, root));
  });

  Deno.test(`coro ${arch}, a coroutine's address is where the document draws it`, () => {
    using program = new Stopped(arch, "coro values");
    program.at("coro_create");
    const coro = program.register("argument");
    program.at("coro_init_trampoline");
    const base = program.register("object");
    program.check("fresh coroutine", { base }, { "struct coro *": coro, gap: ANY });
  });

  Deno.test(`coro ${arch}, walks by tables and by frame records go on into the parent`, () => {
    using program = new Stopped(arch, "switch-forms functions");
    for (let i = 0; i < 3; i++) {
      program.at("coro_switch_yield");
      program.session.machine.run(1);
    }
    const own = ["deeper", "deeper", "deeper", "body", "coro_init_trampoline"];
    const parents = ["coro_switch_and_link", "resume", "use", "main", "_start"];
    assertEquals(program.walk(), ["coro_switch_yield", ...own, ...parents]);
    // The function that yields has no record of its own, so its caller is passed over; the return
    // address in the link's record is the initial function, whose first instruction is looked up one
    // byte before.
    const records = program.walkRecords();
    const at = records.indexOf("coro_switch_and_link");
    assertEquals(records.slice(0, at - 1), own.slice(1));
    assertEquals(records.slice(at), parents);
  });
}
