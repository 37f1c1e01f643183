/**
 * Random methods: statements, as text.
 *
 * @module
 */
import { type Type, ValueWriter, WORDS } from "./random_values.ts";

/** Writes a method. */
export class MethodWriter extends ValueWriter {
  readonly #handlers: string[] = [];
  /** Locals that count turns, which nothing else may set. */
  #counters = 0;

  /** The method's text. */
  write(): string {
    const { name, params, result, kind } = this.signature;
    const isMain = name === "main";
    if (isMain) {
      this.emit(`iconst ${this.callees.rounds}`);
      this.emit("store round");
      this.place("again");
      for (let i = 0; i < 3; i++) this.#guarded(() => this.#statements(3), "any");
      for (const line of ["inc round -1", "iconst 0", "load round", "if_lt again"]) {
        this.emit(line);
      }
    } else this.#statements(2 + this.random.below(4));
    if (result === "void") this.emit("return");
    else {
      this.value(result, 2);
      this.emit("return_value");
    }
    const list = params.map((type, i) => `${type} p${i}`).join(", ");
    const locals = [
      ...this.names.slice(params.length),
      ...Array.from({ length: this.#counters }, (_, i) => `c${i}`),
      ...isMain ? ["round"] : [],
    ];
    return [
      `method ${name}(${list}): ${result} ${kind}`,
      `  local ${locals.join(" ")}`,
      ...this.lines,
      ...this.#handlers,
      "end",
    ].join("\n");
  }

  #statements(count: number): void {
    for (let i = 0; i < count; i++) this.#statement();
  }

  #statement(): void {
    const random = this.random;
    const choice = random.below(this.depth < 2 ? 14 : 8);
    switch (choice) {
      case 0:
      case 1:
      case 2:
        return this.#store();
      case 3:
        this.object();
        this.value("int", 1);
        return this.emit(`puti ${random.pick(WORDS.ints)}`);
      case 4:
        this.object();
        this.value("ref", 1);
        return this.emit(`putr ${random.pick(WORDS.refs)}`);
      case 5:
        return this.#increment();
      case 6:
        return this.#native();
      case 7: {
        this.value(random.pick(["int", "ref"]), 2);
        return this.emit("pop");
      }
      case 8:
      case 9:
        return this.#branch();
      case 10:
        return this.#loop();
      case 11:
      case 12:
        return this.#guarded(
          () => this.#statements(2),
          random.pick(["any", "Node", "NullPointer"]),
        );
      default:
        return this.#throw();
    }
  }

  #store(): void {
    const { length } = this.signature.params;
    const free = this.names.length;
    const index = this.random.chance(0.8) ? this.random.below(free) : length;
    const type = this.random.pick(["int", "ref"] as const);
    this.value(type, 3);
    this.emit(`store ${this.names[index]}`);
    this.types[index] = type;
  }

  #increment(): void {
    const ints = this.names.filter((_, i) => this.types[i] === "int");
    if (ints.length > 0) {
      this.emit(`inc ${this.random.pick(ints)} ${this.random.between(-9, 9)}`);
    } else this.emit("nop");
  }

  #native(): void {
    const { natives, all } = this.callees;
    if (natives.length === 0) {
      this.value("int", 1);
      return this.emit("invoke print");
    }
    const name = this.random.pick(natives);
    const target = this.random.pick(all).name;
    if (name === "print") this.value("int", 1);
    if (name === "static_set") this.value("ref", 1);
    if (name === "spin" || name === "sleep") this.emit(`iconst ${this.random.below(4)}`);
    if (name === "tier" || name === "move") this.emit(`iconst @${target}`);
    if (name === "tier") this.emit(`iconst ${this.random.below(4)}`);
    this.emit(`invoke ${name}`);
  }

  #branch(): void {
    const [other, end] = [this.label(), this.label()];
    this.#condition(other);
    const before = [...this.types];
    this.#nested(() => this.#statements(1 + this.random.below(2)));
    const taken = this.types;
    this.types = before;
    this.emit(`goto ${end}`);
    this.place(other);
    this.#nested(() => this.#statements(this.random.below(2)));
    this.#join(taken);
    this.place(end);
    this.emit("nop");
  }

  #condition(label: string): void {
    if (this.random.chance(0.3)) {
      this.value("ref", 1);
      this.emit(`${this.random.pick(["if_null", "if_nonnull"])} ${label}`);
    } else {
      this.value("int", 1);
      this.value("int", 1);
      this.emit(`${this.random.pick(["if_lt", "if_eq", "if_ne"])} ${label}`);
    }
  }

  #loop(): void {
    if (this.names.length + this.#counters >= 15) return this.emit("nop");
    const counter = `c${this.#counters++}`;
    const label = this.label();
    this.emit(`iconst ${1 + this.random.below(3)}`);
    this.emit(`store ${counter}`);
    // What the turn before has done to the locals is not known where a turn begins.
    this.types = this.types.map((type, i) => i < this.signature.params.length ? type : undefined);
    const before = [...this.types];
    this.place(label);
    this.#nested(() => this.#withFixed(before, () => this.#statements(2)));
    this.emit(`inc ${counter} -1`);
    // Sometimes operands are there at the poll.
    this.emit("iconst 0");
    this.emit(`load ${counter}`);
    this.emit(`if_lt ${label}`);
  }

  /** In a loop locals that have a type keep it. */
  #withFixed(types: readonly (Type | undefined)[], action: () => void): void {
    action();
    const fixed = types.some((type, i) => type !== undefined && type !== this.types[i]);
    if (!fixed) return;
    types.forEach((type, i) => {
      if (type === undefined || type === this.types[i]) return;
      this.emit(type === "int" ? `iconst ${i}` : "null");
      this.emit(`store ${this.names[i]}`);
      this.types[i] = type;
    });
  }

  #guarded(action: () => void, type: string): void {
    const [from, to, target, end] = Array.from({ length: 4 }, () => this.label());
    const before = [...this.types];
    this.place(from!);
    this.emit("nop");
    const kept = new Set<number>();
    this.#nested(() => {
      const lines = this.lines.length;
      action();
      // Where an exception comes from is not known: a local that was stored to has no type then.
      for (const line of this.lines.slice(lines)) {
        const stored = /^ {2}store (.*)$/.exec(line)?.[1];
        if (stored !== undefined) kept.add(this.names.indexOf(stored));
      }
    });
    const after = this.types;
    this.emit(`goto ${end}`);
    this.place(to!);
    this.place(target!);
    this.types = before.map((each, i) => kept.has(i) ? undefined : each);
    this.#caught();
    this.#join(after);
    this.place(end!);
    this.emit("nop");
    // Inner ones come first.
    this.#handlers.push(`  handler ${from} ${to} ${target} ${type}`);
  }

  #caught(): void {
    const index = this.random.below(this.names.length);
    if (this.random.chance(0.5) && index >= this.signature.params.length) {
      this.emit(`store ${this.names[index]}`);
      this.types[index] = "any";
    } else this.emit("pop");
    this.#nested(() => this.#statements(1));
  }

  #throw(): void {
    const end = this.label();
    this.#condition(end);
    const any = this.names.filter((_, i) => this.types[i] === "any");
    if (any.length > 0 && this.random.chance(0.5)) this.emit(`load ${this.random.pick(any)}`);
    else this.value("ref", 1);
    this.emit("throw");
    this.place(end);
    this.emit("nop");
  }

  #nested(action: () => void): void {
    this.depth++;
    action();
    this.depth--;
  }

  #join(other: readonly (Type | undefined)[]): void {
    this.types = this.types.map((type, i) => type === other[i] ? type : undefined);
  }
}
