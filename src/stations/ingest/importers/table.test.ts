import { describe, expect, it } from "vitest";
import { ancestorsOf, KINDS } from "../../../model/kinds.js";
import { IMPORTERS } from "./table.js";

describe("the table of importers", () => {
  it("has every kind once", () => {
    const kinds = IMPORTERS.flatMap(({ kind, brings = [] }) => [kind, ...brings]);
    expect([...kinds].sort()).toEqual(KINDS.map(({ type }) => type as string).sort());
  });

  it.each(IMPORTERS.map((importer) => [importer.kind, importer] as const))(
    "%s is called for an entity that it lies in",
    (kind, { per }) => {
      expect([kind, ...ancestorsOf(kind)]).toContain(per);
    },
  );

  it("plans the metadata of an entity behind all that lies in it", () => {
    for (const owner of ["deposition", "dataset", "run"] as const)
      expect(IMPORTERS.filter(({ per }) => per === owner).at(-1)?.kind).toBe(owner);
  });

  it("finds what an importer needs in the same entity", () => {
    for (const { per, needs } of IMPORTERS)
      for (const need of needs) expect(IMPORTERS.find(({ kind }) => kind === need.kind)?.per).toBe(per);
  });
});
