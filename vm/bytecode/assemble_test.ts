// The assembler and its verifier: what is known at each bytecode, and what is refused, by name.
import { assertEquals, assertThrows } from "@std/assert";
import {
  ANY_CLASS,
  assemble,
  BytecodeError,
  type BytecodeErrorKind,
  decodeCode,
  disassemble,
  encodeProgram,
  FINALLY_CLASS,
  type Method,
  type VmProgram,
} from "./mod.ts";

const SUM = `
class Node refs 1 ints 1
method main()
  iconst 3
  null
  invoke sum
  invoke print
  return
end
method sum(int n, ref list): int jit
  local total copy
  iconst 0
  store total
next:              # here a loop begins
  load n
  iconst 0
  if_eq done
  load list
  store copy
  load total
  load n
  add
  store total
  inc n -1
  goto next
done:
  load total
  return_value
failed:
  pop
  iconst -1
  return_value
  handler next done failed Node
  handler next failed failed any
end
`;

function methodOf(program: VmProgram, name: string): Method {
  return program.methods.find((method) => method.name === name)!;
}

Deno.test("assemble, finds out types and liveness and polls at backward branches", () => {
  const program = assemble(SUM);
  const sum = methodOf(program, "sum");
  assertEquals(
    disassemble(sum, program),
    `method sum(int n, ref list): int jit
     0  iconst 0                 # () live n list refs list
     5  store total              # (i) live n list refs list
     7  load n                   # () live n list total refs list
     9  iconst 0                 # (i) live n list total refs list
    14  if_eq 35                 # (ii) live n list total refs list
    17  load list                # () live n list total refs list
    19  store copy               # (r) live n list total refs list
    21  load total               # () live n list total refs list copy
    23  load n                   # (i) live n list refs list copy
    25  add                      # (ii) live n list refs list copy
    26  store total              # (i) live n list refs list copy
    28  inc n -1                 # () live n list total refs list copy
    31  poll                     # () live n list total refs list copy
    32  goto 7                   # () live n list total refs list copy
    35  load total               # () live total refs list
    37  return_value             # (i) live  refs list
    38  pop                      # (r) live  refs list
    39  iconst -1                # () live  refs list
    44  return_value             # (i) live  refs list
  handler 7 35 38 Node
  handler 7 38 38 any
end
`,
  );
  assertEquals(sum.maxStack, 2);
  assertEquals(sum.handlers.map((handler) => handler.class), [3, ANY_CLASS]);
  // Where no local has one, nobody holds an int; where ways meet, only what both hold.
  assertEquals(sum.positions[0]!.ints, 0b0001);
  assertEquals(sum.positions[7]!.ints, 0b0101);
  const print = methodOf(program, "print");
  assertEquals([print.id, print.native, print.params.length], [2, 0, 1]);
  const [invoke] = methodOf(program, "main").positions.filter(({ pops }) => pops === 2);
  assertEquals([invoke!.depth, invoke!.stackRefs], [2, 0b10]);
});

Deno.test("encodeProgram, writes records whose offsets lead to each other", () => {
  const program = assemble(SUM);
  const bytes = encodeProgram(program, { seed: 5n, heapSize: 4096, flags: 4, reserved: [9n] });
  const view = new DataView(bytes.buffer);
  const u32 = (at: number) => view.getUint32(at, true);
  const text = (at: number) => {
    const end = bytes.indexOf(0, at);
    return new TextDecoder().decode(bytes.subarray(at, end));
  };
  assertEquals([text(0).slice(0, 4), u32(4)], ["VMP1", bytes.length]);
  assertEquals([view.getBigUint64(32, true), u32(48), u32(68), u32(72)], [5n, 4096, 4, 9]);
  const classes = Array.from({ length: u32(16) }, (_, i) => u32(20) + 8 * i);
  assertEquals(
    classes.map((at) => [text(u32(at + 4)), bytes[at], bytes[at + 1]]),
    [["NullPointer", 0, 0], ["StackOverflow", 0, 0], ["Cancelled", 0, 0], ["Node", 1, 1]],
  );
  const records = Array.from({ length: u32(8) }, (_, i) => u32(u32(12) + 4 * i));
  for (const [i, at] of records.entries()) {
    const method = program.methods[i]!;
    const { code, positions, handlers, locals } = method;
    assertEquals([at % 8, u32(at), u32(at + 4)], [0, 88, i]);
    assertEquals(text(at + u32(at + 8)), method.name);
    assertEquals(bytes.slice(at + u32(at + 24), at + u32(at + 24) + u32(at + 28)), code);
    assertEquals([u32(at + 36), u32(at + 44)], [positions.length, handlers.length]);
    positions.forEach(({ bci, depth, pops, refs, ints, live, stackRefs }, j) => {
      const from = at + u32(at + 32) + 12 * j;
      const u16 = (offset: number) => view.getUint16(from + offset, true);
      assertEquals([u16(0), bytes[from + 2], bytes[from + 3]], [bci, depth, pops]);
      assertEquals([u16(4), u16(6), u16(8), u16(10)], [refs, ints, live, stackRefs]);
    });
    const names = locals.map((_, j) => text(at + u32(at + u32(at + 48) + 4 * j)));
    assertEquals(names, locals);
  }
  const sum = records[1]!;
  assertEquals([bytes[sum + 18], bytes[sum + 19], view.getUint16(sum + 52, true)], [1, 4, 2]);
  const error = assertThrows(() => encodeProgram(program, { heapSize: -1 }), BytecodeError);
  assertEquals(error.message, "Cannot use heapSize -1 (settings)");
});

function body(code: string, head = "method main()"): string {
  return `class Node refs 1 ints 1\n${head}\n${code}\nend`;
}

const WRONG: readonly [text: string, kind: BytecodeErrorKind, message: string][] = [
  ["clas A", "syntax", 'Cannot read "clas A": expected a class or a method, line 1 (program)'],
  ["method main()\nreturn", "syntax", 'Cannot read method main: expected "end", line 2 (main)'],
  ["method main(long x)\nend", "syntax", "Cannot read parameter"],
  ["method main() fast\nend", "syntax", 'Cannot run as "fast"'],
  ["method main(): text\nend", "syntax", 'Cannot return "text"'],
  [body("divide"), "syntax", 'there is no bytecode "divide", line 3 (main)'],
  [body("iconst"), "syntax", "iconst takes 1 words, got 0"],
  [body("iconst 4294967296"), "syntax", 'Cannot use "4294967296"'],
  [body("local x x\nreturn"), "name", "Two locals have one name"],
  [body("load x\nreturn"), "name", "There is no local x"],
  [body("goto away"), "name", "There is no label away"],
  [body("a:\na:\nreturn"), "name", "Label a is there"],
  [body("invoke none\nreturn"), "name", "There is no method none"],
  [body("new Other\nreturn"), "name", "There is no class Other"],
  [body("return", "method main(ref x)"), "name", "There is no method to run, expected main()"],
  [body("return\nend\nmethod main()\nreturn"), "name", "There are two methods main"],
  [body("nop"), "fall-through", "The last bytecode goes on beyond the end (main+0x0)"],
  [body(""), "fall-through", "There is no code"],
  [body("pop\nreturn"), "depth", "pop takes an operand, there is none (main+0x0)"],
  [body("null\niconst 1\nadd\nreturn"), "type", "add takes int, got ref (main+0x6)"],
  [body("local x\nload x\nreturn"), "type", "load takes a value from x, got none"],
  [body("iconst 1\nreturn_value"), "type", "The method returns void, got int (main+0x5)"],
  [body("return\nnop\nreturn"), "unreachable", "No way leads here (main+0x1)"],
  [
    body("null\nif_null a\niconst 1\na:\nreturn"),
    "join",
    "Operands from bytecode 4 are (int), from another () (main+0x9)",
  ],
  [
    body("a:\nnop\nb:\nreturn\nc:\nthrow\nhandler b a c any"),
    "handler",
    "A handler cannot be for 1 to 0",
  ],
  [body("iconst 1\n".repeat(17) + "return"), "limit", "operands"],
  [
    body(
      Array.from({ length: 17 }, (_, i) => `local x${i}`).join("\n") + "\nreturn",
    ),
    "limit",
    "There are 17 locals, expected at most 16 (main)",
  ],
];

Deno.test("assemble, refuses what makes no sense and says where", () => {
  const kinds = WRONG.map(([text, kind, message]) => {
    const error = assertThrows(() => assemble(text), BytecodeError);
    assertEquals(error.message.includes(message), true, `${error.message}, not ${message}`);
    return [error.kind, kind];
  });
  assertEquals(kinds.map(([is]) => is), kinds.map(([, expected]) => expected));
});

Deno.test("decodeCode, refuses unknown bytecodes and code that ends too soon", () => {
  const error = assertThrows(() => decodeCode(Uint8Array.of(0, 0x99), "m"), BytecodeError);
  assertEquals(error.message, "There is no bytecode 0x99 (m+0x1)");
  const short = assertThrows(() => decodeCode(Uint8Array.of(0x10, 0), "m"), BytecodeError);
  assertEquals([short.kind, short.message], ["truncated", "Code ends inside of goto (m+0x0)"]);
});

Deno.test("assemble, knows handlers of forced unwinding", () => {
  const program = assemble(body("a:\npoll\nb:\nreturn\nc:\nthrow\nhandler a b c finally"));
  assertEquals(program.methods[0]!.handlers[0]!.class, FINALLY_CLASS);
});
