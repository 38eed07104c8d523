import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../core/errors.js";
import type { JsonObject } from "../../core/json.js";
import { peekFolder } from "../peek/peek.js";
import { validateNgff } from "./ngff-validate.js";
import { parseOmeImage } from "./ome-v05.js";

const axes = ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "nanometer" }));
const scale = { type: "scale", scale: [2, 3, 4] };

function loose(version: string): JsonObject {
  return { multiscales: [{ version, axes, datasets: [{ path: "0", coordinateTransformations: [scale] }] }] };
}

function wrapped(version: string): JsonObject {
  const minor = Number(version.slice(2, 3));
  if (minor < 6)
    return {
      ome: { ...loose("0.4"), version, multiscales: [{ ...(loose("").multiscales as JsonObject[])[0], version: undefined }] },
    } as unknown as JsonObject;
  const step = { ...scale, input: { path: "0" }, output: { name: "physical" } };
  return {
    ome: {
      version,
      multiscales: [
        {
          coordinateSystems: [
            { name: "other", axes: axes.map((axis) => ({ ...axis, unit: "meter" })) },
            { name: "physical", axes },
          ],
          datasets: [{ path: "0", coordinateTransformations: [step] }],
        },
      ],
    },
  };
}

/** Verdicts of the reader and of the validator: read, warned or refused. */
function reports(attributes: JsonObject): [string, string] {
  const reader = (() => {
    try {
      return parseOmeImage(attributes).warnings.length > 0 ? "warned" : "read";
    } catch (error) {
      return isEmporiumError(error) ? error.code : "crashed";
    }
  })();
  const rules = validateNgff(attributes).findings.map(({ rule }) => rule);
  const validator = rules.includes("version") ? "FORMAT_UNSUPPORTED" : rules.includes("version-draft") ? "warned" : "read";
  return [reader, validator];
}

describe("one report on versions of OME-Zarr", () => {
  it.each([
    ["0.4", "read"],
    ["0.4-dev-spatialdata", "warned"],
    ["0.40", "FORMAT_UNSUPPORTED"],
    ["0.5", "FORMAT_UNSUPPORTED"],
  ])("seam 51: %s beside the image is %s by reader and validator", (version, wanted) => {
    expect(reports(loose(version))).toEqual([wanted, wanted]);
  });
  it.each([
    ["0.5", "read"],
    ["0.5-dev", "warned"],
    ["0.5-dev1", "warned"],
    ["0.5.dev2", "warned"],
    ["0.6", "read"],
    ["0.6.dev4", "warned"],
    ["0.6dev3", "warned"],
    ["0.4", "FORMAT_UNSUPPORTED"],
    ["0.55", "FORMAT_UNSUPPORTED"],
    ["0.7", "FORMAT_UNSUPPORTED"],
    ["1.0", "FORMAT_UNSUPPORTED"],
  ])("seam 51: %s below ome is %s by reader and validator", (version, wanted) => {
    expect(reports(wrapped(version))).toEqual([wanted, wanted]);
  });
  it("seam 51: a release candidate is read, with a warning of the reader", () => {
    expect(reports(wrapped("0.6rc0"))[0]).toBe("warned");
  });

  it("seam 51: an image of 0.6 has the axes of the system that its datasets are in, and its voxel size", () => {
    const image = parseOmeImage(wrapped("0.6.dev4"));
    expect(image.datasets[0]).toMatchObject({ scale: [2, 3, 4], voxelSizeAngstrom: [20, 30, 40] });
    const steps = { type: "sequence", transformations: [scale, { type: "translation", translation: [1, 1, 1] }] };
    const [first] = (wrapped("0.6").ome as { multiscales: JsonObject[] }).multiscales;
    const sequence = {
      ome: { version: "0.6", multiscales: [{ ...first, datasets: [{ path: "0", coordinateTransformations: [steps] }] }] },
    };
    expect(parseOmeImage(sequence as JsonObject).datasets[0]).toMatchObject({ scale: [2, 3, 4], translation: [1, 1, 1] });
  });
});

describe("voxel sizes that are not known", () => {
  const image = (steps: JsonObject[] | undefined, unit = "nanometer") => ({
    multiscales: [
      {
        version: "0.4",
        axes: axes.map((axis) => ({ ...axis, unit })),
        datasets: [steps ? { path: "0", coordinateTransformations: steps } : { path: "0" }],
      },
    ],
  });
  it.each([
    [image(undefined), /no scale: the voxel size is not known/],
    [image([{ type: "translation", translation: [1, 2, 3] }]), /no scale/],
    [image([{ type: "identity" }]), /no scale/],
    [image([{ type: "scale", scale: [0, 1, 1] }]), /scale along z is not above 0/],
    [image([{ type: "scale", scale: [1, -1, 1] }]), /scale along y is not above 0/],
    [image([scale], "pixel"), /"pixel" is not a unit of length/],
  ] as [JsonObject, RegExp][])("seam 51: %j is told", (attributes, wanted) => {
    expect(parseOmeImage(attributes).warnings).toEqual([expect.stringMatching(wanted)]);
  });
  it("seam 51: a whole image has no warning", () => {
    expect(parseOmeImage(image([scale])).warnings).toEqual([]);
  });
  it("seam 51: peek says so", async () => {
    const text = (value: object) => new TextEncoder().encode(JSON.stringify(value));
    const zarray = { zarr_format: 2, shape: [2, 2, 2], chunks: [2, 2, 2], dtype: "|u1", compressor: null, filters: null };
    const files: Record<string, Uint8Array> = {
      ".zattrs": text(image(undefined)),
      "0/.zarray": text({ ...zarray, fill_value: 0, order: "C" }),
    };
    const { images } = await peekFolder({ name: "a.zarr", read: async (key) => files[key] });
    expect(images[0]).toMatchObject({ voxelSize: [null, null, null], warnings: [expect.stringContaining("no scale")] });
  });
});
