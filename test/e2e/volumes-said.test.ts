import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { VolumeFacts } from "../../src/model/page-api.js";
import { printRef } from "../../src/model/ref.js";
import { openPlaces } from "../../src/server/places.js";
import { type Portal, servePortal } from "../../src/server/portal.js";
import { emporium } from "./cli-host.js";

/** What a volume says of itself that pages and /zarr once left out or took for something else. */
const folder = mkdtempSync(join(tmpdir(), "emporium-said-"));
const fixture = (path: string) => fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url));
let portal: Portal;
let place: string;

/** An MRC of int16, x fastest; cells in Å, 0 for none. */
function mrc([nx, ny, nz]: [number, number, number], cells: [number, number, number], bigEndian = false): Buffer {
  const bytes = Buffer.alloc(1024 + 2 * nx * ny * nz);
  const int = (value: number, at: number) => (bigEndian ? bytes.writeInt32BE(value, at) : bytes.writeInt32LE(value, at));
  const float = (value: number, at: number) => (bigEndian ? bytes.writeFloatBE(value, at) : bytes.writeFloatLE(value, at));
  for (const [i, value] of [nx, ny, nz, 1].entries()) int(value, 4 * i);
  for (const [i, value] of [nx, ny, nz].entries()) int(value, 28 + 4 * i);
  for (const [i, value] of cells.entries()) float(value, 40 + 4 * i);
  for (const [i, value] of [1, 2, 3].entries()) int(value, 64 + 4 * i);
  bytes.write("MAP ", 208);
  bytes.set(bigEndian ? [0x11, 0x11] : [0x44, 0x44], 212);
  return bytes;
}

beforeAll(async () => {
  writeFileSync(join(folder, "flat.mrc"), mrc([8, 6, 5], [80, 90, 0]));
  writeFileSync(join(folder, "four.mrc"), mrc([4, 3, 1], [40, 30, 10], true));
  writeFileSync(join(folder, "three.mrc"), mrc([3, 4, 1], [30, 40, 10], true));
  copyFileSync(fixture("tiff/rgb.tif"), join(folder, "rgb.tif"));
  copyFileSync(fixture("tiff/movie-u8-le.tif"), join(folder, "grey.tif"));
  copyFileSync(fixture("hdf5/velox.emd"), join(folder, "velox.emd"));
  const places = await openPlaces([folder]);
  place = places[0]!.id;
  portal = await servePortal({ places, bucket: "b", version: "0" });
});
afterAll(async () => {
  await portal?.close();
  rmSync(folder, { recursive: true, force: true });
});

const refOf = (key: string) => printRef({ kind: "place", place, key });
const factsOf = async (key: string) => (await (await fetch(`${portal.url}/api/v1/volumes/${refOf(key)}`)).json()) as VolumeFacts;

it("(34.13) /zarr has the sizes along y and x where that along z is not known", async () => {
  const { multiscales } = (await (await fetch(`${portal.url}/zarr/${refOf("flat.mrc")}/.zattrs`)).json()) as {
    multiscales: { axes: object[]; datasets: { coordinateTransformations: { scale: number[] }[] }[] }[];
  };
  expect(multiscales[0]!.axes).toEqual([
    { name: "z", type: "space" },
    { name: "y", type: "space", unit: "angstrom" },
    { name: "x", type: "space", unit: "angstrom" },
  ]);
  expect(multiscales[0]!.datasets[0]!.coordinateTransformations[0]!.scale).toEqual([1, 15, 10]);
  expect((await factsOf("flat.mrc")).voxelSizeAngstrom).toEqual([null, 15, 10]);
});

it("(34.13) Neuroglancer's view draws an axis without a size as the others", async () => {
  const { state } = (await (await fetch(`${portal.url}/api/v1/neuroglancer/at/${refOf("flat.mrc")}`)).json()) as {
    state: { dimensions: Record<"x" | "y" | "z", [number, string]> } | string;
  };
  const { dimensions } = typeof state === "string" ? (JSON.parse(state) as Exclude<typeof state, string>) : state;
  expect([dimensions.z[0], dimensions.y[0], dimensions.x[0]].map((size) => Number((size * 1e10).toPrecision(6)))).toEqual([
    10, 15, 10,
  ]);
});

it("(34.13) of pixels with three samples the page says that the first is shown", async () => {
  expect((await factsOf("rgb.tif")).warnings).toContainEqual(
    expect.stringContaining("each pixel has 3 (as RGB has 3); slices show the first one"),
  );
  expect((await factsOf("grey.tif")).warnings.join()).not.toContain("samples:");
});

it("(34.13) a big-endian MRC of 3 or 4 columns is none of Digital Micrograph's", async () => {
  for (const name of ["four.mrc", "three.mrc"]) {
    const { status, out } = await emporium(["harvest", "peek", join(folder, name), "--json"]);
    expect([status, out]).toEqual([0, expect.stringMatching(/"mrc"/)]);
    expect((await factsOf(name)).format).toBe("mrc");
  }
});

it("(34.13) an image of Velox is a stack of its frames, and its texts are no volume", async () => {
  const { status, out, err } = await emporium(["harvest", "peek", join(folder, "velox.emd")]);
  expect([status, err]).toEqual([0, ""]);
  expect(out).toContain("2");
  expect(out).not.toMatch(/Metadata|FrameLookupTable|SpectrumStream/);
  const ls = await emporium(["blocks", "ls", join(folder, "velox.emd"), "--json"]);
  expect([ls.status, ls.out]).toEqual([0, expect.stringMatching(/2,\s*12,\s*14/)]);
});

it("(34.13) help explains what REF is", async () => {
  const { out } = await emporium(["serve", "--help"]);
  expect(out.replace(/\s+/g, " ")).toContain("REF is tomogram:ID");
});
