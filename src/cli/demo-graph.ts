import { join } from "node:path";
import { demoPlaces } from "./demo-stations.js";

/** The cell's tomogram, and the mask of its membrane. */
export function inCell(portal: string): { tomogram: string; mask: string } {
  const cell = join(portal, "10407/cell_01/Reconstructions/VoxelSpacing10.800");
  return {
    tomogram: join(cell, "Tomograms/100/cell_01.zarr"),
    mask: join(cell, "Annotations/101/membrane-1.0_segmentationmask.zarr"),
  };
}

/** A graph on the cell's tomogram, for `blocks run`. @returns its YAML */
export function cellGraph(dest: string, portal: string): string {
  const { tomogram } = inCell(portal);
  const text = (path: string) => JSON.stringify(path); // a name of any characters, as YAML takes it
  return `version: 1
inputs:
  em: { from: ${text(tomogram)}, level: 1 }
grid: { of: em, block: [32, 64, 64] }
nodes:
  - { id: smooth, op: gaussian, in: em, sigma: { nm: 3 } }
  - { id: dense, op: threshold, in: smooth, above: auto }
  - { id: cells, op: components, in: dense, connectivity: 26, minVoxels: 50 }
  - { id: facts, op: statistics, in: smooth }
outputs:
  cells: { to: ${text(join(dest, "blocks/cells.zarr"))}, chunk: [32, 64, 64] }
  facts: { to: ${text(join(dest, "blocks/facts.json"))}, format: json }
`;
}

/** Whether a text is the graph of a demo, whatever folder that was in, as the demo wrote it. */
export function isCellGraph(text: string): boolean {
  const [, to] = /^ {2}facts: \{ to: ("(?:[^"\\]|\\.)*"), format: json \}$/m.exec(text) ?? [];
  if (to === undefined) return false;
  const dest = join(JSON.parse(to) as string, "../..");
  return text === cellGraph(dest, demoPlaces(dest).portal);
}
