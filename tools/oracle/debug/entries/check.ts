/**
 * Debugging information entries, indexes of their names, and what they say of addresses, compared
 * with LLVM's.
 *
 * @module
 */
import type { NamedCheck } from "../../walk_checks.ts";
import type { CheckResult } from "../../tool.ts";
import { checkEntries } from "./entries_check.ts";
import { checkNames } from "./names_check.ts";
import { checkScopes } from "./scopes_check.ts";
import { casesOf, RECIPES, rustCases, systemCases } from "./programs.ts";

/** One check for each way to make a program, with files in a directory, and for others' files. */
export function entryChecks(directory: string): NamedCheck[] {
  const made = RECIPES.map((recipe, i) => ({
    name: [recipe.compiler, ...recipe.args, recipe.then].join(" "),
    cases: () => {
      const place = `${directory}/entries-${i}`;
      Deno.mkdirSync(place);
      return casesOf(recipe, place);
    },
  }));
  const others = [
    { name: "rustc", cases: () => rustCases(directory) },
    { name: "Debian's files", cases: systemCases },
  ];
  return [...made, ...others].map(({ name, cases }): NamedCheck => ({
    kind: "entries",
    name,
    check: () =>
      together(
        name,
        cases()?.flatMap((each) => [
          checkEntries(each),
          checkNames(each.path, each.info),
          each.relocatable === true ? undefined : checkScopes(each.path, each.info),
        ]),
      ),
  }));
}

/** Several results as one; undefined if there is none. */
function together(
  name: string,
  results: readonly (CheckResult | undefined)[] = [],
): CheckResult | undefined {
  const found = results.filter((each) => each !== undefined);
  if (found.length === 0) return undefined;
  return {
    name,
    figures: found.map(({ figures }) => figures).join("; "),
    differences: found.flatMap(({ differences }) => differences),
  };
}
