import { describe, expect, it } from "vitest";
import { Universe } from "./id-sets.js";

/** Ids as PostgreSQL sends them: `string_agg(int4send(id), '')` as text. */
const sent = (ids: readonly number[]) => `\\x${ids.map((id) => id.toString(16).padStart(8, "0")).join("")}`;

function universeOf(ids: readonly number[]): Universe {
  const steps = Universe.of([[sent(ids), null]], undefined);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

describe("(37) the entities of a catalogue by their ids", () => {
  it.each([
    ["without a gap", [12, 10, 11], [-1, 0, 1, 2, -1], 0],
    ["with few gaps", [10, 13], [-1, 0, -1, -1, 1], 4],
    ["far apart", [10, 1_000_000], [-1, 0, -1], 2],
  ])("%s: a position for each, none for others, and no more memory than that takes", (_, ids, positions, weight) => {
    const universe = universeOf(ids);
    expect(positions.map((__, at) => universe.positionOf(9 + at))).toEqual(positions);
    expect(universe.positionOf(Math.max(...ids))).toBe(ids.length - 1);
    expect([universe.size, universe.weight]).toEqual([ids.length, weight]);
  });
});
