import { assert, assertEquals, assertThrows } from "@std/assert";
import { JsonSyntaxError, parseJson } from "./json_text.ts";
import { Random } from "./random.ts";

Deno.test("parseJson, reads what JSON.parse reads", () => {
  for (
    const text of [
      ' {"a": [1, -0.5e+3, 0, true, false, null, "\\u00e9\\n\\"", {}, []], "__proto__": 1} ',
      "[]",
      '"a"',
      "-1E2",
      '["\u2028", "\ud83d\ude00"]',
    ]
  ) {
    assertEquals(JSON.stringify(parseJson(text)), JSON.stringify(JSON.parse(text)), text);
  }
});

Deno.test("parseJson, says where a text is wrong and what was expected", () => {
  const cases: [text: string, line: number, column: number, expected: string][] = [
    ["", 1, 1, "a value"],
    ['{"a": 1,\n "b": }', 2, 7, "a value"],
    ['{"a": 1\n "b": 2}', 2, 2, '"," or "}"'],
    ["[1, 2,]", 1, 7, "a value"],
    ["{a: 1}", 1, 2, "the name of a field, in quotation marks"],
    ['{"a" 1}', 1, 6, '":"'],
    ['["abc', 1, 6, 'the end of a string, "'],
    ['["a\nb"]', 1, 4, 'the end of a string, "'],
    ['["\\x"]', 1, 3, "an escape of JSON"],
    ["[01]", 1, 3, '"," or "]"'],
    ["[1] 2", 1, 5, "nothing more"],
    ["[nul]", 1, 2, "a value"],
    ['{"a": 1,\n"a": 2}', 2, 1, "a field once"],
    ["[".repeat(300), 1, 201, "at most 200 levels"],
  ];
  for (const [text, line, column, expected] of cases) {
    const error = assertThrows(() => parseJson(text), JsonSyntaxError);
    assertEquals([error.line, error.column, error.expected], [line, column, expected], text);
    assert(error.message.includes(`line ${line}, column ${column}`));
  }
});

Deno.test("parseJson, agrees with JSON.parse on 5,000 damaged texts", () => {
  const random = new Random(1);
  const whole = '{"threads":[{"name":"a\\n","time":[1.5,-2e3,true,null,{}]},"x"],"b":false}';
  const marks = '{}[]",:0-1.eE\\ntu \n';
  const outcome = (read: (text: string) => unknown, text: string): string => {
    try {
      return JSON.stringify(read(text));
    } catch (error) {
      assert(error instanceof SyntaxError || error instanceof JsonSyntaxError);
      return "refused";
    }
  };
  for (let round = 0; round < 5_000; round++) {
    let text = whole;
    for (let change = random.between(1, 3); change > 0; change--) {
      const at = random.below(text.length);
      text = text.slice(0, at) + marks.charAt(random.below(marks.length)) +
        text.slice(at + random.below(2));
    }
    const ours = outcome(parseJson, text);
    if (ours !== outcome(JSON.parse, text)) {
      // Only this is refused besides.
      assertEquals(ours, "refused", text);
      const error = assertThrows(() => parseJson(text), JsonSyntaxError);
      assertEquals(error.expected, "a field once", text);
    }
  }
});
