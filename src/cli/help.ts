import type { Command } from "./command.js";
import { type Flag, flagsOf, GlobalOptions, positional } from "./flags.js";

const WIDTH = 100;

/** `emporium ingest run CONFIG.yaml INPUT OUTPUT [options]` */
export function usageLine(command: Command): string {
  const words = command.positionals.map((key) => positional(command, key).shown);
  return ["emporium", command.name, ...words, "[options]"].join(" ");
}

/** The text of `emporium <command> --help`, without a last line break. */
export function commandHelp(command: Command): string {
  const places = command.positionals.map((key) => positional(command, key));
  const own = flagsOf(command.options, command.positionals);
  const sections = [
    `${command.summary}.`,
    `Usage: ${usageLine(command)}`,
    ...command.details.map((paragraph) => wrap(paragraph, WIDTH).join("\n")),
    table(
      "Arguments",
      places.map(({ name, description }): [string, string] => [name, description]),
    ),
    ...flagTables(own),
    table("For every command", [...flagsOf(GlobalOptions).map(flagRow), ["-h, --help", "show this"]]),
    ["Examples:", ...command.examples.map(({ says, run }) => `  # ${says}\n  ${run}`)].join("\n"),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

/** `[--[no-]write-mrc, "write the MRC files (default)"]`; a family is one row, its members are listed in the text. */
export function flagRow(flag: Flag): [string, string] {
  const short = flag.short === undefined ? "" : `-${flag.short}, `;
  const value = flag.value === undefined ? "" : ` ${flag.value}${flag.several ? "…" : ""}`;
  let name = `--${flag.long}`;
  let text = flag.description;
  if (flag.negative === `no-${flag.long}`) name = `--[no-]${flag.long}`;
  else if (flag.negative !== undefined) name = `--${flag.long}, --${flag.negative}`;
  if (flag.family) {
    name = `--${flag.long.replace("*", `<${flag.family.called}>`)}`;
    text += `: ${flag.family.members.map(({ word }) => word).join(", ")}`;
  }
  if (flag.repeatable && !flag.several) text += "; may be repeated";
  if (flag.default !== undefined) text += ` (default: ${flag.default})`;
  return [`${short}${name}${value}`, text];
}

/** Families first, in a table of their own: they are long, and what a person looks for is mostly below. */
function flagTables(flags: readonly Flag[]): string[] {
  const families = flags.filter((flag) => flag.family);
  const single = flags.filter((flag) => !flag.family);
  return [table("Selection", families.map(flagRow)), table("Options", single.map(flagRow))];
}

function table(title: string, rows: readonly [string, string][]): string {
  if (rows.length === 0) return "";
  const left = Math.min(32, Math.max(...rows.map(([name]) => name.length)));
  const lines = rows.flatMap(([name, text]) => {
    const wrapped = wrap(text, WIDTH - left - 4);
    const first = name.length > left ? [`  ${name}`] : [];
    return [...first, ...wrapped.map((line, i) => `  ${(i === 0 && first.length === 0 ? name : "").padEnd(left)}  ${line}`)];
  });
  return [`${title}:`, ...lines].join("\n");
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1)!;
    if (last !== "" && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}
