import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { isEmporiumError } from "../../core/errors.js";
import type { JsonObject } from "../../core/json.js";
import { omeZarrAttributes } from "./ome.js";
import { omeZarr05Attributes, omeZarr05Labels, parseOmeImage } from "./ome-v05.js";
import { parseZarrV3Group, printZarrV3, zarrV3GroupMetadata } from "./v3-metadata.js";

const golden = JSON.parse(readFileSync(new URL("../../../test/golden/zarr-v3/attributes.json", import.meta.url), "utf8"));
const plain = (value: JsonObject) => JSON.parse(printZarrV3(value)) as { ome: { multiscales: JsonObject[] } & JsonObject };

function refusal(attributes: JsonObject): unknown {
  try {
    return parseOmeImage(attributes, "g/zarr.json");
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    return [error.code, error.facts.place?.path, error.facts.hint];
  }
}

describe("attributes of OME-Zarr 0.5", () => {
  it.each(["tomogram", "tiltseries"] as const)(
    "of a %s are those of ome-zarr-py, but for the paths and what it does not say",
    (kind) => {
      const { ome } = plain(omeZarr05Attributes({ kind, voxelSizeAngstrom: 13.48 }));
      const wanted = golden[kind].ome;
      const [image] = ome.multiscales;
      const datasets = (image!.datasets as JsonObject[]).map((dataset) => ({ ...dataset, path: `s${dataset.path}` }));
      const { type, metadata, ...rest } = image!;
      expect({ ...ome, multiscales: [{ ...rest, datasets }] }).toEqual(wanted);
      expect([type, metadata]).toEqual([
        "mean",
        expect.objectContaining({ block: kind === "tiltseries" ? [1, 2, 2] : [2, 2, 2] }),
      ]);
    },
  );
  it("labels stand beside the image, ascending and once", () => {
    const { ome } = plain(omeZarr05Attributes({ kind: "tomogram", voxelSizeAngstrom: 1, labels: [3, 0, 1, 3] }));
    expect(ome["image-label"]).toEqual({ colors: [{ "label-value": 1 }, { "label-value": 3 }] });
    expect(Object.keys(ome.multiscales[0]!)).toEqual(["name", "axes", "datasets"]);
    expect(plain(omeZarr05Attributes({ kind: "tomogram", voxelSizeAngstrom: 1, labels: [0] })).ome["image-label"]).toEqual({});
    expect(omeZarr05Labels(["membrane"])).toEqual({ ome: { version: "0.5", labels: ["membrane"] } });
  });
  it("are read as those of 0.4 are", () => {
    const fields = { kind: "tomogram", voxelSizeAngstrom: 7.841234, levels: 4 } as const;
    const text = new TextEncoder().encode(printZarrV3(zarrV3GroupMetadata({ attributes: omeZarr05Attributes(fields) })));
    const image = parseOmeImage(parseZarrV3Group(text).attributes);
    expect(image).toEqual({ ...parseOmeImage(omeZarrAttributes(fields), ".zattrs"), version: "0.5" });
    expect(image.datasets[3]!.voxelSizeAngstrom).toEqual([62.728, 62.728, 62.728]);
  });
});

describe("refused", () => {
  const image = { axes: [{ name: "x" }], datasets: [{ path: "../a" }] };
  it.each([
    [{ ome: { version: "0.5", multiscales: [image] } }, ["FORMAT_FIELD", "ome.multiscales.0.datasets.0.path", undefined]],
    [{ ome: { version: "0.5", multiscales: [] } }, ["FORMAT_FIELD", "ome.multiscales", undefined]],
    [
      { ome: { version: "0.7", multiscales: [image] } },
      ["FORMAT_UNSUPPORTED", "ome.version", expect.stringContaining("0.5 or 0.6")],
    ],
    [{ ome: { multiscales: [image] } }, ["FORMAT_FIELD", "ome.version", undefined]],
    [{ ome: { version: "0.5", plate: {} } }, ["FORMAT_UNKNOWN", "ome.multiscales", expect.stringContaining("fields")]],
    [{ ome: { version: "0.5", labels: ["a"] } }, ["FORMAT_UNKNOWN", "ome.multiscales", expect.stringContaining("labels")]],
    [
      { ome: { version: "0.5", "bioformats2raw.layout": 3 } },
      ["FORMAT_UNKNOWN", "ome.multiscales", expect.stringContaining("sub-groups")],
    ],
    [{ ome: { version: "0.5" } }, ["FORMAT_UNKNOWN", "ome.multiscales", expect.stringContaining("multiscales")]],
    [{}, ["FORMAT_UNKNOWN", "multiscales", expect.any(String)]],
  ] as [JsonObject, unknown][])("%j", (attributes, wanted) => {
    expect(refusal(attributes)).toEqual(wanted);
  });
});

const iohub = new URL("zarr/iohub-v05/image.json", REAL_DATA);
it.skipIf(!existsSync(iohub))("the 0.5 image of iohub", () => {
  const { attributes } = parseZarrV3Group(new Uint8Array(readFileSync(iohub)));
  const found = parseOmeImage(attributes);
  expect([found.version, found.axes.map(({ name }) => name).join(""), found.spatialAxes]).toEqual(["0.5", "tczyx", [2, 3, 4]]);
  expect(found.datasets.map(({ path, scale, voxelSizeAngstrom }) => [path, scale, voxelSizeAngstrom])).toEqual([
    ["0", [0.1, 1, 0.5, 0.5, 0.5], [5000, 5000, 5000]],
    ["1", [0.1, 1, 1, 1, 1], [10000, 10000, 10000]],
    ["2", [0.1, 1, 2, 2, 2], [20000, 20000, 20000]],
  ]);
});
