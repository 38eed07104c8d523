import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../../test/real-data.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { Float, floatRepr } from "../../../core/number.js";
import { checkConfig } from "../check/check.js";
import { type ConfigNode, type MapNode, toJson } from "./nodes.js";
import { readYaml } from "./read.js";

type Golden = { words: [string, unknown][]; documents: [string, unknown][] };
const golden = JSON.parse(
  readFileSync(new URL("../../../../test/golden/yaml/words.golden.json", import.meta.url), "utf8"),
) as Golden;
const configs = new URL("ingest-configs/", REAL_DATA);

const read = (text: string): ConfigNode => readYaml(new TextEncoder().encode(text), "c.yaml");

function failure(text: string): EmporiumError {
  try {
    read(text);
  } catch (error) {
    if (error instanceof EmporiumError) return error;
    throw error;
  }
  throw new Error("it was read");
}

/** The form of `test/golden/yaml`. */
function canonical(node: ConfigNode): unknown {
  if (node.kind === "list") return ["l", node.items.map(canonical)];
  if (node.kind === "map") return ["m", [...node.entries].map(([key, child]) => [key, canonical(child)])];
  const { value } = node;
  if (value === null) return ["n"];
  if (typeof value === "boolean") return ["b", value];
  if (value instanceof Float) return ["f", floatRepr(value.value)];
  return typeof value === "string" ? ["s", value] : ["i", String(value)];
}

function nodeAt(root: ConfigNode, ...path: (string | number)[]): ConfigNode {
  let node = root;
  for (const step of path) {
    const next = node.kind === "list" ? node.items[step as number] : (node as MapNode).entries.get(String(step));
    if (!next) throw new Error(`nothing at ${path.join(".")}`);
    node = next;
  }
  return node;
}

describe("values", () => {
  it.each(golden.words)("reads the word %s as PyYAML does", (word, expected) => {
    expect(canonical(nodeAt(read(`- ${word}\n`), 0))).toEqual(expected);
  });

  it.each(golden.documents)("reads %j as PyYAML does", (text, expected) => {
    expect(canonical(read(text))).toEqual(expected);
  });

  it("refuses what has the form of a date and is none", () => {
    expect(failure("a: 2026-02-30\n")).toMatchObject({
      code: "CONFIG_SYNTAX",
      facts: { place: { line: 1, column: 4, path: "a" } },
    });
  });

  it("keeps a key called __proto__ as a key", () => {
    const value = toJson(read("__proto__: {polluted: 1}\n")) as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("public configurations", () => {
  const file = new URL("../../../../test/golden/yaml/configs.golden.json", import.meta.url);
  const { sha256 } = JSON.parse(readFileSync(file, "utf8")) as { sha256: Record<string, string> };

  it.skipIf(!existsSync(configs))(`equal PyYAML's values, all ${Object.keys(sha256).length} of them, each with a place`, () => {
    const present = (readdirSync(configs, { recursive: true }) as string[]).filter((name) => name.endsWith(".yaml"));
    for (const [name, expected] of Object.entries(sha256)) {
      if (!present.includes(name)) continue;
      const bytes = readFileSync(new URL(name, configs));
      const root = readYaml(bytes, name);
      expect(
        createHash("sha256")
          .update(JSON.stringify(canonical(root)))
          .digest("hex"),
        name,
      ).toBe(expected);
      const lines = bytes.toString("utf8").split("\n");
      const visit = (node: ConfigNode) => {
        const { line, column, file: where } = node.place;
        expect(where).toBe(name);
        expect(
          line! >= 1 && line! <= lines.length && column! >= 1 && column! <= lines[line! - 1]!.length + 1,
          `${name}:${line}:${column}`,
        ).toBe(true);
        for (const child of node.kind === "list" ? node.items : node.kind === "map" ? node.entries.values() : []) visit(child);
      };
      visit(root);
    }
    expect(present.length).toBeGreaterThan(200);
  });
});

describe("places", () => {
  const text =
    "runs:\n  - sources:\n    - source_glob:\n        list_glob: 'a/*'\n        name_regex: (.*)\\.st\nx: &a [1, 2]\ny: *a\n";
  const root = read(text);

  it("are those of the value", () => {
    const path = ["runs", 0, "sources", 0, "source_glob", "name_regex"];
    expect(nodeAt(root, ...path).place).toEqual({ file: "c.yaml", line: 5, column: 21, path: path.join(".") });
    expect(nodeAt(root, "runs", 0, "sources", 0, "source_glob", "list_glob").place).toMatchObject({ line: 4, column: 20 });
  });

  it("of keys are kept beside", () => {
    expect((root as MapNode).keyPlaces.get("runs")).toMatchObject({ line: 1, column: 1, path: "runs" });
  });

  it("of an alias are where it is used, of what is inside it where it is written", () => {
    expect(nodeAt(root, "y").place).toMatchObject({ line: 7, column: 4, path: "y" });
    expect(nodeAt(root, "y", 1).place).toMatchObject({ line: 6, path: "y.1" });
  });
});

describe("faults", () => {
  it("of syntax have line and column", () => {
    expect(failure("a: 1\nb: [1, 2\nc: 3\n")).toMatchObject({ code: "CONFIG_SYNTAX", facts: { place: { file: "c.yaml" } } });
    expect(failure("a: 1\n\tb: 2\n").facts.place?.line).toBe(2);
  });

  it.each([
    ["a key that stands twice", "a: 1\nb: 2\na: 3\n", { line: 3, column: 1 }],
    ["an unknown alias", "a: *nowhere\n", { line: 1, column: 4 }],
    ["a tag that a safe loader does not know", "a: !!python/object:os.system x\n", { line: 1 }],
    ["a second document", "a: 1\n---\nb: 2\n", {}],
    ["an empty file", "", { line: 1, column: 1 }],
    ["a file of comments", "# nothing\n", {}],
    ["a map as key", "? {a: 1}\n: 2\n", { line: 1 }],
    ["a merge of something that is no map", "a: {<<: [1]}\n", { line: 1 }],
    ["an alias inside its own anchor", "a: &x [1, *x]\n", { line: 1 }],
  ])("%s is CONFIG_SYNTAX with its place", (_name, text, place) => {
    expect(failure(text)).toMatchObject({ code: "CONFIG_SYNTAX", facts: { place: { file: "c.yaml", ...place } } });
  });

  it("bytes that are no UTF-8 are CONFIG_SYNTAX", () => {
    expect(() => readYaml(Uint8Array.of(0x61, 0x3a, 0x20, 0xff), "c.yaml")).toThrow(
      expect.objectContaining({ code: "CONFIG_SYNTAX" }),
    );
  });

  it("a bomb of aliases is CONFIG_LIMIT", () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) =>
        `l${i}: &l${i} [${Array(9)
          .fill(i === 0 ? "x" : `*l${i - 1}`)
          .join(", ")}]`,
    );
    expect(failure(`${levels.join("\n")}\n`).code).toBe("CONFIG_LIMIT");
  });

  it("hundreds of aliases of one author list are no bomb", () => {
    const users = Array.from({ length: 600 }, (_, i) => `- {name: entry ${i}, authors: *a}`).join("\n");
    expect(read(`a: &a [{name: A}, {name: B}]\nlist:\n${users}\n`).kind).toBe("map");
  });

  it.each([70, 3_000, 30_000])("%i levels of nesting are CONFIG_LIMIT", (depth) => {
    expect(failure("[".repeat(depth) + "]".repeat(depth)).code).toBe("CONFIG_LIMIT");
  });

  it("any text gives values or one of our errors", () => {
    const piece = fc.constantFrom(
      "a: ",
      "- ",
      "\n",
      "  ",
      "{",
      "}",
      "[",
      "]",
      "&x ",
      "*x",
      "<<: ",
      "!!int ",
      "'",
      '"',
      "|",
      ">",
      "?",
      ":",
      "#",
      "1",
      "é",
      "\t",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 200 }),
          fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("")),
        ),
        (text) => {
          try {
            return read(text).place.file === "c.yaml";
          } catch (error) {
            return isEmporiumError(error);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("seam 46: what is wrong with a text is told with a remedy that can be used", () => {
  it.each([
    ["a tab", "a:\n\tb: 1\n", 2, /spaces/],
    ["a tab behind spaces", "a:\n  - b: 1\n\t  c: 2\n", 3, /spaces/],
    ["a tab before the first key", "\ta: 1\n", 1, /spaces/],
    ["a tab behind a dash", "a:\n-\tb: 1\n- c: 2\n", 2, /spaces/],
    ["a tab within brackets", "a: {\n\tb: 1}\n", 2, /spaces/],
    ["a colon in a title", "title: A study: of things\n", 1, /in quotes/],
    ["no blank behind a colon", "a:\n  b:1\n  c: 2\n", 2, /space after the colon: b:/],
    ["a key without a colon", "runs\n- a: 1\n", 1, /colon/],
    ["a key twice", "a: 1\na: 2\n", 2, /keep one/],
    ["an open quote", 'a: "x\nb: 1\n', 3, /close the quote/],
    ["an open bracket", "a: [1, 2\nb: 3\n", 2, /close the bracket/],
    ["a quote in quotes", "a: 'it's'\n", 1, /twice/],
    ["a template at the beginning", "a: {run_name}.mrc\n", 1, /in quotes: \{/],
    ["a glob at the beginning", "a: *.mrc\n", 1, /in quotes/],
    ["a regular expression in double quotes", 'a: "(.*)\\.rec"\n', 1, /single quotes/],
    ["a key too deep", "a:\n  b: 1\n   c: 2\n", 2, /indent/],
    ["a key not deep enough", "a:\n   b: 1\n  c: 2\n", 3, /indent/],
    ["no-break spaces", "a:\n\u00a0\u00a0b: 1\n", 2, /spaces/],
    ["typographic quotes", "title: “A study: of things”\n", 1, /straight quotes/],
  ])("%s", (_name, text, line, hint) => {
    for (const ends of ["\n", "\r\n"]) {
      const { code, facts } = failure(text.replaceAll("\n", ends));
      expect([code, facts.place?.line]).toEqual(["CONFIG_SYNTAX", line]);
      expect(facts.hint).toMatch(hint);
    }
  });

  it.each([
    ["Latin-1", Uint8Array.of(...Buffer.from("a: 1\nb: caf\u00e9\n", "latin1")), 2],
    ["UTF-16", Uint8Array.of(...Buffer.from("\ufeffa: 1\n", "utf16le")), 1],
    ["UTF-16 without a mark", Uint8Array.of(...Buffer.from("a: 1\n", "utf16le")), 1],
  ])("%s", (_name, bytes, line) => {
    let thrown: unknown;
    try {
      readYaml(bytes, "c.yaml");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "CONFIG_SYNTAX", facts: { place: { line }, hint: "save it as UTF-8" } });
  });

  it("a byte order mark and lines of Windows are read", () => {
    expect(toJson(read("\ufeffa: 1\r\nb:\r\n  c: 2\r\n"))).toEqual({ a: 1, b: { c: 2 } });
  });
});

describe("seam 16: the cost of a configuration grows with its keys alone", () => {
  const keys = (count: number) => Array.from({ length: count }, (_, i) => `k${i}: ${i}\n`).join("");

  it("a million keys are refused before a tree is made of them", () => {
    for (const text of [keys(1_000_000), `a: [${"1, ".repeat(400_000)}]\n`, `a:\n${"- 1\n".repeat(400_000)}`]) {
      const { code, facts } = failure(text);
      expect([code, facts.place?.line]).toEqual(["CONFIG_LIMIT", expect.any(Number)]);
    }
  });

  it("of very many unknown keys the first are told, and how many more there are", () => {
    const text = `standardization_config: {}\n${keys(20_000)}`;
    const { errors } = checkConfig(new TextEncoder().encode(text), "c.yaml");
    expect(errors.filter(({ message }) => message.startsWith("unknown section"))).toHaveLength(100);
    expect(errors).toContainEqual(expect.objectContaining({ message: expect.stringMatching(/^19900 more unknown keys/) }));
  });
});
