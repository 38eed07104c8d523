import { describe, expect, it } from "vitest";
import { filesBelow, readText, withoutComments } from "./sources.js";

const GLOSSARY = "docs/glossary.md";

/** The glossary's second list: each word by itself, and what to use instead. */
function unwanted(): [word: string, instead: string][] {
  const [, second = ""] = readText(GLOSSARY).split("## Words that we do not use");
  return [...second.matchAll(/^\| ([a-z, -]+) \| (?!instead)(.+) \|$/gm)].flatMap(([, words, instead]) =>
    words!.split(", ").map((word): [string, string] => [word, instead!]),
  );
}

const list = unwanted();
const words = list.map(([word]) => word);
const INSTEAD = new Map(list);
const pattern = new RegExp(`\\b(${words.join("|")})\\b`, "i");

/** `requestLimitsOf`, `REQUEST_LIMITS` and `request-limits` are the same three or two words. */
function apart(text: string): string {
  return text
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .replaceAll("_", " ");
}

/** Source without what it says: comments, strings and the texts of templates. */
const withoutTexts = (source: string) =>
  withoutComments(source).replace(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g, '""');

/** Lines may be long: the word is told, and what is around it. */
function found(path: string, text: string): string[] {
  return text.split("\n").flatMap((line, at) => {
    const plain = apart(line);
    const hit = pattern.exec(plain);
    if (!hit) return [];
    const [word] = hit;
    const around = plain.slice(Math.max(0, hit.index - 60), hit.index + word.length + 60).trim();
    return [`${path}:${at + 1}: "${word}", instead: ${INSTEAD.get(word.toLowerCase())} (${GLOSSARY}): … ${around} …`];
  });
}

const isPage = (path: string) => path.endsWith(".md") && path !== GLOSSARY;
const pages = [...["README.md", "CONTRIBUTING.md", "SECURITY.md"], ...filesBelow("docs", isPage), ...filesBelow("src", isPage)];
const isSource = (path: string) => /\.tsx?$/.test(path) && !path.endsWith(".test.ts");
const sources = [...filesBelow("src", isSource), ...filesBelow("web", isSource)];

describe("words that we do not use", () => {
  it("are in a list, each with a word to use instead", () => {
    expect(words.length).toBeGreaterThan(40);
    expect(words).toContain("crew");
    expect(words).toContain("ledger of tries");
    expect(new Set(words).size).toBe(words.length);
  });

  it("are in no page of the documentation, help texts and error codes included", () => {
    expect(pages).toContain("docs/reference/cli.md");
    expect(pages.flatMap((path) => found(path, readText(path)))).toEqual([]);
  });

  it("are in no name of a source file, and in no identifier", () => {
    expect(sources.flatMap((path) => found(path, `${path}\n${withoutTexts(readText(path))}`))).toEqual([]);
  });

  it("are told with what to use instead, wherever they are in a line", () => {
    expect(found("a.md", `${"x ".repeat(200)}of a Shelf${" x".repeat(200)}`)).toEqual([
      expect.stringMatching(/^a\.md:1: "Shelf", instead: cache \(docs\/glossary\.md\): … (?:x )+of a Shelf(?: x)+ …$/),
    ]);
  });

  it("are found in every spelling of a name", () => {
    for (const text of ["const requestPatience = 1;", "PATIENCE_MS", "a-shelf", "hireWorker()", "Whereabouts", "openHTTPDoor"])
      expect(found("x.ts", text), text).toHaveLength(1);
    for (const text of ["const heartbeat = 1;", "sticky", "outdoors", "a ledger of batches"])
      expect(found("x.ts", text), text).toEqual([]);
  });
});
