import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import h5wasm from "h5wasm/node";
import { afterAll, describe, expect, it } from "vitest";
import { mrcHeaderBytes } from "../../formats/mrc/write.js";
import type { AxisSelection } from "./axes.js";
import { peekHdf5 } from "./open-hdf5.js";
import { openBlockVolume } from "./volume.js";

const root = mkdtempSync(join(tmpdir(), "emporium-notes-"));
afterAll(() => rmSync(root, { recursive: true }));

let counter = 0;
function written(objects: Record<string, unknown>): string {
  const folder = join(root, String(++counter));
  for (const [key, body] of Object.entries(objects)) {
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), body instanceof Uint8Array ? body : JSON.stringify(body));
  }
  return folder;
}

async function notesOf(location: string, select?: AxisSelection): Promise<readonly string[] | undefined> {
  const volume = await openBlockVolume(location, { threads: 1, select });
  await volume.close();
  return volume.notes;
}

const zarray = (shape: number[]) => ({
  ...{
    zarr_format: 2,
    shape,
    chunks: shape.map(() => 4),
    dtype: "|u1",
    compressor: null,
    fill_value: 0,
    order: "C",
    filters: null,
  },
});
function image(axes: [name: string, type: string, unit?: string][], translation?: number[]) {
  const scale = { type: "scale", scale: axes.map(() => 1) };
  const moved = translation ? [{ type: "translation", translation }] : [];
  const datasets = [{ path: "0", coordinateTransformations: [scale, ...moved] }];
  return { version: "0.4", axes: axes.map(([name, type, unit]) => ({ name, type, unit })), datasets };
}
const SPACE: [string, string, string][] = [
  ["z", "space", "nanometer"],
  ["y", "space", "nanometer"],
  ["x", "space", "nanometer"],
];

describe("what a volume holds and is not read, or says and is not followed", () => {
  it("(34.silence) axes beside z, y, x: the position that is read, unless somebody chose it", async () => {
    const multiscales = [image([["t", "time"], ["c", "channel"], ...SPACE])];
    const folder = written({ ".zattrs": { multiscales }, "0/.zarray": zarray([1, 3, 4, 4, 4]) });
    expect(await notesOf(folder)).toEqual(["position 0 of axis c (3) is read: blocks have z, y and x"]);
    expect(await notesOf(folder, { c: 2 })).toEqual([]);
    expect(await notesOf(written({ ".zarray": zarray([5, 2, 4, 4, 4]) }))).toEqual([
      "position 0 of axes t (5), c (2) is read: blocks have z, y and x",
    ]);
    const info = {
      ...{ "@type": "neuroglancer_multiscale_volume", type: "image", data_type: "uint8", num_channels: 2 },
      scales: [{ key: "1", size: [4, 4, 4], resolution: [1, 1, 1], chunk_sizes: [[4, 4, 4]], encoding: "raw" }],
    };
    expect(await notesOf(written({ info }))).toEqual(["position 0 of axis c (2) is read: blocks have z, y and x"]);
    expect(await notesOf(written({ info }), { c: 1 })).toEqual([]);
  });

  it("(34.silence) a translation without a unit of length, further images, and axes that are stored in another order", async () => {
    const bare = SPACE.map(([name, type]): [string, string] => [name, type]);
    const moved = written({ ".zattrs": { multiscales: [image(bare, [7, 0, 3])] }, "0/.zarray": zarray([4, 4, 4]) });
    expect(await notesOf(moved)).toEqual([
      "the translation along z, x has no unit of length: the volume is taken to begin at 0 there",
    ]);
    const two = written({ ".zattrs": { multiscales: [image(SPACE), image(SPACE)] }, "0/.zarray": zarray([4, 4, 4]) });
    expect(await notesOf(two)).toEqual(["multiscales lists 2 images; only the first is read"]);
    const array = {
      ...{ zarr_format: 3, node_type: "array", shape: [4, 4, 4], data_type: "uint8", fill_value: 0 },
      chunk_grid: { name: "regular", configuration: { chunk_shape: [4, 4, 4] } },
      chunk_key_encoding: { name: "default" },
      codecs: [{ name: "bytes" }],
    };
    expect(await notesOf(written({ "zarr.json": { ...array, dimension_names: ["x", "y", "z"] } }))).toEqual([
      "axes named x, y, z are read in the order they are stored, as z, y, x",
    ]);
    expect(await notesOf(written({ "zarr.json": { ...array, dimension_names: ["z", "y", "x"] } }))).toEqual([]);
    const n5 = { dimensions: [4, 4, 4], blockSize: [4, 4, 4], dataType: "uint8", compression: { type: "raw" } };
    const transform = { axes: ["z", "y", "x"], scale: [1, 1, 1], translate: [9, 0, 0], units: ["voxel", "nm", "nm"] };
    expect(await notesOf(`n5://${written({ "attributes.json": { ...n5, transform } })}`)).toEqual([
      "the offset 9 has no unit of length: the volume is taken to begin at 0 there",
    ]);
  });

  it("(34.silence) the place that the header of an MRC names", async () => {
    const header = mrcHeaderBytes({
      ...{ kind: "tomogram", shape: [2, 2, 2], dtype: "int8", voxelSizeAngstrom: [10, 10, 10], dateMs: 0 },
      statistics: { min: 0, max: 0, mean: 0, rms: 0 },
    });
    const file = (change: (view: DataView) => void) => {
      const bytes = new Uint8Array(1024 + 8);
      bytes.set(header);
      change(new DataView(bytes.buffer));
      return join(written({ "a.mrc": bytes }), "a.mrc");
    };
    expect(await notesOf(file(() => {}))).toEqual([]);
    const told = (place: string) => [
      `its header places the first voxel at ${place} nm (z, y, x); blocks read it as if it began at 0`,
    ];
    // origin x, y, z as float32 at byte 196; start of columns, rows and sections as int32 at byte 16
    expect(await notesOf(file((view) => [15, 25, -350].map((at, i) => view.setFloat32(196 + 4 * i, at, true))))).toEqual(
      told("-35, 2.5, 1.5"),
    );
    expect(await notesOf(file((view) => view.setInt32(16, 7, true)))).toEqual(told("0, 0, 7"));
  });

  it("(34.silence) links of HDF5 to nothing and to other files, axistags that cannot be understood", async () => {
    await h5wasm.ready;
    // under Node the library writes to the disk itself
    const path = join(root, "links.h5");
    const file = new h5wasm.File(path, "w");
    const data = file.create_dataset({ name: "volume", data: new Uint8Array(2 * 3 * 4), shape: [2, 3, 4] });
    data.create_attribute("axistags", '{"axes": "zyx"}');
    file.create_soft_link("/nothing", "lost");
    file.create_external_link("elsewhere.h5", "data", "away");
    file.close();
    const tags = "axistags are not what vigra writes: its axes are taken to be z, y, x";
    const links = "/away, /lost: not read, since nothing is there, or it lies in another file or is damaged";
    expect(await notesOf(path)).toEqual([tags, links]);
    // who names the dataset has looked
    expect(await notesOf(`${path}#/volume`)).toEqual([tags]);
    expect((await peekHdf5(path, "links.h5")).map(({ warnings }) => warnings)).toEqual([
      [`axistags: ${tags}`, `hdf5-left-out: ${links}`],
    ]);
  });
});
