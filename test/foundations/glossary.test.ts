import { describe, expect, it } from "vitest";
import { filesBelow, readText, withoutComments } from "./sources.js";

const GLOSSARY = "docs/glossary.md";

/** The first column of the glossary's second list, each word by itself. */
function unwanted(): string[] {
  const [, second = ""] = readText(GLOSSARY).split("## Words that we do not use");
  return [...second.matchAll(/^\| ([a-z, -]+) \| (?!instead)/gm)].flatMap(([, words]) => words!.split(", "));
}

const words = unwanted();
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

function found(path: string, text: string): string[] {
  return text
    .split("\n")
    .flatMap((line, at) => (pattern.test(apart(line)) ? [`${path}:${at + 1}: ${line.trim().slice(0, 160)}`] : []));
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

  it("are found in every spelling of a name", () => {
    for (const text of ["const requestPatience = 1;", "PATIENCE_MS", "a-shelf", "hireWorker()", "Whereabouts", "openHTTPDoor"])
      expect(found("x.ts", text), text).toHaveLength(1);
    for (const text of ["const heartbeat = 1;", "sticky", "outdoors", "a ledger of batches"])
      expect(found("x.ts", text), text).toEqual([]);
  });
});
