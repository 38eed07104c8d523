import { describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import { mrcHeaderBytes } from "../../src/formats/mrc/write.js";
import { printZattrs } from "../../src/formats/zarr/metadata.js";
import { omeZarrAttributes, pyramidShapes } from "../../src/formats/zarr/ome.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import { source, standardized, Tree } from "./validate-kit.js";

/**
 * A wrong pixel size that no single file gives away: tomograms of 928 × 960 × 300 voxels at 8.00 Å, which have 8.832 Å. Trees of headers and
 * documents alone, as large as they are published.
 */
const SIZE: Triple = [300, 960, 928];
const IMAGES: Triple = [41, 3840, 3712];
const WRONG = 8;
const RIGHT = 8.832;
/** A quarter of the right one. */
const PIXEL = 2.208;

function header(kind: "tomogram" | "tiltseries", shape: Triple, voxelSizeAngstrom: number): Uint8Array {
  return mrcHeaderBytes({
    kind,
    shape,
    dtype: "float32",
    voxelSizeAngstrom,
    statistics: { min: 0, max: 0, mean: 0, rms: 0 },
    dateMs: 0,
  });
}

interface Volume {
  run?: string;
  id?: number;
  /** Å of folder, metadata, header and Zarr. */
  angstrom: number;
  header?: number;
  size?: Triple;
  software?: string;
}

/** A tree of one dataset. `pixel`: each run has a tilt series; `extent`: an alignment for a volume of this spacing. */
async function treeOf(volumes: readonly Volume[], { pixel, extent }: { pixel?: number; extent?: number } = {}): Promise<Tree> {
  const tree = new Tree(memoryStore({ url: "memory:tree" }));
  const zarr = async (folder: string, kind: "tomogram" | "tiltseries", shape: Triple, angstrom: number) => {
    await tree.write(`${folder}/.zattrs`, printZattrs(omeZarrAttributes({ kind, voxelSizeAngstrom: angstrom })));
    for (const [level, levelShape] of pyramidShapes(shape, kind).entries()) {
      await tree.write(`${folder}/${level}/.zarray`, JSON.stringify({ shape: levelShape, dtype: "<f4" }));
    }
  };
  for (const { run = "run_1", id = 100, angstrom, header: told = angstrom, size = SIZE, software } of volumes) {
    const folder = `10999/${run}/Reconstructions/VoxelSpacing${angstrom.toFixed(3)}/Tomograms/${id}`;
    const alignment = `10999/${run}/Alignments/100/alignment_metadata.json`;
    await tree.write(`${folder}/${run}.mrc`, header("tomogram", size, told));
    await zarr(`${folder}/${run}.zarr`, "tomogram", size, angstrom);
    await tree.write(
      `${folder}/tomogram_metadata.json`,
      JSON.stringify({ voxel_spacing: angstrom, alignment_metadata_path: alignment, reconstruction_software: software }),
    );
    if (extent !== undefined) {
      const [z, y, x] = SIZE.map((length) => length * extent);
      await tree.write(alignment, JSON.stringify({ volume_dimension: { z, y, x } }));
    }
    if (pixel === undefined) continue;
    const series = `10999/${run}/TiltSeries/100`;
    await tree.write(`${series}/${run}.mrc`, header("tiltseries", IMAGES, pixel));
    await zarr(`${series}/${run}.zarr`, "tiltseries", IMAGES, pixel);
    await tree.write(`${series}/tiltseries_metadata.json`, JSON.stringify({ pixel_spacing: pixel }));
  }
  return tree;
}

async function told(tree: Tree, options: Parameters<typeof standardized>[1] = {}) {
  const { findings } = await standardized(tree, options);
  return findings.filter(({ check }) => check === "scale.truth");
}

describe("a published dataset with a wrong pixel size", () => {
  it("is caught by its tilt series, though all of its own files agree", async () => {
    const [finding, ...others] = await told(await treeOf([{ angstrom: WRONG }], { pixel: PIXEL }));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ entity: "tomogram 100 of run_1 (8.000 Å)", found: "a spacing of 8 Å", wanted: "8.832 Å" });
    expect(finding!.explanation).toBe(
      "Tomogram 100 of run_1 (8.000 Å) (928 × 960 × 300 voxels): the MRC header, the Zarr scales, the metadata (voxel_spacing) and the " +
        "folder name (VoxelSpacing8.000) say 8 Å. But the images of its tilt series (3712×3840 pixels of 2.208 Å) are 4 times as large as its " +
        "sections (928×960 voxels), which gives 8.832 Å. The 8 Å are the odd ones out, by 10.4 %: a wrong pixel size was probably carried " +
        "through all of its files.",
    );
    expect(await told(await treeOf([{ angstrom: RIGHT }], { pixel: PIXEL }))).toEqual([]);
  });

  it("is not taken for one where the program reconstructs any box at any spacing, whose field proves nothing", async () => {
    for (const software of ["WarpTools", "Warp 1.0.9"])
      expect(await told(await treeOf([{ angstrom: WRONG, software }], { pixel: PIXEL })), software).toEqual([]);
    const [finding] = await told(await treeOf([{ angstrom: WRONG, software: "IMOD" }], { pixel: PIXEL }));
    expect(finding).toMatchObject({ found: "a spacing of 8 Å" });
    // what its own files say against each other is told all the same
    expect(await told(await treeOf([{ angstrom: RIGHT, header: WRONG, software: "Warp" }], { pixel: PIXEL }))).toHaveLength(1);
  });

  it("is caught where the images lie across the sections", async () => {
    const across: Triple = [300, 928, 960];
    expect(await told(await treeOf([{ angstrom: WRONG, size: across }], { pixel: PIXEL }))).toHaveLength(1);
    expect(await told(await treeOf([{ angstrom: RIGHT, size: across }], { pixel: PIXEL }))).toEqual([]);
  });

  it("is caught by the other runs of the dataset, as the odd one of three", async () => {
    const volumes = ["run_1", "run_2", "run_3"].map((run, i) => ({ run, angstrom: i === 1 ? WRONG : RIGHT }));
    const findings = await told(await treeOf(volumes));
    expect(findings.map(({ run, wanted }) => [run, wanted])).toEqual([["run_2", "8.832 Å"]]);
    expect(findings[0]!.explanation).toMatch(
      /tomogram 100 of run_1 \(8\.832 Å\), tomogram 100 of run_3 \(8\.832 Å\) of the dataset have/i,
    );
    expect(findings[0]!.explanation).toContain("odd ones out");
  });

  it("is caught by another tomogram of its run; which of the two is wrong nothing tells", async () => {
    const findings = await told(await treeOf([{ angstrom: WRONG }, { angstrom: RIGHT, id: 101 }]));
    expect(findings.map(({ entity }) => entity)).toEqual(["tomogram 100 of run_1 (8.000 Å)", "tomogram 101 of run_1 (8.832 Å)"]);
    for (const { explanation } of findings) expect(explanation).toContain("the data do not show which is wrong");
  });

  it("is caught by another tomogram of its run; a tilt series tells which", async () => {
    const findings = await told(await treeOf([{ angstrom: WRONG }, { angstrom: RIGHT, id: 101 }], { pixel: PIXEL }));
    expect(findings.map(({ entity }) => entity)).toEqual(["tomogram 100 of run_1 (8.000 Å)"]);
  });

  it("is caught by a tomogram of half the size", async () => {
    const half: Volume = { angstrom: 2 * RIGHT, id: 101, size: [150, 480, 464] };
    const findings = await told(await treeOf([{ angstrom: WRONG }, half]));
    expect(findings.map(({ wanted }) => wanted).sort()).toEqual(["16 Å", "8.832 Å"]);
    expect(await told(await treeOf([{ angstrom: RIGHT }, half]))).toEqual([]);
  });

  it("is caught by the extent that its alignment is for", async () => {
    const [finding] = await told(await treeOf([{ angstrom: WRONG }], { extent: RIGHT }));
    expect(finding).toMatchObject({ wanted: "8.832 Å" });
    expect(finding!.explanation).toContain(
      "its alignment is for 8196.096 × 8478.72 × 2649.6 Å, over 928 × 960 × 300 voxels 8.832 Å",
    );
  });

  it("is caught by the configuration", async () => {
    const config = `version: "1.3.0"
standardization_config: {deposition_id: 1, source_prefix: lab}
depositions: [{sources: [{literal: {value: [1]}}]}]
datasets: [{sources: [{literal: {value: ['10999']}}]}]
runs: [{sources: [{source_glob: {list_glob: '*'}}]}]
voxel_spacings: [{sources: [{literal: {value: [8.832]}}]}]
`;
    const { readStructure } = await import("../../src/stations/ingest/config/schema.js");
    const [finding] = await told(await treeOf([{ angstrom: WRONG }]), {
      config: readStructure(new TextEncoder().encode(config), "c.yaml"),
    });
    expect(finding).toMatchObject({ found: "the configuration (voxel_spacings) says 8.832 Å", key: "c.yaml", line: 6 });
    expect(finding!.explanation).toContain("The data do not show which is right");
  });
});

describe("a header that contradicts its tree", () => {
  it("is the odd one out where the others agree", async () => {
    const [finding] = await told(await treeOf([{ angstrom: WRONG, header: RIGHT }]));
    expect(finding).toMatchObject({ found: "the MRC header says 8.832 Å", byte: 40 });
    expect(finding!.explanation).toContain("The MRC header is the odd one out.");
  });

  it("is right all the same where the tilt series bears it out", async () => {
    const [finding] = await told(await treeOf([{ angstrom: WRONG, header: RIGHT }], { pixel: PIXEL }));
    expect(finding).toMatchObject({ wanted: "8.832 Å, as the MRC header says" });
    expect(finding!.explanation).toContain("8.832 Å is 4 × 2.208 Å, the pixel of the tilt series.");
    expect(finding!.explanation).toContain(
      "The Zarr scales, the metadata (voxel_spacing) and the folder name (VoxelSpacing8.000) are the odd ones out.",
    );
  });

  it("is found before anything is imported", async () => {
    const tree = new Tree(memoryStore({ url: "memory:input" }));
    await tree.write("lab/run_1.rec", header("tomogram", SIZE, RIGHT));
    const config = `version: "1.3.0"
standardization_config: {deposition_id: 1, source_prefix: lab}
depositions: [{sources: [{literal: {value: [1]}}]}]
datasets: [{sources: [{literal: {value: ['10999']}}]}]
runs: [{sources: [{source_glob: {list_glob: '*.rec', name_regex: '(.*)\\.rec'}}]}]
voxel_spacings: [{sources: [{literal: {value: [8.0]}}]}]
tomograms: [{metadata: {voxel_spacing: 8.0}, sources: [{source_glob: {list_glob: '{run_name}.rec'}}]}]
`;
    const { findings } = await source(config, tree);
    // the configuration names no authors and no dates, which is told as well
    const ofScale = findings.filter(({ check }) => check !== "source.configuration");
    expect(ofScale).toMatchObject([{ check: "scale.truth", run: "run_1", found: "the MRC header says 8.832 Å" }]);
  });
});

describe("what is no contradiction", () => {
  it("(34.20) a spacing that is a whole number is a warning, and no error", async () => {
    const { findings } = await standardized(await treeOf([{ angstrom: 10 }]));
    const whole = findings.filter(({ check, run }) => check === "voxel-spacing.whole" && run === "run_1");
    expect(whole).toMatchObject([{ severity: "warn", found: "10.000 Å, which looks rounded" }]);
    expect(findings.filter(({ check }) => /^voxel-spacing|^scale/.test(check))).toHaveLength(1);
  });

  it.each([
    [
      "two binnings of one field",
      [{ angstrom: RIGHT }, { angstrom: 2 * RIGHT, id: 101, size: [150, 480, 464] }],
      { pixel: PIXEL },
    ],
    [
      "a part of the field at the same spacing",
      [{ angstrom: RIGHT }, { angstrom: RIGHT, id: 101, size: [150, 480, 464] }],
      { pixel: PIXEL },
    ],
    ["one size at two binnings", [{ angstrom: RIGHT }, { angstrom: 3 * PIXEL, id: 101 }], { pixel: PIXEL }],
    ["a fraction of the full size that covers the field", [{ angstrom: 3.5 * PIXEL, size: [300, 1097, 1061] }], { pixel: PIXEL }],
    ["rounding", [{ angstrom: 8.83 }], { pixel: PIXEL, extent: RIGHT }],
    ["other runs with another binning", [{ angstrom: RIGHT }, { run: "run_2", angstrom: 13.48 }], {}],
  ] as [string, Volume[], { pixel?: number; extent?: number }][])("%s", async (_, volumes, options) => {
    expect(await told(await treeOf(volumes, options))).toEqual([]);
  });
});
