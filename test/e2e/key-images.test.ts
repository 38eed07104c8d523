import { afterAll, describe, expect, it } from "vitest";
import { PICTURE_NAMES, type PictureName } from "../../src/arrays/picture/frame.js";
import { greyOf } from "../../src/arrays/picture/grey.js";
import type { Picture } from "../../src/arrays/picture/marks.js";
import { decodePng, encodePng } from "../../src/arrays/picture/png.js";
import { fitPicture, renderPicture } from "../../src/arrays/picture/render.js";
import { EmporiumError } from "../../src/core/errors.js";
import { mrcHeaderBytes } from "../../src/formats/mrc/write.js";
import { colourBytes, colourLayers } from "../../src/model/colours.js";
import { readPicture } from "../../src/stations/ingest/validate/facts/picture.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import type { Store } from "../../src/stores/store.js";
import { faultPlan, withFaults } from "../faults/store-faults.js";
import { smallConfig, storeOf } from "./ingest-plan-kit.js";
import { type RunScene, removeTempFolders, run, tempFolder, treeOf } from "./ingest-run-kit.js";

afterAll(removeTempFolders);

const [NX, NY, NZ] = [64, 56, 48];
const SPACING = "10700/a/Reconstructions/VoxelSpacing10.500";
const imageKey = (name: string, id = 100) => `${SPACING}/Images/${id}/key-photo-${name}.png`;

/** Blobs in a slope: float32, so that the order of a sum would show. */
function voxel(x: number, y: number, z: number): number {
  const blob = Math.hypot(x - 20, y - 30, z - 24) < 9 ? -3 : 0;
  return Math.fround(x * 0.013 + y * 0.029 + ((x * 7 + y * 13 + z * 5) % 17) * 0.1 + blob);
}

function float32Mrc([nx, ny, nz]: [number, number, number], at: (x: number, y: number, z: number) => number): Uint8Array {
  const shape: [number, number, number] = [nz, ny, nx];
  const statistics = { min: 0, max: 0, mean: 0, rms: 0 };
  const head = mrcHeaderBytes({ kind: "tomogram", shape, dtype: "float32", voxelSizeAngstrom: 10.5, statistics, dateMs: 0 });
  const voxels = Float32Array.from({ length: nx * ny * nz }, (_, i) =>
    at(i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny))),
  );
  return Uint8Array.from([...head, ...new Uint8Array(voxels.buffer)]);
}

const tomogram = float32Mrc([NX, NY, NZ], voxel);
const FILES = { "lab/rec/a.rec": tomogram };

/** The grey section that the pictures show: planes 4 to 43 of 48. */
function grey(): Uint8Array {
  const sum = new Float32Array(NY * NX);
  for (let z = 4; z < 44; z++) for (let i = 0; i < sum.length; i++) sum[i]! += voxel(i % NX, Math.floor(i / NX), z);
  return greyOf(sum);
}

function rendered(name: PictureName): Picture {
  return renderPicture({ height: NY, width: NX, grey: grey(), masks: [], discs: [] }, name);
}

async function pictureOf(target: Store, key: string): Promise<Picture> {
  const bytes = await target.read(key);
  if (!bytes) throw new Error(`${key} is not there`);
  return decodePng(bytes, key);
}

function pixel({ width, rgb }: Picture, x: number, y: number): number[] {
  return [...rgb.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
}

async function ingest(scene: Partial<RunScene> & { files?: Record<string, string | Uint8Array>; target: Store }) {
  const { files = FILES, config = smallConfig(), ...rest } = scene;
  return run({ config, source: await storeOf(files), ...rest });
}

async function metadataOf(target: Store, key: string): Promise<Record<string, unknown>> {
  return JSON.parse(new TextDecoder().decode(await target.read(key))) as Record<string, unknown>;
}

describe("pictures of a tomogram", () => {
  it("are drawn of the slab in the middle, in the sizes of the portal, and named by the metadata", async () => {
    const target = memoryStore({ url: "memory:out" });
    const report = await ingest({ target });
    expect([report.errors, report.warnings]).toEqual([[], []]);
    const sizes: Record<string, number[]> = {};
    for (const name of PICTURE_NAMES) {
      const bytes = (await target.read(imageKey(name)))!;
      expect(Buffer.compare(bytes, encodePng(rendered(name))), name).toBe(0);
      const { format, width, height } = await readPicture(bytes, name);
      expect(format).toBe("PNG");
      sizes[name] = [width, height];
    }
    expect(sizes).toEqual({ original: [64, 56], snapshot: [512, 384], thumbnail: [134, 100], expanded: [1024, 768] });
    const { key_photo } = await metadataOf(target, `${SPACING}/Tomograms/100/tomogram_metadata.json`);
    expect(key_photo).toEqual({ snapshot: imageKey("snapshot"), thumbnail: imageKey("thumbnail") });
  });

  it("are drawn without reading the volume again", async () => {
    const target = memoryStore({ url: "memory:out" });
    const read: string[] = [];
    const watched: Store = {
      ...target,
      read: (key, ...more) => {
        read.push(key);
        return target.read(key, ...more);
      },
    };
    const flags = { items: ["tomograms", "key_images"], metadata: ["tomogram"] };
    expect((await ingest({ target: watched, flags })).errors).toEqual([]);
    expect(await target.stat(imageKey("expanded"))).toBeDefined();
    expect(read.filter((key) => key.includes("/Tomograms/100/a."))).toEqual([]);
  });

  it("stand in for those that a dataset does not have", async () => {
    const target = memoryStore({ url: "memory:out" });
    await ingest({ target });
    for (const name of ["snapshot", "thumbnail"]) {
      expect(await target.read(`10700/Images/${name}.png`)).toEqual(await target.read(imageKey(name)));
    }
    expect((await metadataOf(target, "10700/dataset_metadata.json")).key_photos).toEqual({
      snapshot: "10700/Images/snapshot.png",
      thumbnail: "10700/Images/thumbnail.png",
    });
    // a deposition has those that are configured
    expect((await metadataOf(target, "depositions_metadata/10390/deposition_metadata.json")).key_photos).toEqual({
      snapshot: null,
      thumbnail: null,
    });
  });

  it("stand in for one that is configured for a deposition and cannot be had, with a warning", async () => {
    const target = memoryStore({ url: "memory:out" });
    const more = "deposition_keyphotos: [{sources: [{literal: {value: {snapshot: lab/gone.png}}}]}]\n";
    const report = await ingest({ target, config: smallConfig({ more }) });
    expect(report.errors).toEqual([]);
    expect(report.warnings).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/gone\.png does not exist; the snapshot is 10700\/a\//) }),
    ]);
    expect(await target.read("depositions_metadata/10390/Images/snapshot.png")).toEqual(await target.read(imageKey("snapshot")));
  });

  it("change nothing in a second run, with its journal and without it", async () => {
    const target = memoryStore({ url: "memory:out" });
    const workspace = tempFolder();
    await ingest({ target, workspace });
    const tree = await treeOf(target);
    expect(await ingest({ target, workspace })).toMatchObject({ done: 0, failed: 0 });
    const dry = await ingest({ target, workspace, dryRun: true });
    expect(dry.plan!.totals).toMatchObject({ new: 0, changed: 0 });
    await ingest({ target });
    const after = await treeOf(target);
    for (const key of Object.keys(tree).filter((name) => name.endsWith(".png"))) expect(after[key] === tree[key], key).toBe(true);
  });

  it.each([
    ["the MRC", {}],
    ["the OME-Zarr", { writeMrc: false }],
    ["the shards of OME-Zarr 0.5", { writeMrc: false, omeZarr: "0.5" }],
    ["the MRC alone", { writeZarr: false }],
  ] as [string, Pick<RunScene, "writeMrc" | "writeZarr" | "omeZarr">][])(
    "are the same where they are made later, of %s on the target",
    async (_what, written) => {
      const target = memoryStore({ url: "memory:out" });
      await ingest({ target, ...written });
      const before = await treeOf(target, `${SPACING}/Images/`);
      expect(before[imageKey("snapshot")]).toBe(Buffer.from(encodePng(rendered("snapshot"))).toString("latin1"));
      for (const name of PICTURE_NAMES) await target.remove(imageKey(name));
      const flags = { items: ["key_images"] };
      const report = await ingest({ target, flags, ...written });
      expect([report.errors, report.done]).toEqual([[], 1]);
      expect((await treeOf(target, `${SPACING}/Images/`)) as object).toEqual(before);
      // one that is not there yet has no pictures, which is told
      const none = await ingest({ target: memoryStore({ url: "memory:none" }), flags });
      expect([none.errors.map(({ code, message }) => [code, message]), none.done]).toEqual([
        [
          [
            "CONFIG_EMPTY",
            expect.stringMatching(
              /^pictures of tomogram a\.rec of a .*: the tomogram's metadata are not on the target, so --import-key-images has no effect$/,
            ),
          ],
        ],
        0,
      ]);
    },
  );

  it("of a thin and tall one show all of it, lying on its side", async () => {
    const target = memoryStore({ url: "memory:out" });
    const files = { "lab/rec/a.rec": float32Mrc([30, 50, 5], (x, y, z) => x + y + z) };
    expect((await ingest({ target, files })).errors).toEqual([]);
    const original = await pictureOf(target, imageKey("original"));
    expect([original.width, original.height, pixel(original, 0, 0)[0], pixel(original, 29, 49)[0]]).toEqual([30, 50, 0, 255]);
    // turned counter-clockwise, the bright corner comes up
    const snapshot = await pictureOf(target, imageKey("snapshot"));
    expect([snapshot.width, snapshot.height]).toEqual([512, 384]);
    expect(pixel(snapshot, 505, 5)[0]).toBeGreaterThan(pixel(snapshot, 5, 378)[0]! + 100);
  });

  it("that cannot be written fail alone: the tomogram stays", async () => {
    const target = memoryStore({ url: "memory:out" });
    const refusing: Store = {
      ...target,
      write: (key, body, options) => {
        if (!key.includes("/Images/100/")) return target.write(key, body, options);
        return Promise.reject(new EmporiumError("STORE_DENIED", `${key} may not be written`));
      },
    };
    const report = await ingest({ target: refusing });
    expect(report.exitStatus).toBe(3);
    expect(report.errors.filter(({ code }) => code !== "TASK_BLOCKED").map(({ code, entity }) => [code, entity])).toEqual([
      ["STORE_DENIED", "pictures of tomogram 100 of a (10.500 Å)"],
    ]);
    expect(await target.stat(`${SPACING}/Tomograms/100/tomogram_metadata.json`)).toBeDefined();
    const again = await ingest({ target });
    expect(again.errors).toEqual([]);
    expect(await target.stat("10700/Images/thumbnail.png")).toBeDefined();
  });
});

describe("a dataset of another deposition", () => {
  it("keeps the photos that it has, whoever adds tomograms to it", async () => {
    const target = memoryStore({ url: "memory:out" });
    await ingest({ target });
    const before = await treeOf(target, "10700/Images/");
    const config = smallConfig()
      .replaceAll("10390", "10999")
      .replace("{dataset_title: D}, ", "")
      .replace("metadata: sources", "sources");
    const other = { "lab/rec/a.rec": float32Mrc([64, 56, 48], (x, y, z) => x * y + z) };
    const report = await ingest({ target, files: other, config, name: "other" });
    expect([report.errors, report.warnings]).toEqual([[], []]);
    expect(await target.stat(imageKey("thumbnail", 101))).toBeDefined();
    expect(await treeOf(target, "10700/Images/")).toEqual(before);
    // its own deposition brings them up to date
    expect((await ingest({ target, files: other })).errors).toEqual([]);
    expect(await target.read("10700/Images/thumbnail.png")).toEqual(await target.read(imageKey("thumbnail")));
    expect(await treeOf(target, "10700/Images/")).not.toEqual(before);
  });
});

describe("photos of a dataset that come from its tomograms", () => {
  const rec = (value: number) => float32Mrc([64, 56, 48], (x, y, z) => (x * value + y * (value + 2) + z) % 97);
  const own = { "lab/rec/a.rec": rec(3), "lab/rec/b.rec": rec(5), "lab/rec/c.rec": rec(7) };
  /** Of a deposition that adds a run, first of all by its name, to a dataset that it does not describe. */
  const other = smallConfig().replaceAll("10390", "10999").replace("metadata: {dataset_title: D}, ", "");
  const imports = {
    a: { files: own, flags: { everything: true, filter: { run: ["a"] } } },
    b: { files: own, flags: { everything: true, filter: { run: ["b"] } } },
    other: { files: { "lab/rec/0.rec": rec(11) }, config: other, name: "other" },
  };
  const photos = ["10700/Images/snapshot.png", "10700/Images/thumbnail.png"] as const;

  it.each([
    [["a", "b", "other"]],
    [["a", "other", "b"]],
    [["b", "a", "other"]],
    [["b", "other", "a"]],
    [["other", "a", "b"]],
    [["other", "b", "a"]],
    [["b", "a", "b"]],
  ] as (keyof typeof imports)[][][])("are the same when %j are imported one after the other", async (order) => {
    const target = memoryStore({ url: "memory:out" });
    for (const name of order) expect((await ingest({ target, ...imports[name] })).errors, name).toEqual([]);
    expect(await target.read(photos[0])).toEqual(await target.read(imageKey("snapshot")));
    expect(await target.read(photos[1])).toEqual(await target.read(imageKey("thumbnail")));
    expect(await metadataOf(target, "10700/dataset_metadata.json")).toMatchObject({
      deposition_id: 10390,
      key_photos: { snapshot: photos[0], thumbnail: photos[1] },
    });
  });

  it("are those of the first run by name, of the finest spacing, of the lowest number", async () => {
    const target = memoryStore({ url: "memory:out" });
    const both = smallConfig({ voxel_spacings: "[{sources: [{literal: {value: [10.5, 9.25]}}]}]" });
    const config = both.replace("'rec/{run_name}.rec'", "'{voxel_spacing_name}/{run_name}.rec'");
    const files: Record<string, Uint8Array> = { ...own };
    for (const [key, bytes] of Object.entries(own))
      for (const spacing of ["10.500", "9.250"]) files[key.replace("/rec/", `/${spacing}/`)] = bytes;
    expect((await ingest({ target, files, config, flags: imports.b.flags })).errors).toEqual([]);
    const picture = (run: string) => `10700/${run}/Reconstructions/VoxelSpacing9.250/Images/101/key-photo-snapshot.png`;
    expect(await target.read(photos[0])).toEqual(await target.read(picture("b")));
    expect((await ingest({ target, files, config })).errors).toEqual([]);
    expect(await target.read(photos[0])).toEqual(await target.read(picture("a")));
    expect(await target.read(photos[0])).not.toEqual(await target.read(picture("b")));
    // where there is none for that tomogram, the next one's
    for (const key of Object.keys(await treeOf(target, "10700/a/"))) if (key.includes("9.250/Images/")) await target.remove(key);
    expect((await ingest({ target, files, config, flags: { items: ["dataset_keyphotos"] } })).errors).toEqual([]);
    expect(await target.read(photos[0])).toEqual(await target.read(imageKey("snapshot")));
  });
});

describe("pictures that somebody has drawn", () => {
  const drawn = {
    width: 400,
    height: 300,
    rgb: Uint8Array.from({ length: 3 * 400 * 300 }, (_, i) => [200, Math.floor(i / 3) % 251, 30][i % 3]!),
  };
  const files = { ...FILES, "lab/pictures/a.png": encodePng(drawn) };
  const glob = (more = "") => `key_images: [{sources: [{source_glob: {list_glob: 'pictures/{run_name}*'${more}}}]}]\n`;

  it("become all four, in their colours; the original keeps its width", async () => {
    const target = memoryStore({ url: "memory:out" });
    const report = await ingest({ target, files, config: smallConfig({ more: glob() }) });
    expect([report.errors, report.warnings]).toEqual([[], []]);
    for (const name of PICTURE_NAMES) {
      expect(Buffer.compare((await target.read(imageKey(name)))!, encodePng(fitPicture(drawn, name))), name).toBe(0);
    }
    const { key_photo } = await metadataOf(target, `${SPACING}/Tomograms/100/tomogram_metadata.json`);
    expect(Object.keys(key_photo as object)).toEqual(["snapshot", "thumbnail"]);
  });

  it("become the one that they are named after", async () => {
    const target = memoryStore({ url: "memory:out" });
    const more = glob(", name_regex: 'a_(.*)\\.png'");
    const named = { ...FILES, "lab/pictures/a_snapshot.png": encodePng(drawn) };
    expect((await ingest({ target, files: named, config: smallConfig({ more }) })).errors).toEqual([]);
    expect(await target.read(imageKey("snapshot"))).toEqual(encodePng(fitPicture(drawn, "snapshot")));
    const { key_photo } = await metadataOf(target, `${SPACING}/Tomograms/100/tomogram_metadata.json`);
    expect(key_photo).toEqual({ snapshot: imageKey("snapshot") });
    expect(await target.stat(imageKey("thumbnail"))).toBeUndefined();
  });

  it.each([
    ["no PNG", "lab/pictures/a.jpg", Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0, 2, 0xff, 0xd9])],
    ["no picture", "lab/pictures/a.png", new TextEncoder().encode("<html>")],
    ["cut short", "lab/pictures/a.png", encodePng(drawn).subarray(0, 3000)],
  ])("and are %s give way to the tomogram, with a warning", async (_what, key, bytes) => {
    const target = memoryStore({ url: "memory:out" });
    const report = await ingest({ target, files: { ...FILES, [key]: bytes }, config: smallConfig({ more: glob() }) });
    expect(report.errors).toEqual([]);
    expect(report.warnings).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/pictures\/a\.(png|jpg).*rendered from the tomogram/) }),
    ]);
    expect(await target.read(imageKey("expanded"))).toEqual(encodePng(rendered("expanded")));
  });

  it("that are not there are rendered; a list of names gives these", async () => {
    const target = memoryStore({ url: "memory:out" });
    expect((await ingest({ target, config: smallConfig({ more: glob() }) })).errors).toEqual([]);
    expect(await target.read(imageKey("snapshot"))).toEqual(encodePng(rendered("snapshot")));
    const some = memoryStore({ url: "memory:some" });
    const more = "key_images: [{sources: [{literal: {value: [original]}}]}]\n";
    expect((await ingest({ target: some, config: smallConfig({ more }) })).errors).toEqual([]);
    expect(Object.keys(await treeOf(some, `${SPACING}/Images/`))).toEqual([imageKey("original")]);
    expect((await metadataOf(some, `${SPACING}/Tomograms/100/tomogram_metadata.json`)).key_photo).toEqual({});
  });

  it("by a name that is none block the tomogram, whose metadata name its pictures", async () => {
    const target = memoryStore({ url: "memory:out" });
    const more = "key_images: [{sources: [{literal: {value: [poster]}}]}]\n";
    const report = await ingest({ target, config: smallConfig({ more }) });
    expect(report.errors.map(({ code, message }) => [code, message])).toEqual([
      ["CONFIG_FIELD", expect.stringContaining('"poster"; expected one of original, snapshot, thumbnail, expanded')],
      ["TASK_BLOCKED", expect.stringMatching(/^tomogram a\.rec of a .*, because pictures of tomogram a\.rec of a .* failed$/)],
    ]);
    expect(await target.stat(`${SPACING}/Tomograms/100/tomogram_metadata.json`)).toBeUndefined();
  });
});

describe("what is marked in a tomogram", () => {
  const maskOf = (covers: (x: number, y: number, z: number) => boolean) =>
    float32Mrc([NX, NY, NZ], (x, y, z) => (covers(x, y, z) ? 1 : 0));
  const files = {
    ...FILES,
    // in the slab, at its last plane, and behind it
    "lab/p/a.csv": "10,40,20\n40,40,44\n25,10,46\n",
    "lab/p/hidden.csv": "50,50,24\n",
    "lab/m/a.mrc": maskOf((x, y, z) => x >= 30 && x < 50 && y < 20 && z === 30),
  };
  const block = (object: string, source: string) =>
    `- {metadata: {annotation_object: {name: ${object}, id: "GO:1"}, annotation_method: hand, ground_truth_status: true, version: "1.0"}, sources: [${source}]}`;
  const points = (file: string, more = "") => `{Point: {file_format: csv, glob_string: '${file}'${more}}}`;
  const shown = ", is_visualization_default: true";
  const marks = [
    block("membrane", `{SegmentationMask: {file_format: mrc, glob_string: 'm/a.mrc', mask_label: 1${shown}}}`),
    block("ribosome", points("p/a.csv", shown)),
    block("proteasome", points("p/hidden.csv")),
  ];
  const config = (blocks = marks) => smallConfig({ more: `annotations:\n${blocks.join("\n")}\n` });

  it("is drawn in its colour where it lies, if it is visible by default", async () => {
    const target = memoryStore({ url: "memory:out" });
    expect((await ingest({ target, files, config: config() })).errors).toEqual([]);
    const annotation = (name: string, shape: string) => ({
      metadata: {
        annotation_method: "hand",
        annotation_object: { name, id: "GO:1" },
        ground_truth_status: true,
        deposition_id: 10390,
      },
      shape,
    });
    const [mask, disc] = colourLayers([annotation("membrane", "SegmentationMask"), annotation("ribosome", "Point")]).map(
      ([colour]) => colourBytes(colour!),
    ) as [[number, number, number], [number, number, number]];
    const original = await pictureOf(target, imageKey("original"));
    const plain = rendered("original");
    const mixed = (x: number, y: number, colour: readonly number[], opacity: number) =>
      pixel(plain, x, y).map((level, i) => Math.round(level + (colour[i]! - level) * opacity));
    expect(pixel(original, 40, 10)).toEqual(mixed(40, 10, mask, 0.1));
    expect(pixel(original, 10, 40)).toEqual(mixed(10, 40, disc, 0.8));
    expect(pixel(original, 40, 40)).toEqual(mixed(40, 40, disc, 0.8));
    for (const [x, y] of [
      [25, 10],
      [50, 50],
      [55, 10],
    ] as const)
      expect(pixel(original, x, y), `${x},${y}`).toEqual(pixel(plain, x, y));
    // the picture that is shown first has it as well, 14 × 4 of 64 pixels made 512
    const snapshot = await pictureOf(target, imageKey("snapshot"));
    const [red, green, blue] = pixel(snapshot, Math.round((10.5 - 4) * (512 / 56)), Math.round((40.5 - 7) * (512 / 56)));
    expect(Math.max(red!, green!, blue!) - Math.min(red!, green!, blue!)).toBeGreaterThan(60);
  });

  it("is drawn of the mask's OME-Zarr as of its MRC", async () => {
    const [both, zarr] = [memoryStore({ url: "memory:both" }), memoryStore({ url: "memory:zarr" })];
    await ingest({ target: both, files, config: config() });
    expect((await ingest({ target: zarr, files, config: config(), writeMrc: false })).errors).toEqual([]);
    expect(await treeOf(zarr, `${SPACING}/Images/`)).toEqual(await treeOf(both, `${SPACING}/Images/`));
  });

  it("and cannot be made is left out; when it is mended, the pictures are drawn again", async () => {
    const target = memoryStore({ url: "memory:out" });
    const workspace = tempFolder();
    const broken = { ...files, "lab/p/a.csv": "10,40,20\n40,forty,44\n" };
    const report = await ingest({ target, workspace, files: broken, config: config() });
    expect(report.exitStatus).toBe(3);
    const failed = report.errors.filter(({ code }) => code !== "TASK_BLOCKED");
    expect(failed.map(({ code, entity }) => [code, String(entity).split(" ")[0]])).toEqual([["FORMAT_FIELD", "Point"]]);
    expect((report.warnings as { message: string }[]).map(({ message }) => message)).toEqual([
      expect.stringMatching(/ribosome-1\.0_point\.ndjson.*the pictures show nothing of it/),
    ]);
    const before = await pictureOf(target, imageKey("original"));
    expect(pixel(before, 10, 40)).toEqual(pixel(rendered("original"), 10, 40));
    expect(pixel(before, 40, 10)).not.toEqual(pixel(rendered("original"), 40, 10));
    // what depends on the pictures is there
    expect((await metadataOf(target, "10700/dataset_metadata.json")).key_photos).toMatchObject({
      thumbnail: "10700/Images/thumbnail.png",
    });
    const mended = await ingest({ target, workspace, files, config: config() });
    expect([mended.errors, mended.warnings]).toEqual([[], []]);
    const after = await pictureOf(target, imageKey("original"));
    expect(pixel(after, 10, 40)).not.toEqual(pixel(before, 10, 40));
    expect(await target.read("10700/Images/snapshot.png")).toEqual(await target.read(imageKey("snapshot")));
    expect(await ingest({ target, workspace, files, config: config() })).toMatchObject({ done: 0, failed: 0 });
  });

  it("by others later leaves the pictures as they are", async () => {
    const target = memoryStore({ url: "memory:out" });
    const workspace = tempFolder();
    await ingest({ target, workspace, files, config: config() });
    const before = await treeOf(target, `${SPACING}/Images/`);
    const others = config([block("filament", points("p/hidden.csv", shown))])
      .replaceAll("10390", "10999")
      .replace(/tomograms: .*\n/, "");
    expect((await ingest({ target, files, config: others, name: "others" })).errors).toEqual([]);
    await ingest({ target, workspace, files, config: config() });
    expect(await treeOf(target, `${SPACING}/Images/`)).toEqual(before);
  });
});

describe("a run that dies at any operation", () => {
  it("ends with the same pictures when it is run again", async () => {
    const config = smallConfig({ more: "key_images: [{sources: [{literal: {value: [original, thumbnail]}}]}]\n" });
    const flags = { items: ["tomograms", "key_images", "dataset_keyphotos"] };
    const images = (target: Store) => treeOf(target, "10700/");
    const whole = memoryStore({ url: "memory:out" });
    const fate = faultPlan();
    await ingest({ target: withFaults(whole, fate), config, flags });
    const wanted = await images(whole);
    const pictures = ["10700/Images/thumbnail.png", imageKey("original"), imageKey("thumbnail")];
    expect(Object.keys(wanted).filter((key) => key.endsWith(".png"))).toEqual(pictures);
    expect(fate.log.length).toBeGreaterThan(20);
    for (let dieAt = 1; dieAt <= fate.log.length; dieAt++) {
      const target = memoryStore({ url: "memory:out" });
      const workspace = tempFolder();
      await ingest({ target: withFaults(target, { dieAt, when: "during" }), config, flags, workspace }).catch(() => undefined);
      // the process is gone, and its lock with it
      await target.remove(".emporium/");
      const what = `died during ${fate.log[dieAt - 1]}`;
      expect((await ingest({ target, config, flags, workspace })).errors, what).toEqual([]);
      const tree = await images(target);
      for (const key of Object.keys(wanted)) {
        // the label of an MRC has the time of its run
        if (!key.endsWith(".mrc")) expect(tree[key] === wanted[key], `${key}, ${what}`).toBe(true);
      }
      expect(Object.keys(tree), what).toEqual(Object.keys(wanted));
    }
  }, 120_000);
});
