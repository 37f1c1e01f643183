/**
 * Programs that die, so that there is a core file to be measured.
 *
 * @module
 */

/** The core that a program leaves in its folder; undefined if it leaves none there. */
export function coreOf(directory: string, command: string): string | undefined {
  const script = `cd ${directory} && ulimit -c unlimited && ${command}`;
  new Deno.Command("bash", { args: ["-c", script], stdout: "null", stderr: "null" }).outputSync();
  const name = [...Deno.readDirSync(directory)].map((entry) => entry.name)
    .find((entry) => /^core(\.|$)/.test(entry));
  return name === undefined ? undefined : `${directory}/${name}`;
}
