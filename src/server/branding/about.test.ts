import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstWords, openable, readAbout } from "./about.js";

const text = (text: string) => [{ text }];

describe("the text about a portal", () => {
  it("has paragraphs, lists and links", () => {
    const { blocks, asWritten, wrongLinks } = readAbout(
      [
        "The facility serves",
        "[the institute](https://example.org/a_(b)) and guests.",
        "",
        "- cryo-ET on two microscopes",
        "  with energy filters",
        "* [mail us](mailto:office@example.org), or <https://example.org/time>",
        "",
        "After the list: \\[no link\\] and 2 * 3 * 4.",
      ].join("\n"),
    );
    expect(blocks).toEqual([
      {
        kind: "paragraph",
        parts: [
          { text: "The facility serves " },
          { text: "the institute", href: "https://example.org/a_(b)" },
          { text: " and guests." },
        ],
      },
      {
        kind: "list",
        items: [
          text("cryo-ET on two microscopes with energy filters"),
          [
            { text: "mail us", href: "mailto:office@example.org" },
            { text: ", or " },
            { text: "https://example.org/time", href: "https://example.org/time" },
          ],
        ],
      },
      { kind: "paragraph", parts: text("After the list: [no link] and 2 * 3 * 4.") },
    ]);
    expect([asWritten, wrongLinks]).toEqual([[], []]);
    expect(firstWords(blocks)).toBe("The facility serves the institute and guests.");
    expect(firstWords(readAbout("- one\n- two").blocks)).toBe("one");
    expect(firstWords(readAbout(" \n\n").blocks)).toBeUndefined();
  });

  it("keeps all else as it is written, and says on which line", () => {
    const lines = [
      "# Contact",
      "<b>bold</b>",
      "**bold**",
      "![logo](https://example.org/x.png)",
      "1. first",
      "`code`",
      "a < b, c > d",
    ];
    const { blocks, asWritten } = readAbout(lines.join("\n\n"));
    expect(blocks).toEqual(lines.map((line) => ({ kind: "paragraph", parts: text(line) })));
    expect(asWritten.map(({ line }) => line)).toEqual([1, 3, 5, 7, 9, 11]);
  });

  it("leads to the web and to mail only", () => {
    const { blocks, wrongLinks } = readAbout("first\n\n[a](javascript:alert(1)) [b](//example.org) [c](../x) <data:text/html,x>");
    expect(wrongLinks.map(({ line, href }) => [line, href])).toEqual([
      [3, "javascript:alert(1)"],
      [3, "//example.org"],
      [3, "../x"],
      [3, "data:text/html,x"],
    ]);
    expect(JSON.stringify(blocks)).not.toContain("href");
    for (const href of [
      "JAVASCRIPT:alert(1)",
      " javascript:x",
      "file:///etc/passwd",
      "https:x",
      "http://a:b@c.org",
      "ftp://x.org",
      "",
    ])
      expect(openable(href), href).toBeUndefined();
    expect(openable("https://example.org")).toBe("https://example.org/");
  });

  it("loses no letter of what anybody writes, gives no link of another kind, and takes no time for it", () => {
    const signs = fc.array(fc.constantFrom(..."ab [](<>)\\!:/-*\n\t", "https://x.org", "javascript:", "]("), { maxLength: 400 });
    fc.assert(
      fc.property(signs, (list) => {
        const written = list.join("");
        const parts = readAbout(written).blocks.flatMap((block) => (block.kind === "list" ? block.items.flat() : block.parts));
        for (const { href } of parts) expect(href ?? "https://").toMatch(/^(?:https?:\/\/|mailto:)/);
        const letters = (text: string) => [...text].filter((sign) => sign === "a" || sign === "b").length;
        const shown = parts.map(({ text, href = "" }) => text + (text === href ? "" : href.replace(/^https:\/\/x\.org\/?$/, "")));
        expect(letters(shown.join(""))).toBeGreaterThanOrEqual(
          letters(written) - letters(written.match(/\([^()]*\)/g)?.join("") ?? ""),
        );
      }),
    );
    for (const hostile of [
      "[".repeat(4096),
      "[a](".repeat(1024),
      `[a](${"(".repeat(4000)}`,
      `<a:${"a".repeat(4000)}`,
      "\\".repeat(4096),
    ]) {
      const begun = performance.now();
      readAbout(hostile);
      expect(performance.now() - begun).toBeLessThan(500);
    }
  });
});
