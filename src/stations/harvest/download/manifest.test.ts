import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lineOf, type ManifestEntry, openManifest, parseManifest } from "./manifest.js";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "emporium-manifest-"));
  path = join(folder, "manifest.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = (rel: string, more: Partial<ManifestEntry> = {}): ManifestEntry => ({
  rel,
  url: `https://host.test/${rel}`,
  status: "done",
  size: 5,
  sha256: "ab",
  retrieved_at: "2026-01-01T00:00:00.000Z",
  ...more,
});

describe("the manifest", () => {
  it("keeps the last line of each object, sorted and once each after a tidy end", async () => {
    const manifest = await openManifest(path);
    await manifest.put(entry("b", { status: "failed", error: { code: "STORE_ABSENT", message: "not there" } }));
    await Promise.all(["c", "a", "b", "é"].map((rel) => manifest.put(entry(rel))));
    expect(readFileSync(path, "utf8").trim().split("\n")).toHaveLength(5);
    await manifest.close({ tidy: true });
    const lines = readFileSync(path, "utf8").trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as ManifestEntry).rel)).toEqual(["a", "b", "c", "é"]);
    expect(lines[1]).not.toContain("error");
  });

  it("after a kill: what was written counts, a torn last line does not, and the next one stands by itself", async () => {
    const manifest = await openManifest(path);
    await manifest.put(entry("a"));
    await manifest.close();
    appendFileSync(path, '{"rel": "b", "url": "htt');
    const next = await openManifest(path);
    expect([...next.entries()].map(({ rel }) => rel)).toEqual(["a"]);
    await next.put(entry("c"));
    await next.close();
    expect(readFileSync(path, "utf8")).not.toContain('"b"');
    const third = await openManifest(path);
    expect([...third.entries()].map(({ rel }) => rel)).toEqual(["a", "c"]);
  });

  it("nothing new, nothing written", async () => {
    writeFileSync(path, `${lineOf(entry("b"))}\n${lineOf(entry("a"))}\n`);
    const before = readFileSync(path, "utf8");
    const manifest = await openManifest(path);
    await manifest.close({ tidy: true });
    expect(readFileSync(path, "utf8")).toBe(before);
  });

  it.each(["a letter\n", "[]\n", '{"rel": 1}\n', '{"rel": "a", "url": "b", "status": "lost"}\n'])(
    "%j is refused and left as it is",
    async (text) => {
      writeFileSync(path, `${lineOf(entry("a"))}\n${text}`);
      await expect(openManifest(path)).rejects.toMatchObject({ code: "STORE_FAILED", facts: { place: { file: path, line: 2 } } });
      expect(readFileSync(path, "utf8")).toBe(`${lineOf(entry("a"))}\n${text}`);
    },
  );

  it.each(["a letter", '{"layers": []}', "rel,url", "12"])(
    "%j without an end of its line is refused too, and left as it is",
    async (text) => {
      for (const before of ["", `${lineOf(entry("a"))}\n`]) {
        writeFileSync(path, before + text);
        await expect(openManifest(path)).rejects.toMatchObject({ code: "STORE_FAILED", facts: { place: { file: path } } });
        expect(readFileSync(path, "utf8")).toBe(before + text);
      }
    },
  );

  it.each(["{", '{"rel"', '{"rel": "b", "u', "\0\0\0"])("%j is what a kill or a power loss leaves of a line", async (torn) => {
    for (const before of ["", `${lineOf(entry("a"))}\n`]) {
      writeFileSync(path, before + torn);
      const manifest = await openManifest(path);
      await manifest.put(entry("c"));
      await manifest.close();
      expect(readFileSync(path, "utf8")).toBe(`${before}${lineOf(entry("c"))}\n`);
    }
  });

  it("a failure keeps what is known of the file in its place, also where an earlier manifest has it; another object's does not", async () => {
    const known = await openManifest(path);
    await known.put(entry("a", { sha256: "aa" }));
    await known.put(entry("b", { sha256: "bb" }));
    const piece = await openManifest(`${path}-piece`, { earlier: known });
    const failure = { status: "failed", sha256: undefined, error: { code: "STORE_ABSENT", message: "not there" } } as const;
    await piece.put(entry("a", failure));
    await piece.put(entry("b", { ...failure, url: "https://elsewhere.test/b" }));
    await Promise.all([known, piece].map((one) => one.close()));
    const again = await openManifest(`${path}-piece`);
    expect(["a", "b"].map((rel) => again.get(rel)).map((line) => [line?.status, line?.sha256])).toEqual([
      ["failed", "aa"],
      ["failed", undefined],
    ]);
  });

  it("any entry is one line that reads back the same, for every JSON parser", () => {
    const text = fc.string({ unit: "binary" }).filter((value) => !/[\ud800-\udfff]/u.test(value));
    const entries = fc.record({
      rel: text,
      url: text,
      status: fc.constantFrom("done" as const, "absent" as const, "failed" as const),
      size: fc.option(fc.nat(), { nil: undefined }),
      etag: fc.option(text, { nil: undefined }),
      error: fc.option(fc.record({ code: text, message: text }), { nil: undefined }),
      retrieved_at: text,
    });
    fc.assert(
      fc.property(entries, (value) => {
        const line = lineOf(value);
        expect(line).not.toMatch(/[\n\r]/);
        const plain = JSON.parse(JSON.stringify(value)) as unknown;
        expect(JSON.parse(line)).toEqual(plain);
        expect([...parseManifest(`${line}\n`, "m").entries.values()]).toEqual([plain]);
      }),
    );
  });
});
