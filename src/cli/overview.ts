import { COMMANDS, GROUPS } from "./registry.js";

/**
 * The text of `emporium --help`, or of a group's, such as `emporium ingest --help`. Loads no command and no parser, so that it
 * answers at once.
 */
export function overview(group?: string): string {
  const commands = COMMANDS.filter(({ name }) => group === undefined || name.startsWith(`${group} `));
  const width = Math.max(...commands.map(({ name }) => name.length));
  const title = group === undefined ? "From a deposition of electron-microscopy volumes to the portal's layout" : GROUPS[group];
  return [
    `${title}.`,
    `Usage: emporium ${group === undefined ? "" : `${group} `}<command> [options]`,
    ["Commands:", ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)].join("\n"),
    [
      "Every command takes --json, --quiet, --verbose, --log-json and --workspace DIR; --help after a command",
      "explains its arguments and options, with examples. emporium --version prints the version.",
    ].join("\n"),
    [
      "Exit status: 0 done, 1 failed, 2 wrong usage or config (nothing touched), 3 done in part, 4 validation",
      "found errors, 11 another process holds the target, 12 a cluster does not answer, 130 stopped by a signal (the",
      "same command resumes).",
    ].join("\n"),
    `Examples:\n  ${group === undefined ? "emporium demo --once" : `emporium help ${commands[0]!.name}`}\n  emporium ${commands.at(-1)!.name} --help`,
  ].join("\n\n");
}
