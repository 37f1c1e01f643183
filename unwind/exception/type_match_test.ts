import type { MemoryReader } from "../walk/mod.ts";
import { assertEquals } from "@std/assert";
import type { ElfFile } from "../../elf/mod.ts";
import { Random } from "../../util/random.ts";
import { TypeMatcher } from "./type_match.ts";

const TABLES = {
  plain: "_ZTVN10__cxxabiv117__class_type_infoE",
  single: "_ZTVN10__cxxabiv120__si_class_type_infoE",
  multiple: "_ZTVN10__cxxabiv121__vmi_class_type_infoE",
  pointer: "_ZTVN10__cxxabiv119__pointer_type_infoE",
  function: "_ZTVN10__cxxabiv120__function_type_infoE",
  void: "_ZTIv",
  null: "_ZTIDn",
} as const;

const PUBLIC = 2n;
const VIRTUAL = 1n;
const CONST = 1n;
const VOLATILE = 2n;

/** Type information and objects in words of memory. */
class World {
  readonly words = new Map<bigint, bigint>();
  #next = 0x10000n;

  #place(size: bigint): bigint {
    const at = this.#next;
    this.#next += size;
    return at;
  }

  static #symbol(name: string): bigint {
    const index = Object.values(TABLES).indexOf(name as never);
    return 0x1000n + 0x100n * BigInt(index);
  }

  #info(kind: keyof typeof TABLES, words: readonly bigint[]): bigint {
    const at = this.#place(BigInt(16 + 8 * words.length));
    this.words.set(at, World.#symbol(TABLES[kind]) + 16n);
    words.forEach((word, i) => this.words.set(at + 16n + 8n * BigInt(i), word));
    return at;
  }

  get void(): bigint {
    return World.#symbol(TABLES.void);
  }

  get null(): bigint {
    return World.#symbol(TABLES.null);
  }

  plain(): bigint {
    return this.#info("plain", []);
  }

  single(base: bigint): bigint {
    return this.#info("single", [base]);
  }

  /** Offset and flags of each base, as the ABI packs them. */
  multiple(...bases: readonly (readonly [type: bigint, offset: bigint, flags: bigint])[]): bigint {
    const words = bases.flatMap(([type, offset, flags]) => [
      type,
      BigInt.asUintN(64, offset << 8n | flags),
    ]);
    return this.#info("multiple", [BigInt(bases.length) << 32n, ...words]);
  }

  pointer(pointee: bigint, qualifiers = 0n): bigint {
    return this.#info("pointer", [qualifiers, pointee]);
  }

  function(): bigint {
    return this.#info("function", []);
  }

  /** An object whose table has the distance of a virtual base at offset -24. */
  object(distance: bigint): bigint {
    const table = this.#place(64n) + 64n;
    this.words.set(table - 24n, BigInt.asUintN(64, distance));
    const at = this.#place(64n);
    this.words.set(at, table);
    return at;
  }

  word(value: bigint): bigint {
    const at = this.#place(8n);
    this.words.set(at, value);
    return at;
  }

  matcher(read?: (address: bigint) => bigint | undefined): TypeMatcher {
    const symbolNamed = (name: string) => ({ value: World.#symbol(name) });
    const elf = { symbolNamed } as unknown as ElfFile;
    return new TypeMatcher(elf, wordMemory(read ?? ((address) => this.words.get(address))));
  }

  match(thrown: bigint, object: bigint, wanted: bigint): bigint | undefined {
    return this.matcher().match(thrown, object, wanted);
  }
}

/** Memory of which each word has a window of its own. */
function wordMemory(read: (address: bigint) => bigint | undefined): MemoryReader {
  return {
    window(start) {
      const word = read(start);
      if (word === undefined) return undefined;
      return { start, bytes: new Uint8Array(BigUint64Array.of(word).buffer) };
    },
  };
}

const OBJECT = 0x9000n;

Deno.test("TypeMatcher.match, a type takes itself and nothing unrelated", () => {
  const world = new World();
  const [one, other] = [world.plain(), world.plain()];
  assertEquals(world.match(one, OBJECT, one), OBJECT);
  assertEquals(world.match(one, OBJECT, other), undefined);
});

Deno.test("TypeMatcher.match, a base takes what is derived from it, not the other way round", () => {
  const world = new World();
  const base = world.plain();
  const derived = world.single(base);
  const further = world.single(derived);
  assertEquals(world.match(further, OBJECT, base), OBJECT);
  assertEquals(world.match(base, OBJECT, further), undefined);
});

Deno.test("TypeMatcher.match, each of several bases has its place", () => {
  const world = new World();
  const [first, second] = [world.plain(), world.plain()];
  const both = world.multiple([first, 0n, PUBLIC], [second, 24n, PUBLIC]);
  const outer = world.multiple([world.plain(), 0n, PUBLIC], [both, 8n, PUBLIC]);
  assertEquals(world.match(both, OBJECT, second), OBJECT + 24n);
  assertEquals(world.match(outer, OBJECT, second), OBJECT + 32n);
  assertEquals(world.match(outer, OBJECT, first), OBJECT + 8n);
});

Deno.test("TypeMatcher.match, a private base takes nothing", () => {
  const world = new World();
  const [hidden, open] = [world.plain(), world.plain()];
  const both = world.multiple([hidden, 0n, 0n], [open, 8n, PUBLIC]);
  assertEquals(world.match(both, OBJECT, hidden), undefined);
  assertEquals(world.match(both, OBJECT, open), OBJECT + 8n);
  assertEquals(world.match(world.single(both), OBJECT, hidden), undefined, "nor further out");
});

Deno.test("TypeMatcher.match, a base that is there twice takes nothing", () => {
  const world = new World();
  const base = world.plain();
  const [left, right] = [world.single(base), world.single(base)];
  const twice = world.multiple([left, 0n, PUBLIC], [right, 8n, PUBLIC]);
  assertEquals(world.match(twice, OBJECT, base), undefined);
  assertEquals(world.match(twice, OBJECT, right), OBJECT + 8n);
  const once = world.multiple([left, 0n, PUBLIC], [right, 8n, 0n]);
  assertEquals(world.match(once, OBJECT, base), undefined, "a private one counts, too");
});

Deno.test("TypeMatcher.match, a virtual base is where the object says", () => {
  const world = new World();
  const shared = world.plain();
  const first = world.multiple([shared, -24n, PUBLIC | VIRTUAL]);
  const object = world.object(40n);
  assertEquals(world.match(first, object, shared), object + 40n);
  const second = world.multiple([shared, -24n, PUBLIC | VIRTUAL]);
  const diamond = world.multiple([first, 0n, 0n], [second, 0n, PUBLIC]);
  assertEquals(world.match(diamond, object, shared), object + 40n, "one base, public on one way");
  const hidden = world.multiple([first, 0n, 0n], [second, 0n, 0n]);
  assertEquals(world.match(hidden, object, shared), undefined);
  assertEquals(world.match(first, 0x7000n, shared), undefined, "no object there");
});

Deno.test("TypeMatcher.match, pointers are converted as what they point at", () => {
  const world = new World();
  const base = world.plain();
  const derived = world.multiple([world.plain(), 0n, PUBLIC], [base, 16n, PUBLIC]);
  const at = world.word(OBJECT);
  const match = (thrown: bigint, wanted: bigint) => world.match(thrown, at, wanted);
  const plain = world.pointer(derived);
  assertEquals(match(plain, plain), OBJECT);
  assertEquals(match(plain, world.pointer(base)), OBJECT + 16n);
  assertEquals(match(plain, world.pointer(base, CONST)), OBJECT + 16n);
  assertEquals(match(world.pointer(derived, CONST), world.pointer(base)), undefined);
  assertEquals(
    match(world.pointer(derived, CONST), world.pointer(base, CONST | VOLATILE)),
    OBJECT + 16n,
  );
  assertEquals(match(plain, base), undefined, "a pointer is no object");
  assertEquals(match(derived, world.pointer(base)), undefined, "an object is no pointer");
  assertEquals(match(world.pointer(base), plain), undefined);
});

Deno.test("TypeMatcher.match, void pointers take pointers to objects, null all pointers", () => {
  const world = new World();
  const at = world.word(OBJECT);
  const type = world.plain();
  const toVoid = world.pointer(world.void);
  assertEquals(world.match(world.pointer(type), at, toVoid), OBJECT);
  assertEquals(world.match(world.pointer(type, CONST), at, toVoid), undefined);
  assertEquals(world.match(world.pointer(world.function()), at, toVoid), undefined);
  assertEquals(world.match(world.null, at, world.pointer(type)), 0n);
  assertEquals(world.match(world.null, at, type), undefined);
  const virtual = world.multiple([type, -24n, PUBLIC | VIRTUAL]);
  const zero = world.word(0n);
  assertEquals(world.match(world.pointer(virtual), zero, world.pointer(type)), 0n, "stays null");
});

Deno.test("TypeMatcher.match, pointers to pointers gain qualifiers only behind const", () => {
  const world = new World();
  const type = world.plain();
  const at = world.word(OBJECT);
  const inner = world.pointer(type);
  const innerConst = world.pointer(type, CONST);
  const thrown = world.pointer(inner);
  assertEquals(world.match(thrown, at, world.pointer(innerConst)), undefined);
  assertEquals(world.match(thrown, at, world.pointer(innerConst, CONST)), OBJECT);
  const base = world.pointer(world.single(type));
  assertEquals(world.match(world.pointer(base), at, world.pointer(inner, CONST)), undefined);
  const toVoid = world.pointer(world.pointer(world.void), CONST);
  assertEquals(world.match(thrown, at, toVoid), undefined, "void * is no pointer to pointers");
});

Deno.test("TypeMatcher.match, type information in circles ends", () => {
  const world = new World();
  const loop = world.single(0n);
  world.words.set(loop + 16n, loop);
  const wanted = world.plain();
  assertEquals(world.match(loop, OBJECT, wanted), undefined);
  const wide = world.multiple(...Array.from({ length: 8 }, () => [0n, 0n, PUBLIC] as const));
  for (let i = 0n; i < 8n; i++) world.words.set(wide + 24n + 16n * i, wide);
  assertEquals(world.match(wide, OBJECT, wanted), undefined);
  const pointer = world.pointer(0n, CONST);
  world.words.set(pointer + 24n, pointer);
  const other = world.pointer(0n, CONST);
  world.words.set(other + 24n, other);
  assertEquals(world.match(pointer, world.word(OBJECT), other), undefined);
});

Deno.test("TypeMatcher.match, 20,000 damaged worlds give an address or nothing", () => {
  const random = new Random(7);
  const world = new World();
  const base = world.plain();
  const virtual = world.multiple([base, -24n, PUBLIC | VIRTUAL], [world.plain(), 8n, 0n]);
  const derived = world.multiple([virtual, 8n, PUBLIC], [world.single(base), 64n, PUBLIC]);
  const pointers = [world.pointer(derived), world.pointer(world.pointer(base, CONST), CONST)];
  const object = world.object(16n);
  const types = [base, virtual, derived, ...pointers, world.null, world.void];
  const addresses = [...world.words.keys()];
  let matched = 0;
  for (let i = 0; i < 20_000; i++) {
    const changes = new Map<bigint, bigint | undefined>();
    for (let n = 1 + random.below(4); n > 0; n--) {
      const value = random.pick([
        undefined,
        0n,
        ~0n & (2n ** 64n - 1n),
        random.pick(addresses),
        random.pick(types),
      ]);
      changes.set(random.pick(addresses), value);
    }
    const matcher = world.matcher((address) =>
      changes.has(address) ? changes.get(address) : world.words.get(address)
    );
    const found = matcher.match(
      random.pick(types),
      random.pick([object, ...addresses]),
      random.pick(types),
    );
    if (found !== undefined) {
      assertEquals(found, BigInt.asUintN(64, found));
      matched++;
    }
  }
  assertEquals(matched > 1000, true, `${matched} matched`);
});
