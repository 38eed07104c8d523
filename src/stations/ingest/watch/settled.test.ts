import { expect, it } from "vitest";
import { concernedBy } from "./settled.js";

const RUNS = new Map(
  ["TS_1", "TS_2", "TS_10"].map((name) => [
    `10401/${name}`,
    new Set([`s/${name}.mdoc`, `s/frames/${name}_*`, `s/**/${name}_rec.mrc`, `s/tomo/${name}/*.zarr`, "s/gain.dm4"]),
  ]),
);
const concerned = (...keys: string[]) => concernedBy(new Set(keys), RUNS);

it("concerns a run: what one of its globs finds, at any depth, a file of a folder that one finds, and what all look for", async () => {
  expect(await concerned()).toEqual([]);
  expect(await concerned("s/TS_3.mdoc", "other/TS_1.mdoc", "s/TS_1.mdoc.part", "s/frames")).toEqual([]);
  expect(await concerned("s/TS_1.mdoc")).toEqual(["10401/TS_1"]);
  expect(await concerned("s/frames/TS_10_003.tif")).toEqual(["10401/TS_10"]);
  expect(await concerned("s/late/by/hand/TS_2_rec.mrc", "s/TS_1_rec.mrc")).toEqual(["10401/TS_1", "10401/TS_2"]);
  expect(await concerned("s/tomo/TS_2/whole.zarr/0/1.2.3")).toEqual(["10401/TS_2"]);
  expect(await concerned("s/gain.dm4")).toEqual([...RUNS.keys()]);
});
