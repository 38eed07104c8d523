import { describe, expect, it } from "vitest";
import { flagsOf, GlobalOptions } from "../../src/cli/flags.js";
import { commandHelp, flagRow } from "../../src/cli/help.js";
import { COMMANDS } from "../../src/cli/registry.js";
import { counted } from "../../src/core/units.js";
import { filesBelow, readText, withoutComments } from "./sources.js";

const commands = await Promise.all(COMMANDS.map(async ({ load }) => (await load()).default));

describe("help texts", () => {
  it.each(commands)("(34.28) of $name say what a flag is by default, and that it may be repeated, once", (command) => {
    for (const flag of [...flagsOf(command.options, command.positionals), ...flagsOf(GlobalOptions)]) {
      const [name, text] = flagRow(flag);
      expect([name, text.match(/\(default\b/g)?.length ?? 0]).toEqual([name, expect.toSatisfy((times: number) => times <= 1)]);
      expect([name, text.match(/repeat/g)?.length ?? 0]).toEqual([name, expect.toSatisfy((times: number) => times <= 1)]);
    }
    expect(commandHelp(command)).not.toMatch(/\b1 (runs|files|blocks|slices)\b/);
  });
});

/** What people count. */
const NOUNS = [
  ...["annotations", "batches", "blocks", "characters", "columns", "datasets", "entries", "errors", "files", "folders", "frames"],
  ...["images", "items", "jobs", "layers", "levels", "lines", "matches", "objects", "pages", "particles", "points"],
  ...[
    "processes",
    "records",
    "requests",
    "rows",
    "runs",
    "sections",
    "series",
    "slices",
    "stages",
    "tables",
    "tasks",
    "tomograms",
  ],
  ...["values", "volumes", "warnings"],
].join("|");
const COUNT = new RegExp(`\\$\\{([^{}\`]+)\\} (?:more |other |new )?(${NOUNS})\\b`, "g");
/** No number of things: a limit, a text that was made before, one of several words, an extent such as `4×8`. */
const OTHERWISE =
  /^(counted|format!\.title$|node\.name$|dataset$|part$|found$|imageJ$|[A-Z][A-Z0-9_]*(\.\w+)?$|few|quoted|said|shown|what|which)|\?|format[A-Z]|toFixed|toPrecision|join\(|counted\(|percent|\["'\]/;

describe("numbers of things", () => {
  const sources = filesBelow("src", (path) => /\.ts$/.test(path) && !/\.(test|d)\.ts$/.test(path));

  it("(34.28) are written by `counted`, which knows 1 run and 0 runs", () => {
    const found = sources.flatMap((path) =>
      withoutComments(readText(path))
        .split("\n")
        .flatMap((line, at) =>
          [...line.matchAll(COUNT)]
            .filter(([, text = ""]) => !OTHERWISE.test(text))
            .map(([text]) => `${path}:${at + 1}: ${text}`),
        ),
    );
    expect(found).toEqual([]);
  });

  it("(34.28) have one home: nothing else chooses between one and many by an s", () => {
    const found = sources.filter((path) => path !== "src/core/units.ts" && /=== "?1"? \? "" : "s"/.test(readText(path)));
    expect(found).toEqual([]);
  });

  it("(34.28) one is the singular, all others are many", () => {
    expect([0, 1, 2, -1].map((number) => counted(number, "run"))).toEqual(["0 runs", "1 run", "2 runs", "-1 runs"]);
    expect([1, 3].map((number) => counted(number, "entry", "entries"))).toEqual(["1 entry", "3 entries"]);
  });
});
