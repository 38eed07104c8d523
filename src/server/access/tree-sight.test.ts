import type pg from "pg";
import { describe, expect, it } from "vitest";
import { manualClock } from "../../core/clock.js";
import type { View } from "./access.js";
import { treeSight } from "./tree-sight.js";

const RUN = "s3://portal/10001/TS_1";
const SPACING = `${RUN}/Reconstructions/VoxelSpacing10.000`;
/** Of deposition 1, which is seen. */
const SEEN = [
  `${RUN}/TiltSeries/100/TS_1.zarr`,
  `${RUN}/Frames/a.tif`,
  SPACING,
  `${SPACING}/Tomograms/100/TS_1.zarr`,
  `${SPACING}/Annotations/110/ribosome-1.0.json`,
  `${SPACING}/Annotations/110/ribosome-1.0_point.ndjson`,
];
/** Of deposition 2, which is not. */
const HIDDEN = [
  `${RUN}/Alignments/101/alignment_metadata.json`,
  `${RUN}/Frames/b.tif`,
  `${SPACING}/Tomograms/101/TS_1.mrc`,
  `${SPACING}/Annotations/101/secret-1.0_orientedpoint.ndjson`,
  `${SPACING}/Annotations/110/ribosome-1.0_orientedpoint.ndjson`,
  `${RUN}/Reconstructions/VoxelSpacing20.000`,
];

/** Sessions that find these addresses at the run TS_1 of dataset 1, and count how often they are asked. */
function session(paths: readonly string[], prefixes: readonly string[] = []) {
  const asked: unknown[] = [];
  const query = async (text: string, values?: unknown) => {
    if (text.includes("import_prefix")) return { rows: prefixes.map((prefix) => ({ prefix })) };
    asked.push(values);
    return { rows: JSON.stringify(values) === '[[1],"TS_1"]' ? paths.map((path) => ({ path })) : [] };
  };
  return { asked, pool: { query } as unknown as pg.Pool };
}

const DATASETS = [
  { id: 1, prefix: "s3://portal/10001", releaseMs: undefined },
  { id: 2, releaseMs: undefined },
  // two places have a folder of one name
  { id: 3, prefix: "s3://portal/both", releaseMs: undefined },
  { id: 4, prefix: "s3://other/both", releaseMs: undefined },
];
const viewOf = (more: Partial<View> = {}): View =>
  ({
    ...{ isWhole: false, seesOthers: false, hidesDepositions: true },
    roots: {
      datasets: new Map(DATASETS.map((one) => [one.id, one])),
      depositions: new Map([1, 2].map((id) => [id, { id, releaseMs: undefined }])),
    },
    seesDataset: (id: number) => [1, 3].includes(id),
    seesDeposition: (id: number) => id === 1,
    ...more,
  }) as unknown as View;

async function sightOf(more: Partial<View> = {}, hidden = HIDDEN) {
  const [seen, all] = [session(SEEN), session([...SEEN, ...hidden], ["s3://portal"])];
  const clock = manualClock(10_000);
  const sight = await treeSight({ view: viewOf(more), seen: seen.pool, all: all.pool, clock });
  const seenOf = async (keys: readonly string[]) => {
    const found: string[] = [];
    for (const key of keys) if (await sight.sees(key)) found.push(key);
    return found;
  };
  return { sight, seen, all, clock, seenOf };
}

describe("folders of datasets and depositions", () => {
  const KEYS = [
    "",
    "10001",
    "2",
    "77",
    "both",
    "notes",
    "depositions_metadata",
    "Depositions_Metadata/1",
    "depositions_metadata/2/x.json",
  ];

  it("are seen by their rows, else by their numbers; one of two datasets needs both", async () => {
    const { seenOf } = await sightOf();
    expect(await seenOf(KEYS)).toEqual(["", "10001", "depositions_metadata", "Depositions_Metadata/1"]);
    expect(await seenOf(["depositions_metadata/notes", "depositions_metadata/1234567890"])).toEqual([]);
    expect(await (await sightOf({ seesDataset: (id) => id >= 2 })).seenOf(KEYS)).toContain("both");
  });

  it("that are of neither follow what is said of others", async () => {
    const { seenOf } = await sightOf({ seesOthers: true });
    expect(await seenOf(["notes", "depositions_metadata/notes", "1234567890", "77", "10001"])).toEqual([
      ...["notes", "depositions_metadata/notes", "1234567890", "10001"],
    ]);
  });

  it("of depositions are there where one of them is seen", async () => {
    const { seenOf } = await sightOf({ seesDeposition: () => false });
    expect(await seenOf(["depositions_metadata", "depositions_metadata/1"])).toEqual([]);
  });

  it("are all seen by who sees the whole, and nobody is asked", async () => {
    const { seenOf, sight, seen } = await sightOf({ isWhole: true });
    expect(await seenOf(["2", "10001/TS_1/Frames/b.tif"])).toEqual(["2", "10001/TS_1/Frames/b.tif"]);
    expect([sight.seesAtOnce("2"), seen.asked]).toEqual([true, []]);
  });
});

describe("in a run", () => {
  const at = (...names: string[]) => names.map((name) => `10001/TS_1/${name}`);
  const VOXELS = "Reconstructions/VoxelSpacing10.000";
  const IN_SIGHT = at(
    ...[
      "run_metadata.json",
      "TiltSeries",
      "TiltSeries/100",
      "TiltSeries/100/TS_1.zarr/0/0/0",
      "Frames/a.tif",
      "Reconstructions",
      VOXELS,
    ],
    ...["Tomograms", "Tomograms/100/more.txt", "Annotations/110/ribosome-1.0_point.ndjson"].map((name) => `${VOXELS}/${name}`),
    ...["NeuroglancerPrecompute", "NeuroglancerPrecompute/100-neuroglancer_config.json"].map((name) => `${VOXELS}/${name}`),
    ...["NeuroglancerPrecompute/110-ribosome-1.0_point/info", "Images", "Images/", "Images/100-thumbnail.png"].map(
      (name) => `${VOXELS}/${name}`,
    ),
  );
  const OUT_OF_SIGHT = at(
    ...["Alignments", "Alignments/101", "Frames/b.tif", "TiltSeries/101", "Reconstructions/VoxelSpacing20.000/Tomograms"],
    ...["Reconstructions/VoxelSpacing30.000", "Reconstructions/VoxelSpacing30.000/notes.txt"],
    ...["Tomograms/101", "Tomograms/101/TS_1.mrc", "Annotations/101/secret-1.0.json", "Images/101.png"].map(
      (name) => `${VOXELS}/${name}`,
    ),
    ...[
      "101-secret-1.0_orientedpoint/info",
      "101-neuroglancer_config.json",
      "110-neuroglancer_config.json",
      "100-x",
      "notes",
    ].map((name) => `${VOXELS}/NeuroglancerPrecompute/${name}`),
    ...["110-ribosome-1.0_orientedpoint/info", "110-ribosome-1.0_orientedmesh/info"].map(
      (name) => `${VOXELS}/NeuroglancerPrecompute/${name}`,
    ),
    ...[`${VOXELS}/Images/notes.png`, `${VOXELS}/Images/110-thumbnail.png`],
  );

  it("whatever has a deposition is seen where a row that is seen has it", async () => {
    const { seenOf } = await sightOf();
    expect(await seenOf([...IN_SIGHT, ...OUT_OF_SIGHT])).toEqual(IN_SIGHT);
  });

  it("all is seen where no deposition is hidden, without a question", async () => {
    const { seenOf, all, sight } = await sightOf({ hidesDepositions: false });
    expect(await seenOf(OUT_OF_SIGHT)).toEqual(OUT_OF_SIGHT);
    expect([all.asked, await sight.isPartOfRun(OUT_OF_SIGHT[0]!), sight.seesAtOnce(OUT_OF_SIGHT[0]!)]).toEqual([[], false, true]);
  });

  it("is looked up once, and again when the answer is two seconds old", async () => {
    const { sight, seen, all, clock } = await sightOf();
    const [key] = at("Frames/a.tif") as [string];
    expect([sight.seesAtOnce(key), sight.seesAtOnce("")]).toEqual([false, true]);
    for (let times = 0; times < 3; times++) expect(await sight.sees(key)).toBe(true);
    expect([sight.seesAtOnce(key), sight.seesAtOnce("10001/TS_1/Frames/b.tif"), seen.asked.length, all.asked.length]).toEqual([
      ...[true, false, 1, 1],
    ]);
    clock.advance(1_999);
    await sight.sees(key);
    expect(seen.asked.length).toBe(1);
    clock.advance(1);
    await sight.sees(key);
    expect(seen.asked).toEqual([
      [[1], "TS_1"],
      [[1], "TS_1"],
    ]);
  });

  it("is part of one where something is hidden; a run of nothing hidden, and what is no run, are not", async () => {
    const { sight } = await sightOf();
    const parts = ["10001/TS_1/run_metadata.json", "10001/TS_2/run_metadata.json", "10001/TS_1", "10001"];
    expect(await Promise.all(parts.map((key) => sight.isPartOfRun(key)))).toEqual([true, false, false, false]);
    const { sight: ofOne } = await sightOf({}, [`${RUN}/Frames/b.tif`]);
    expect(await ofOne.isPartOfRun(parts[0]!)).toBe(true);
  });
});

it("without a catalogue no run has a file of a deposition", async () => {
  const sight = await treeSight({ view: viewOf(), seen: undefined, all: undefined, clock: manualClock(0) });
  const keys = ["1/TS_1/run_metadata.json", "1/TS_1/TiltSeries/100/x"];
  expect(await Promise.all(keys.map((key) => sight.sees(key)))).toEqual([true, false]);
});

it("a database that fails is told as one", async () => {
  const pool = { query: () => Promise.reject(Object.assign(new Error("no"), { code: "ECONNREFUSED" })) } as unknown as pg.Pool;
  await expect(treeSight({ view: viewOf(), seen: pool, all: pool, clock: manualClock(0) })).rejects.toMatchObject({
    code: "DATABASE_UNAVAILABLE",
  });
});
