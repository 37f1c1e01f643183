/**
 * `trapline symbolize`: functions and source lines of addresses, and addresses of source lines.
 *
 * @module
 */
import { demangle } from "../debug/demangle/mod.ts";
import { DebugFiles, DISK } from "../debug/files/mod.ts";
import { type LinePlace, type SymbolFrame, Symbols } from "../debug/symbols/mod.ts";
import { parseElf } from "../elf/mod.ts";
import { DamageReport } from "./damage.ts";
import { InputFileError } from "./input.ts";
import { readOptions } from "./options.ts";
import { Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

const DEFAULTS = { json: false, sysroot: "", "debug-directory": [] } as const;

/** What is looked up: an address, or a line of a file. */
type Question =
  | { readonly text: string; readonly address: bigint }
  | { readonly text: string; readonly file: string; readonly line: number };

/** Reads a question; undefined if it is none. */
function readQuestion(text: string): Question | undefined {
  if (/^(0x)?[0-9a-f]{1,16}$/i.test(text)) {
    return { text, address: BigInt(`0x${text.replace(/^0x/i, "")}`) };
  }
  const place = /^(.+):([0-9]{1,9})$/.exec(text);
  return place === null ? undefined : { text, file: place[1]!, line: Number(place[2]) };
}

const EXPECTED =
  "expected an address in hexadecimal digits, or a source file and a line, FILE:LINE";

/** Answers questions about one file. */
class Answers {
  readonly #symbols: Symbols;
  readonly #json: boolean;

  constructor(symbols: Symbols, json: boolean) {
    this.#symbols = symbols;
    this.#json = json;
  }

  /** Lines that answer a question. */
  of(question: Question): string {
    if ("address" in question) return this.#address(question.address);
    const { text, file, line } = question;
    const places = this.#symbols.places(file, line);
    if (this.#json) return `${JSON.stringify({ place: text, code: places.map(codeJson) })}\n`;
    if (places.length === 0) return `${text}: ??\n`;
    return places.map((place) => `${text}: ${this.#codeText(place)}\n`).join("");
  }

  #address(address: bigint): string {
    const frames = this.#symbols.at(address);
    if (this.#json) {
      return `${JSON.stringify({ address: hex(address), frames: frames.map(frameJson) })}\n`;
    }
    if (frames.length === 0) return `${hex(address)}: ??\n`;
    return frames.map((frame, i) => {
      const lead = i === 0 ? `${hex(address)}: ` : "  inlined by ";
      return `${lead}${nameText(frame, address)}${sourceText(frame)}\n`;
    }).join("");
  }

  #codeText(place: LinePlace): string {
    const { address, end, path, line, column, isStatement } = place;
    const function_ = this.#symbols.at(address)[0];
    const name = function_ === undefined ? "??" : nameOf(function_) ?? "??";
    const inside = isStatement ? "" : ", inside a statement";
    return `${hex(address)} to ${hex(end)} in ${name} at ${path}:${line}:${column}${inside}`;
  }
}

function hex(address: bigint): string {
  return `0x${address.toString(16)}`;
}

/** A function's name with its scope, and its parameters where the name for linkers tells them. */
function nameOf(frame: SymbolFrame): string | undefined {
  const { linkageName } = frame;
  if (linkageName !== undefined) return demangle(linkageName) ?? linkageName;
  return frame.qualifiedName ?? frame.name;
}

function nameText(frame: SymbolFrame, address: bigint): string {
  const name = nameOf(frame);
  if (name === undefined) return "??";
  // Without debug information a symbol may be far before.
  if (frame.entry !== undefined || frame.start === undefined) return name;
  return address === frame.start ? name : `${name}+${hex(address - frame.start)}`;
}

function sourceText({ source }: SymbolFrame): string {
  if (source === undefined) return "";
  const { path, line, column } = source;
  return ` at ${path}:${line}${column === 0 ? "" : `:${column}`}`;
}

function frameJson(frame: SymbolFrame): unknown {
  const { source, start, symbol } = frame;
  return {
    function: nameOf(frame) ?? null,
    linkageName: frame.linkageName ?? null,
    inline: frame.isInline,
    start: start === undefined ? null : hex(start),
    symbol: symbol?.name ?? null,
    file: source?.path ?? null,
    line: source?.line ?? null,
    column: source?.column ?? null,
  };
}

function codeJson({ address, end, path, line, column, isStatement }: LinePlace): unknown {
  return { address: hex(address), end: hex(end), file: path, line, column, isStatement };
}

/** Lines of standard input as they come. */
async function* inputLines(): AsyncGenerator<readonly string[]> {
  let rest = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield lines;
  }
  if (rest !== "") yield [rest];
}

/** Runs the command; returns the status to end with: 1 if anything of the file was damaged. */
export async function symbolize(args: readonly string[]): Promise<number> {
  const { values, rest: [path, ...asked] } = readOptions("symbolize", args, DEFAULTS);
  if (path === undefined) throw new UsageError("Cannot symbolize nothing: expected a file");
  const questions = asked.map((text) => {
    const question = readQuestion(text);
    if (question === undefined) throw new UsageError(`Cannot look "${text}" up: ${EXPECTED}`);
    return question;
  });
  const source = DISK.open(path);
  if (source === undefined) throw new InputFileError(`Cannot read ${path}: expected a file`);
  const directories = values["debug-directory"];
  const files = new DebugFiles({
    ...values.sysroot !== "" && { sysroot: values.sysroot },
    ...directories.length > 0 && { directories },
  }).of(parseElf(source, { name: path }));
  await files.prepare();
  if (files.debugFile === undefined) {
    const places = files.searched.map((each) => `\n  ${each}`).join("");
    console.error(
      `trapline: No debug information of ${path} was found${places && `, neither at${places}`}`,
    );
  }
  const symbols = new Symbols(files);
  const answers = new Answers(symbols, values.json);
  const output = new Output();
  for (const question of questions) output.write(answers.of(question));
  output.flush();
  if (questions.length === 0) await answerInput(answers, output);
  const damage = new DamageReport();
  for (const problem of symbols.problems) damage.add(problem);
  return damage.end();
}

/** Answers each line of standard input before the next is waited for, as other programs ask. */
async function answerInput(answers: Answers, output: Output): Promise<void> {
  let number = 0;
  for await (const lines of inputLines()) {
    for (const line of lines) {
      number++;
      for (const text of line.split(/\s+/)) {
        if (text === "") continue;
        const question = readQuestion(text);
        if (question === undefined) {
          output.flush();
          throw new InputFileError(
            `Cannot look "${text}" up in line ${number} of standard input: ${EXPECTED}`,
          );
        }
        output.write(answers.of(question));
      }
    }
    output.flush();
  }
}
