import { describe, expect, it } from "vitest";
import { commandsOf, recordedCommands, recordedPages, terminalPicture } from "../../scripts/terminal-svg.mjs";
import { filesBelow, readText, root } from "./sources.js";

/** Recordings of the terminal: `scripts/terminal-pictures.mjs` makes them of a real run. */
const pages = recordedPages(`${root}docs`);
const pictures = filesBelow("docs/images", (path) => /\/terminal-[\w-]+\.svg$/.test(path));

describe("recordings of the terminal", () => {
  it("are shown by the start and by every journey, and each is shown once", () => {
    const names = pages.map(({ name }) => `docs/images/terminal-${name}.svg`);
    expect(names.toSorted()).toEqual(pictures);
    const journeys = filesBelow("docs/journeys", (path) => path.endsWith(".md"));
    expect(pages.map(({ path }) => path.slice(root.length))).toEqual([...journeys, "docs/start.md"]);
  });

  it.each(pages)(
    "terminal-$name.svg has the commands of its page (node scripts/terminal-pictures.mjs $name)",
    ({ name, path }) => {
      const page = commandsOf(readText(path.slice(root.length)));
      expect(page.length).toBeGreaterThan(2);
      expect(recordedCommands(readText(`docs/images/terminal-${name}.svg`))).toEqual(page);
    },
  );

  it("load nothing, and name no place of the machine on which they were made", () => {
    for (const path of pictures) {
      const text = readText(path);
      expect(text, path).not.toMatch(/<script|<image|href=|url\(|@import|\/tmp\/|\/home\/|\/root\//);
    }
  });

  it("say where an output was cut, and break lines as a terminal does", () => {
    const output = Array.from({ length: 30 }, (_, at) => `line ${at}`).join("\n");
    const svg = terminalPicture([
      { command: "emporium a < b", output },
      { command: "c", output: `${"x".repeat(105)}&` },
    ]);
    const texts = [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text);
    expect(texts.slice(0, 9)).toEqual([
      "$ emporium a &lt; b",
      "line 0",
      "line 1",
      "line 2",
      "line 3",
      "line 4",
      "… 20 lines …",
      "line 25",
      "line 26",
    ]);
    expect(texts.slice(-3)).toEqual(["$ c", "x".repeat(104), "x&amp;"]);
    expect(recordedCommands(svg)).toEqual(["emporium a < b", "c"]);
  });
});
