/**
 * The page about debuggers, whose commands are executed.
 *
 * @module
 */

const PAGE = new URL("../../../../docs/debugging.md", import.meta.url);

/** A block of code. */
export interface Block {
  /** Its language. */
  readonly language: string;
  /** Its lines. */
  readonly lines: readonly string[];
}

/** The blocks of the page, in order. */
export function pageBlocks(): Block[] {
  const text = Deno.readTextFileSync(PAGE);
  return [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, language = "", body = ""]) => ({
    language,
    lines: body.split("\n").filter((line) => line !== ""),
  }));
}

/** What is typed into a debugger, and the lines that it must print. */
export interface PageSession {
  readonly commands: readonly string[];
  readonly expected: readonly string[];
}

/** All that is typed into one debugger, and what is printed of it. */
export function sessionOf(language: "gdb" | "lldb"): PageSession {
  const blocks = pageBlocks();
  const commands: string[] = [];
  const expected: string[] = [];
  blocks.forEach((block, i) => {
    if (block.language === language) commands.push(...block.lines);
    const before = blocks[i - 1];
    if (block.language === "text" && before?.language === language) expected.push(...block.lines);
  });
  return { commands, expected };
}

/** The lines that a text lacks; `…` stands for anything. */
export function missing(expected: readonly string[], text: string): string[] {
  const lines = text.split("\n");
  return expected.filter((line) => {
    const parts = line.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const form = new RegExp(`^${parts.join(".*")}\\s*$`);
    return !lines.some((each) => form.test(each));
  });
}

/** Lines of the page's shell, in words. */
export function shellLines(): string[][] {
  return pageBlocks().filter(({ language }) => language === "sh")
    .flatMap(({ lines }) => lines).map((line) => line.split(" "));
}

/** The commands of the command line, without what runs them. */
export function trapline(): string[][] {
  return shellLines().filter((words) => words.slice(0, 3).join(" ") === "deno task trapline")
    .map((words) => words.slice(3));
}

/** The first launch configuration of a type. */
export function launchConfiguration(type: string): Record<string, unknown> {
  for (const { language, lines } of pageBlocks()) {
    if (language !== "json") continue;
    const { configurations } = JSON.parse(lines.join("\n")) as {
      configurations: Record<string, unknown>[];
    };
    const found = configurations.find((each) => each["type"] === type);
    if (found !== undefined) return found;
  }
  throw new Error(`The page has no launch configuration of type ${type}`);
}
