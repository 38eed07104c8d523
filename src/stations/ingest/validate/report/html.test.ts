import { describe, expect, it } from "vitest";
import type { Validation } from "../validation.js";
import { text, validationPage } from "./html.js";
import { validationText } from "./text.js";

const HOSTILE = [
  "<script>alert(1)</script>",
  `"><img src=x onerror=alert(1)>`,
  "' onmouseover='alert(1)",
  "</title><svg onload=alert(1)>",
  "&lt;b&gt;",
  "a\u202egnp.exe",
  "\u001b]0;title\u0007",
  "javascript:alert(1)",
  "--><!-- x",
];

/** A result in which every text is one and the same. */
function hostile(name: string, location = "file:///data/tree"): Validation {
  const counts = { passed: 1, failed: 1, warned: 1, skipped: 1 };
  const finding = {
    check: "run.name",
    mark: "run" as const,
    entity: name,
    dataset: name,
    run: name,
    message: name,
    found: name,
    wanted: name,
    key: name,
    path: name,
    explanation: name,
  };
  return {
    suite: "standardized",
    location,
    config: name,
    counts,
    marks: [{ mark: name, ...counts }],
    checks: [{ id: "run.name", severity: "fail", marks: ["run"], statement: name, ...counts }],
    runs: [{ dataset: name, run: name, ...counts }],
    findings: [
      { ...finding, severity: "fail" },
      { ...finding, severity: "warn" },
    ],
    skipped: [{ check: "run.name", mark: "run", reason: name, count: 2, entities: [name] }],
    pictures: [{ key: name, entity: name, width: 10, height: 10 }],
  };
}

/** Tags of a page with the names of their attributes. Values are in double quotes; anything else stays in `rest`. */
function tags(page: string): { tags: string[]; rest: string } {
  const found: string[] = [];
  const rest = page
    .replace(/<style>.*?<\/style>/s, "")
    .replace(/<(\/?[a-z]\w*|!doctype)((?:\s+[\w:-]+(?:="[^"]*")?)*)\/?>/gi, (_, name: string, attributes: string) => {
      found.push(
        [name, ...[...attributes.replace(/="[^"]*"/g, "").matchAll(/[\w:-]+/g)].map(([attribute]) => attribute)].join(" "),
      );
      return "";
    });
  return { tags: found, rest };
}

describe("the page", () => {
  const plain = tags(validationPage(hostile("plain"), "/data/report.html"));

  it.each(HOSTILE)("has the same elements whatever a name is: %j", (name) => {
    const page = validationPage(hostile(name), "/data/report.html");
    expect(tags(page).tags).toEqual(plain.tags);
    expect(tags(page).rest).not.toMatch(/[<>]/);
    expect(plain.tags.filter((tag) => /script|\bon\w+/i.test(tag))).toEqual([]);
    expect(page).not.toMatch(/[\u202a-\u202e\u001b]/);
    expect(page).not.toMatch(/(href|src)="(?!\.\/)/);
  });

  it("asks nothing of anybody but the pictures of the tree", () => {
    const page = validationPage(hostile("a b/c#d.png"), "/data/reports/x.html");
    expect(page.match(/(?:href|src)="[^"]*"/g)).toEqual(['href="./../tree/a%20b/c%23d.png"', 'src="./../tree/a%20b/c%23d.png"']);
    expect(page).toContain("default-src 'none'");
    expect(validationPage(hostile("p.png", "s3://bucket/tree"), "/data/x.html")).not.toContain("<img");
    expect(validationPage(hostile("p.png"), undefined)).not.toContain("<img");
    expect(validationPage(hostile("p.png", "https://host/tree"), undefined)).toContain('src="https://host/tree/p.png"');
  });

  it("escapes all that markup is made of", () => {
    expect(text(`<a b="c" d='e'>&</a>`)).toBe("&#60;a b=&#34;c&#34; d=&#39;e&#39;&#62;&#38;&#60;/a&#62;");
  });

  it("says how it went before all else", () => {
    expect(validationPage(hostile("x"), undefined)).toContain('<p class="verdict bad">1 of 3 checks failed</p>');
    const well = { ...hostile("x"), counts: { passed: 5, failed: 0, warned: 1, skipped: 0 } };
    expect(validationPage(well, undefined)).toContain('<p class="verdict ok">No errors</p>');
  });
});

describe("the text", () => {
  it("has errors, warnings, what was not decided, counts and a last line, in this order", () => {
    const lines = validationText(hostile("x")).split("\n");
    const places = [
      "error[run.name]: x",
      "warning[run.name]: x",
      "not decided:",
      "x       1       1       1        1",
      "1 check failed, 1 warning (1 passed, 1 not decided) on 1 run",
    ].map((line) => lines.indexOf(line));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
    expect(places.at(-1)).toBe(lines.length - 1);
  });
});
