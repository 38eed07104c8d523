import { expect, it } from "vitest";
import { laboratoryWith } from "../../../../../test/laboratory-kit.js";
import { type ZarrVolume, zarrFiles } from "../../../../../test/zarr-volume.js";
import { decisionsOf, recognisedIn } from "../know.js";

const FORM: ZarrVolume = { shape: [6, 12, 12], dtype: "float32", chunk: [3, 6, 6], unit: "angstrom", scale: [10, 10, 10] };

it("a tomogram in OME-Zarr of which chunks are missing is asked about, and stays out until somebody answers", async () => {
  const { signal } = new AbortController();
  const value = (seed: number) => (z: number, y: number, x: number) => Math.sin(seed * (z * 144 + y * 12 + x));
  const zarr = (run: string, lost?: RegExp) =>
    Object.fromEntries(
      [...zarrFiles({ ...FORM, value: value(lost ? 1.3 : 2.1) })]
        .filter(([name]) => lost === undefined || !lost.test(name))
        .map(([name, bytes]) => [name.replace(/^0\/1/, lost ? "0/01" : "0/1"), bytes] as const)
        .map(([name, bytes]) => [
          `rec/${run}.zarr/${name}`,
          bytes instanceof Uint8Array ? bytes : new TextEncoder().encode(JSON.stringify(bytes)),
        ]),
    );
  const laboratory = await laboratoryWith({ ...zarr("TS_01"), ...zarr("TS_02", /^0\/1\/1/) });
  const { files, questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const asked = questions.find(({ id }) => id === "chunks");
  expect(asked).toMatchObject({
    text: "Should rec/TS_02.zarr be published?",
    why: "Chunks seem to be lost: rec/TS_02.zarr (4 of 8 are there).",
  });
  expect(asked!.options.map(({ says }) => says)).toEqual(["not published", "published, with zeros in the missing chunks"]);
  expect(["TS_01", "TS_02"].map((run) => files.get(`rec/${run}.zarr`)?.role)).toEqual(["tomogram", "left out"]);
});

it.each(['{"chunks": [3, 6', "null", ""])(
  "the document of an array that was cut short leaves its tomogram out: %j",
  async (text) => {
    const whole = [...zarrFiles({ ...FORM, value: (z) => z })].map(([name, bytes]) => {
      const document = bytes instanceof Uint8Array ? bytes : new TextEncoder().encode(JSON.stringify(bytes));
      return [`rec/TS_01.zarr/${name}`, /zarray|zarr\.json/.test(name) ? text : document] as const;
    });
    const laboratory = await laboratoryWith(Object.fromEntries(whole));
    expect(laboratory.get("rec/TS_01.zarr")?.volume).toBeUndefined();
  },
);
