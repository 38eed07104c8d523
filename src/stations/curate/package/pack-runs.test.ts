import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { encodeMod } from "../../../formats/mod/write.js";
import { memoryStore } from "../../../stores/memory/store.js";
import type { BatchFile, Manifest } from "../collect/manifest.js";
import { packRuns } from "./pack-runs.js";

const bytesOf = (document: object) => new TextEncoder().encode(JSON.stringify(document));

/** The notes of a package of models of one run, each drawn on a tomogram of its own size, alignment and folder. */
async function notesOf(models: readonly { size: readonly [number, number, number]; alignment: string }[]) {
  const [batch, tree] = [memoryStore(), memoryStore()];
  const files: BatchFile[] = [];
  for (const [at, { size, alignment }] of models.entries()) {
    const [x, y, z] = size;
    const dest = `10001/a_1_${at}.mod`;
    const model = encodeMod({ max: size, pixelSizeAngstrom: 10, objects: [{ contours: [{ xyz: [1, 2, 3] }] }] });
    await batch.write(dest, model);
    await tree.write(
      `10001/a/Reconstructions/VoxelSpacing10.000/Tomograms/${100 + at}/tomogram_metadata.json`,
      bytesOf({
        size: { x, y, z },
        voxel_spacing: 10,
        alignment_metadata_path: `10001/a/Alignments/${alignment}/alignment_metadata.json`,
      }),
    );
    const sha256 = createHash("sha256").update(model).digest("hex");
    files.push({ src: `/drive/${at}.mod`, dest, sha256, portal_dataset_id: "10001", portal_run: "a" } as BatchFile);
  }
  const notes: string[] = [];
  const manifest = { files } as unknown as Manifest;
  const [run] = await packRuns({ batch, tree, manifest, options: {}, errors: [], notes, signal: undefined });
  return { notes, alignment: run?.packed.alignment };
}

it("(34.silence) tells which alignment is taken where models of one run were drawn on two", async () => {
  const [first, second] = [
    { size: [40, 30, 20], alignment: "100" },
    { size: [80, 60, 20], alignment: "101" },
  ] as const;
  expect(await notesOf([first, second])).toEqual({
    notes: ["10001/a_1_1.mod: drawn on alignment 101, and other models of the run on 100: the former is taken"],
    alignment: "101",
  });
  expect(await notesOf([first, { ...second, alignment: "100" }])).toEqual({ notes: [], alignment: "100" });
});
