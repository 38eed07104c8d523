import { expect, it } from "vitest";
import { type JsonObject, parseJson } from "../../../../core/json.js";
import { openorganelleReader } from "./openorganelle.js";

const VOLUME = "s3://janelia-cosem-datasets/jrc_x/jrc_x.n5/em/fibsem";
/** @param transform as a portal sends it: `4.0` of its text is no plain number of the document */
function facts(transform: string) {
  const raw = parseJson(`{"sources": {"manifest": {"sources": {"em": {"url": "${VOLUME}", "transform": ${transform}}}}}}`);
  return openorganelleReader.read(raw as JsonObject, VOLUME).voxelSize;
}
const nm = (value: number) => ({ value, unit: "nm" });

it.each<[string, string, Partial<Record<"x" | "y" | "z", object>>]>([
  [
    "axes with names",
    '{"axes": ["x", "y", "z"], "scale": [4, 5.5, 6], "units": ["nm", "nm", "nm"]}',
    { x: nm(4), y: nm(5.5), z: nm(6) },
  ],
  ["one unit for all", '{"axes": ["z", "y", "x"], "scale": [4, 5, 6], "units": ["nm"]}', { x: nm(6), y: nm(5), z: nm(4) }],
  [
    "axes without names, cubes",
    '{"scale": [4.4, 4.4, 4.4], "units": ["nm", "nm", "nm"]}',
    { x: nm(4.4), y: nm(4.4), z: nm(4.4) },
  ],
  ["axes without names, no cubes: which is z is not guessed", '{"scale": [4.4, 4.4, 6.2], "units": ["nm"]}', {}],
  [
    "units of which one is missing: it is not guessed",
    '{"axes": ["z", "y", "x"], "scale": [4, 4, 4], "units": ["nm", "um"]}',
    { z: nm(4), y: { value: 4, unit: "um" } },
  ],
])("the size of voxels of a volume on OpenOrganelle: %s (34.silence)", (_, transform, wanted) => {
  const found = facts(transform) ?? {};
  expect(Object.fromEntries(Object.entries(found).filter(([, size]) => size !== undefined))).toEqual(wanted);
});
