import { describe, expect, it } from "vitest";
import { cliPage, manPage } from "../../scripts/reference-pages.mjs";
import { completionScript, SHELLS } from "../../src/cli/completion-scripts.js";
import { flagsOf, GlobalOptions, positional, spellings } from "../../src/cli/flags.js";
import * as help from "../../src/cli/help.js";
import { commandHelp } from "../../src/cli/help.js";
import { overview } from "../../src/cli/overview.js";
import { COMMANDS, GROUPS, RESERVED } from "../../src/cli/registry.js";
import { readText } from "./sources.js";

const commands = await Promise.all(COMMANDS.map(async (entry) => ({ entry, command: (await entry.load()).default })));

describe("docs/reference/cli.md", () => {
  const page = readText("docs/reference/cli.md");

  it("is what scripts/generate-docs.mjs writes", () => {
    expect(page).toBe(
      cliPage(
        commands.map(({ command }) => command),
        { ...help, positional, flagsOf, GlobalOptions },
      ),
    );
  });

  it("has a section for every command and no other", () => {
    const sections = [...page.matchAll(/^## emporium (.+)$/gm)].map((match) => match[1]);
    expect(sections).toEqual(COMMANDS.map(({ name }) => name));
  });
});

describe("share/", () => {
  const all = commands.map(({ command }) => command);

  it("has the man page that scripts/generate-docs.mjs writes, with every command", () => {
    const page = readText("share/man/man1/emporium.1");
    expect(page).toBe(manPage(all, { ...help, positional, flagsOf, GlobalOptions }));
    const sections = [...page.matchAll(/^\.SS emporium (.+)$/gm)].map(([, name]) => name!.replaceAll("\\-", "-"));
    expect(sections).toEqual(COMMANDS.map(({ name }) => name));
  });

  it.each(SHELLS)("has the completions of %s that the program prints", (shell) => {
    const file = {
      bash: "bash-completion/completions/emporium",
      zsh: "zsh/site-functions/_emporium",
      fish: "fish/vendor_completions.d/emporium.fish",
    }[shell];
    expect(readText(`share/${file}`)).toBe(`${completionScript(shell, all)}\n`);
  });
});

describe("help", () => {
  it("lists the commands and nothing that is not there", async () => {
    await expect(`${overview()}\n`).toMatchFileSnapshot("../golden/help/emporium.txt");
    for (const name of RESERVED) expect(overview()).not.toContain(`  ${name} `);
  });

  it.each(Object.keys(GROUPS))("lists the commands of %s", async (group) => {
    await expect(`${overview(group)}\n`).toMatchFileSnapshot(`../golden/help/${group}.txt`);
  });

  it.each(commands)("of $entry.name is its golden text", async ({ entry, command }) => {
    const text = commandHelp(command);
    expect(
      Math.max(
        ...text
          .split("\n")
          .filter((line) => !line.startsWith("  emporium "))
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(104);
    await expect(`${text}\n`).toMatchFileSnapshot(`../golden/help/${entry.name.replaceAll(" ", "-")}.txt`);
  });
});

describe("command objects", () => {
  it.each(commands)("$entry.name is registered under its own name and summary", ({ entry, command }) => {
    expect([command.name, command.summary]).toEqual([entry.name, entry.summary]);
    expect(entry.summary).not.toMatch(/\.$/);
  });

  it.each(commands)("$entry.name has no two options of one spelling, and describes each", ({ command }) => {
    const flags = [...flagsOf(command.options, command.positionals), ...flagsOf(GlobalOptions)];
    const names = flags.flatMap((flag) => [
      ...spellings(flag).map(({ name }) => name),
      ...(flag.short ? [`-${flag.short}`] : []),
    ]);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
    expect(
      flags
        .filter(({ description }) => !/^[a-z].*[^.]$/.test(description) && !/^[A-Z]{2}/.test(description))
        .map(({ description }) => description),
    ).toEqual([]);
  });

  it("claims none of the reserved names", () => {
    const names: string[] = COMMANDS.map(({ name }) => name);
    expect(RESERVED.filter((reserved) => names.includes(reserved))).toEqual([]);
  });
});
