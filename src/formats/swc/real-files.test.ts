import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { readSwc } from "./read.js";

/** The public skeletons of the data folder, and what another program counted in them. */
const data = REAL_DATA;
const has = existsSync(new URL("swc", data));

interface Expected {
  facts?: Record<string, number> & { types?: Record<string, number> };
}

describe.skipIf(!has)("real SWC files", () => {
  const expected: Record<string, Expected> = has ? JSON.parse(readFileSync(new URL("expected.json", data), "utf8")) : {};
  const names = has
    ? (readdirSync(new URL("swc", data), { recursive: true }) as string[]).filter((name) => name.endsWith(".swc"))
    : [];

  it.each(names)("%s", (name) => {
    const { facts } = expected[`swc/${name}`] ?? {};
    const found = readSwc(readFileSync(new URL(`swc/${name}`, data), "utf8"), name);
    expect(facts?.nodes).toBeDefined();
    expect({
      nodes: found.nodes,
      roots: found.roots,
      tips: found.tips,
      branch_points: found.branchPoints,
      types: found.types,
    }).toEqual({
      nodes: facts!.nodes,
      roots: facts!.roots,
      tips: facts!.tips,
      branch_points: facts!.branch_points,
      types: facts!.types,
    });
    // the listing has nine digits
    expect(Math.abs(found.cableLength - facts!.cable_length!)).toBeLessThanOrEqual(1e-8 * facts!.cable_length!);
    const told =
      (facts!.missing_parents ?? 0) +
      (facts!.duplicate_ids ?? 0) +
      (facts!.parent_after_child ?? 0) +
      Math.abs(facts!.roots! - 1);
    expect(found.faultCount > 0, JSON.stringify(found.faults)).toBe(told + (facts!.unparsed_lines ?? 0) > 0);
  });
});
