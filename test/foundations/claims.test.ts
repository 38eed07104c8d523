import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { flagsOf, GlobalOptions, spellings } from "../../src/cli/flags.js";
import { COMMANDS, GROUPS, RESERVED } from "../../src/cli/registry.js";
import { filesBelow, readText, root } from "./sources.js";

/** What the pages say of the program, against the program. */
const isPage = (path: string) => path.endsWith(".md");
const GUIDES = [
  "docs/index.md",
  "docs/start.md",
  ...["docs/guides", "docs/journeys"].flatMap((path) => filesBelow(path, isPage)),
];
const PAGES = ["README.md", "CONTRIBUTING.md", "SECURITY.md", ...GUIDES];
const commands = await Promise.all(COMMANDS.map(async (entry) => ({ name: entry.name, command: (await entry.load()).default })));
const names = new Set(commands.map(({ name }) => name));
const general = spellingsOf(GlobalOptions);
const flagsOfCommand = new Map(commands.map(({ name, command }) => [name, spellingsOf(command.options)]));

function spellingsOf(schema: Parameters<typeof flagsOf>[0]): Set<string> {
  return new Set(flagsOf(schema).flatMap((flag) => spellings(flag).map(({ name }) => name)));
}

/** Lines that call the program, in code blocks or in back quotes, without comments; continued lines are one. */
function callsIn(path: string): string[] {
  const text = readText(path).replaceAll("\\\n", " ");
  return [...text.matchAll(/(?:^|`|\s|\$ )emporium ([a-z][^`\n#]*)/gm)].flatMap(([, words = ""]) =>
    words.split(/&&|\||;/)[0]!.trim(),
  );
}

/** The command that words begin with: `catalog export copick LOCATION` is `catalog export copick`. */
function commandOf(words: readonly string[]): string | undefined {
  for (let length = 3; length > 0; length--) {
    const name = words.slice(0, length).join(" ");
    if (names.has(name)) return name;
  }
  return undefined;
}

describe("pages", () => {
  it("seam 47: call commands that exist, with flags that these have", () => {
    const wrong = PAGES.flatMap((path) =>
      callsIn(path).flatMap((call) => {
        const words = call.split(/\s+/);
        // a sentence that begins with the program's name, or a group of commands
        if (!(words[0]! in GROUPS) && !names.has(words[0]!) && !words[0]!.startsWith("-")) return [];
        const name = commandOf(words);
        const isGroup = words.length === 1 || !/^[a-z]+$/.test(words[1]!);
        if (name === undefined) return isGroup ? [] : [`${path}: emporium ${call}`];
        const flags = [...call.matchAll(/(?<=\s)--[a-z][a-z0-9-]*/g)].map(([flag]) => flag);
        const known = flagsOfCommand.get(name)!;
        return flags.filter((flag) => !known.has(flag) && !general.has(flag)).map((flag) => `${path}: ${name} has no ${flag}`);
      }),
    );
    expect(wrong).toEqual([]);
  });

  it("seam 47: name flags that some command has", () => {
    // of sbatch, which a guide quotes
    const foreign = ["--mem", "--dependency"];
    const all = new Set([...foreign, ...general, ...[...flagsOfCommand.values()].flatMap((flags) => [...flags])]);
    const wrong = GUIDES.flatMap((path) =>
      [...readText(path).matchAll(/`(--[a-z][a-z0-9-]*)/g)].flatMap(([, flag]) => (all.has(flag!) ? [] : [`${path}: ${flag}`])),
    );
    expect(wrong).toEqual([]);
  });

  it("seam 47: speak of a server where there is one, and of no station that is not there", () => {
    expect(names.has("serve") && /starts no server/.test(readText("SECURITY.md"))).toBe(false);
    const { description } = JSON.parse(readText("package.json")) as { description: string };
    expect(RESERVED.filter((name) => new RegExp(`\\b${name}\\b`).test(description))).toEqual([]);
  });

  it("CONTRIBUTING names files that are there, and in them what it says is in them", () => {
    const text = readText("CONTRIBUTING.md");
    const paths = ["src", "web", "test", "docs", "scripts", "examples", "bench"].flatMap((folder) =>
      filesBelow(folder, () => true),
    );
    const named = (end: string) => paths.filter((path) => path === end || path.endsWith(`/${end}`));
    const files = [...text.matchAll(/`([\w-]+(?:\/[\w.-]+)+\.(?:tsx?|mjs|py|md|css|json))`/g)].map(([, path = ""]) => path);
    expect(files.length).toBeGreaterThan(50);
    expect(
      files.filter((path) => named(path).length === 0),
      "no such files: say where they are now",
    ).toEqual([]);
    const members = [...text.matchAll(/`(\w+)` (?:of|in)\s+`([\w./-]+\.(?:tsx?|mjs|py))`/g)];
    expect(members.length).toBeGreaterThan(10);
    expect(
      members.flatMap(([said, member = "", path = ""]) =>
        named(path).some((file) => new RegExp(`\\b${member}\\b`).test(readText(file))) ? [] : [said],
      ),
      "not in that file: say where it is now",
    ).toEqual([]);
  });

  it("seam 47: CONTRIBUTING lists the folders of src and of test, and no other", () => {
    const text = readText("CONTRIBUTING.md");
    const listed = [...text.matchAll(/^ {2}([a-z]+)\/ /gm)].map(([, name]) => name);
    const foldersOf = (path: string) =>
      readdirSync(join(root, path), { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? entry.name : []));
    expect(listed.toSorted()).toEqual(foldersOf("src").toSorted());
    const tests =
      /^test\/ +(.+)$/m
        .exec(text)?.[1]
        ?.replace(/\(.*\)/, "")
        .trim()
        .split(/ +/) ?? [];
    expect(tests.toSorted()).toEqual(foldersOf("test").toSorted());
  });
});
