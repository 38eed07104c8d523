import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { inMemory } from "../../core/bytes.js";
import { readStar } from "./read.js";

const data = REAL_DATA;
const present = existsSync(new URL("expected.json", data));

/** Facts of a plain scan of the text, from `expected.json`. */
interface Facts {
  blocks?: { name: string; loop: boolean; columns: string[]; rows: number }[];
}

const listed: [string, Facts][] = present
  ? Object.entries(JSON.parse(readFileSync(new URL("expected.json", data), "utf8")) as Record<string, { facts?: Facts }>).flatMap(
      ([path, { facts }]) => (facts && path.endsWith(".star") ? [[path, facts] as [string, Facts]] : []),
    )
  : [];

describe("real STAR files", () => {
  it.skipIf(!present)("are there to be read", () => expect(listed.length).toBeGreaterThanOrEqual(20));

  for (const [path, facts] of listed) {
    it(`${path} has the facts of the inventory`, async () => {
      const tables = await readStar(inMemory(readFileSync(new URL(path, data)), path));
      const blocks = tables.map(({ name, kind, columns, rows }) => ({ name, loop: kind === "loop", columns, rows: rows.length }));
      expect(blocks).toEqual(facts.blocks);
    });
  }
});
