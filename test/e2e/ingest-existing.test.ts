import { afterAll, describe, expect, it } from "vitest";
import { fileStore } from "../../src/stores/file/store.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import type { Store } from "../../src/stores/store.js";
import { documentOf, documentsOf, plan, RAWTLT, storeOf, tinyMdoc, tinyMrc } from "./ingest-plan-kit.js";
import { removeTempFolders, run, tempFolder, treeOf } from "./ingest-run-kit.js";

afterAll(removeTempFolders);

const XF = "1 0 0 1 0 0\n".repeat(3);
const input = () =>
  storeOf({
    ...Object.fromEntries(
      ["a", "b"].flatMap((name) => [
        [`lab/rec/${name}.rec`, tinyMrc(6, 4, 2, 10.5)],
        [`lab/st/${name}.st`, tinyMrc(6, 4, 3, 1.96)],
        [`lab/mdoc/${name}.mdoc`, tinyMdoc()],
        [`lab/tilt/${name}.rawtlt`, RAWTLT],
        [`lab/ali/${name}.xf`, XF],
        [`lab/ali/${name}.tlt`, RAWTLT],
        [`lab/ctf/${name}.txt`, "# header\n1 1 1 1 0 0.1 5\n"],
      ]),
    ),
  });

/** A deposition of its own tilt series, alignment and tomogram in each run. */
const whole = (deposition: number, { datasets, runs }: { datasets: string; runs: string }, more = "") => `version: 1.3.0
standardization_config: {deposition_id: ${deposition}, source_prefix: lab}
depositions: [{metadata: {deposition_title: T${deposition}}, sources: [{literal: {value: [${deposition}]}}]}]
datasets: ${datasets}
runs: ${runs}
voxel_spacings: [{sources: [{literal: {value: [10.5]}}]}]
tiltseries: [{metadata: {pixel_spacing: 1.96}, sources: [{source_glob: {list_glob: 'st/{run_name}.st'}}]}]
alignments: [{metadata: {format: IMOD}, sources: [{source_multi_glob: {list_globs: ['ali/{run_name}.xf', 'ali/{run_name}.tlt']}}]}]
tomograms: [{metadata: {fiducial_alignment_status: false, processing: raw}, sources: [{source_glob: {list_glob: 'rec/{run_name}.rec'}}]}]
${more}`;

const first = whole(
  100,
  {
    datasets: "[{metadata: {dataset_title: D}, sources: [{literal: {value: ['10700']}}]}]",
    runs: "[{sources: [{source_glob: {list_glob: 'rec/*.rec', name_regex: '(.*)\\.rec'}}]}]",
  },
  `collection_metadata: [{sources: [{source_glob: {list_glob: 'mdoc/{run_name}.mdoc'}}]}]
frames: [{metadata: {dose_rate: 2, is_gain_corrected: true}, sources: [{literal: {value: [default]}}]}]
rawtilts: [{sources: [{source_glob: {list_glob: 'tilt/{run_name}.rawtlt'}}]}]
`,
);
const referring = {
  datasets: "[{sources: [{destination_glob: {list_glob: '{output_path}/10700'}}]}]",
  runs: "[{sources: [{destination_glob: {list_glob: '{dataset_output_path}/*'}}]}]",
};
const second = whole(200, referring);

/** Two folders, with the files that lie between them, as a bucket lists them. */
async function portal(target: Store = memoryStore({ url: "memory:portal" })): Promise<Store> {
  const report = await run({ config: first, source: await input(), target, name: "first" });
  expect(report.errors).toEqual([]);
  await target.write("10700/Images/snapshot.png", Uint8Array.of(1));
  return target;
}

describe("adding to a dataset that is there", () => {
  it("touches nothing of others: new ids beside theirs, no shared document", async () => {
    const target = await portal();
    await target.remove("10700/Images/");
    const before = await treeOf(target);
    const report = await run({ config: second, source: await input(), target, name: "second" });
    expect(report.errors).toEqual([]);
    const after = await treeOf(target);
    for (const [key, body] of Object.entries(before)) expect(after[key], key).toBe(body);
    const added = Object.keys(after).filter((key) => !(key in before));
    expect(added.filter((key) => key.endsWith(".json")).sort()).toEqual(
      [
        ...["a", "b"].flatMap((name) => [
          `10700/${name}/Alignments/101/alignment_metadata.json`,
          `10700/${name}/Reconstructions/VoxelSpacing10.500/NeuroglancerPrecompute/101-neuroglancer_config.json`,
          `10700/${name}/Reconstructions/VoxelSpacing10.500/Tomograms/101/tomogram_metadata.json`,
          `10700/${name}/TiltSeries/101/tiltseries_metadata.json`,
        ]),
        "depositions_metadata/200/deposition_metadata.json",
      ].sort(),
    );
    const tomogram = JSON.parse(after["10700/a/Reconstructions/VoxelSpacing10.500/Tomograms/101/tomogram_metadata.json"]!);
    expect(tomogram).toMatchObject({
      deposition_id: 200,
      alignment_metadata_path: "10700/a/Alignments/101/alignment_metadata.json",
    });
    expect(JSON.parse(after["10700/a/Alignments/101/alignment_metadata.json"]!).tiltseries_path).toBe(
      "10700/a/TiltSeries/101/tiltseries_metadata.json",
    );
  });

  it("files beside the folders that are meant are no runs", async () => {
    const made = await plan({ config: second, source: await input(), target: await portal() });
    expect(made.failures).toEqual([]);
    // nor is the folder of the dataset's pictures
    const runs = new Set(made.entities.flatMap(({ run: name }) => name ?? []));
    expect([...runs].sort()).toEqual(["a", "b"]);
  });

  it("locks what it writes: a deposition that adds numbered entities does not lock the dataset", async () => {
    const target = await portal();
    await target.remove("10700/Images/");
    expect((await plan({ config: second, source: await input(), target })).locks).toEqual(["deposition-200"]);
    expect((await plan({ config: first, source: await input(), target })).locks).toEqual(["dataset-10700", "deposition-100"]);
  });
});

describe("references by metadata file", () => {
  const reference = (finder: string, more = "") =>
    whole(200, { ...referring, runs: "[{sources: [{destination_glob: {list_glob: '{dataset_output_path}/a'}}]}]" }, more)
      .replace(/tiltseries: .*/, `tiltseries: [{sources: [${finder}]}]`)
      .replace(
        /alignments: .*/,
        "alignments: [{sources: [{destination_glob: {list_glob: '{run_output_path}/Alignments/100/alignment_metadata.json'}}]}]",
      );
  const ctfs = "ctfs: [{metadata: {format: CTFFIND}, sources: [{source_glob: {list_glob: 'ctf/{run_name}.txt'}}]}]\n";
  const ctf = "10700/a/TiltSeries/100/a_CTFFIND_ctf.txt";

  it.each([
    ["the metadata file", "{destination_glob: {list_glob: '{run_output_path}/TiltSeries/100/tiltseries_metadata.json'}}"],
    ["the folder", "{destination_glob: {list_glob: '{run_output_path}/TiltSeries/*'}}"],
    ["a filter", "{destination_filter: {filters: [{key: [deposition_id], value: 100}]}}"],
    ["no filter at all", "{destination_filter: {filters: []}}"],
  ])("a tilt series named by %s: id and folder are its own, what lies below it is written there", async (_what, finder) => {
    const target = await portal();
    const before = await treeOf(target);
    const made = await plan({ config: reference(finder, ctfs), source: await input(), target });
    expect(made.failures).toEqual([]);
    expect(made.tasks.flatMap(({ outputs }) => outputs).filter((key) => key.includes("TiltSeries"))).toEqual([ctf]);
    expect(
      made.entities.filter(({ action, kind }) => action === "leave" && kind === "tiltseries").map(({ title }) => title),
    ).toEqual(["tilt series 100 of a"]);
    const tomogram = "10700/a/Reconstructions/VoxelSpacing10.500/Tomograms/101/tomogram_metadata.json";
    expect(documentOf(made, tomogram).alignment_metadata_path).toBe("10700/a/Alignments/100/alignment_metadata.json");
    const report = await run({ config: reference(finder, ctfs), source: await input(), target, name: "second" });
    expect(report.errors).toEqual([]);
    const after = await treeOf(target);
    for (const [key, body] of Object.entries(before)) expect(after[key], key).toBe(body);
    expect(after[ctf]).toContain("# header");
  });

  it("a filter that nothing meets finds nothing", async () => {
    const config = reference("{destination_filter: {filters: [{key: [deposition_id], value: 300}]}}", ctfs);
    const made = await plan({ config, source: await input(), target: await portal() });
    expect(made.tasks.some(({ outputs }) => outputs.some((key) => key.includes("TiltSeries")))).toBe(false);
  });

  it("several files for one alignment are refused", async () => {
    const config = reference("{destination_filter: {filters: []}}").replace(
      "Alignments/100/alignment_metadata.json",
      "Alignments/*/*",
    );
    const made = await plan({ config, source: await input(), target: await portal() });
    expect(made.failures.map(({ error }) => error.code)).toEqual(["CONFIG_GLOB_COUNT"]);
  });

  it("key photos that are referred to are left as they are", async () => {
    const photos =
      "dataset_keyphotos: [{sources: [{destination_glob: {list_glob: '{dataset_output_path}/Images/*', match_regex: '(snapshot|thumbnail)\\.(png|jpg)$', name_regex: '(snapshot|thumbnail)'}}]}]\n";
    const target = await portal();
    const made = await plan({
      config: reference("{destination_filter: {filters: []}}", photos),
      source: await input(),
      target,
      flags: { items: ["dataset_keyphotos"] },
    });
    expect(made.tasks).toEqual([]);
    expect(made.failures).toEqual([]);
  });
});

describe("two imports into one run at the same time", () => {
  it.each([
    ["an object store", () => memoryStore({ url: "memory:portal" }), 5],
    ["a folder", () => fileStore(tempFolder(), { sync: false }), 2],
  ] as const)(
    "onto %s: ids of their own, whatever the order of their requests; both trees are whole",
    async (_what, make, rounds) => {
      for (let round = 0; round < rounds; round++) {
        const target = await portal(make());
        await target.remove("10700/Images/");
        const before = await treeOf(target);
        const third = second.replaceAll("200", "300");
        const slow = slowed(target, round);
        const [one, two] = await Promise.all([
          run({ config: second, source: await input(), target: slow, name: "second" }),
          run({ config: third, source: await input(), target, name: "third" }),
        ]);
        expect([one.errors, two.errors]).toEqual([[], []]);
        const after = await treeOf(target);
        for (const [key, body] of Object.entries(before)) expect(after[key], key).toBe(body);
        for (const name of ["a", "b"]) {
          for (const kind of ["TiltSeries", "Alignments", "Reconstructions/VoxelSpacing10.500/Tomograms"]) {
            const owners = Object.entries(after)
              .filter(([key]) => key.startsWith(`10700/${name}/${kind}/`) && key.endsWith("_metadata.json"))
              .map(([key, text]) => [key.split("/").at(-2), JSON.parse(text).deposition_id] as const);
            expect(owners.map(([id]) => id)).toEqual(["100", "101", "102"]);
            expect(new Set(owners.map(([, deposition]) => deposition))).toEqual(new Set([100, 200, 300]));
          }
          for (const id of [101, 102]) {
            const metadata = JSON.parse(
              after[`10700/${name}/Reconstructions/VoxelSpacing10.500/Tomograms/${id}/tomogram_metadata.json`]!,
            );
            const alignment = JSON.parse(after[metadata.alignment_metadata_path]!);
            expect(alignment.deposition_id).toBe(metadata.deposition_id);
            expect(JSON.parse(after[alignment.tiltseries_path]!).deposition_id).toBe(metadata.deposition_id);
            expect(Object.keys(after).filter((key) => key.includes(`${name}/TiltSeries/${id}/${name}.zarr/`)).length).toBe(14);
          }
        }
        // nothing of the claims is left
        expect(Object.keys(after).filter((key) => key.startsWith(".emporium/"))).toEqual([]);
      }
    },
  );

  it("an import that plans while another ends sees what that one was given", async () => {
    const target = await portal();
    await target.remove("10700/Images/");
    // the second looks at the target, and before it lays its claims the third begins and ends
    let ended: Promise<unknown> | undefined;
    const third = second.replaceAll("200", "300");
    const source = await input();
    const interrupted: Store = {
      ...source,
      async stat(key, options) {
        ended ??= run({ config: third, source, target, name: "third" });
        await ended;
        return source.stat(key, options);
      },
    };
    const report = await run({ config: second, source: interrupted, target, name: "second" });
    expect(report.errors).toEqual([]);
    const ids = Object.entries(await treeOf(target, "10700/a/TiltSeries/"))
      .filter(([key]) => key.endsWith("_metadata.json"))
      .map(([key, text]) => [key.split("/").at(-2), JSON.parse(text).deposition_id]);
    expect(ids).toEqual([
      ["100", 100],
      ["101", 300],
      ["102", 200],
    ]);
  });

  it("an interrupted one keeps its ids for the run that goes on with it, on any machine", async () => {
    const target = await portal();
    await target.remove("10700/Images/");
    const broken = await input();
    await broken.write("lab/st/a.st", tinyMrc(6, 4, 3, 1.96).subarray(0, 1040));
    const dies: Store = {
      ...(await input()),
      // headers can be read, voxels of one stack cannot
      async read(key, range, options) {
        if (key === "lab/st/a.st" && (range?.length ?? 0) !== 1024) throw new Error("the disk is gone");
        return (await input()).read(key, range, { ...options, ifMatch: undefined });
      },
    };
    const report = await run({ config: second, source: dies, target, name: "second" });
    expect(report.failed).toBeGreaterThan(0);
    const third = second.replaceAll("200", "300");
    expect((await run({ config: third, source: await input(), target, name: "third" })).errors).toEqual([]);
    expect((await run({ config: second, source: await input(), target, name: "second" })).errors).toEqual([]);
    const tree = await treeOf(target);
    const owner = (id: number) => JSON.parse(tree[`10700/a/TiltSeries/${id}/tiltseries_metadata.json`]!).deposition_id;
    expect([owner(100), owner(101), owner(102)]).toEqual([100, 200, 300]);
    expect(Object.keys(tree).filter((key) => key.startsWith(".emporium/"))).toEqual([]);
  });
});

/** Requests that take turns in another way each time. */
function slowed(store: Store, seed: number): Store {
  let count = seed;
  const wait = async () => {
    for (let turn = (count++ * 7 + seed) % 5; turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    ...store,
    stat: async (key, options) => wait().then(() => store.stat(key, options)),
    write: async (key, body, options) => wait().then(() => store.write(key, body, options)),
    read: async (key, range, options) => wait().then(() => store.read(key, range, options)),
  };
}

describe("stored documents", () => {
  it("of an alignment are written once however often a plan is made", async () => {
    const target = await portal();
    const made = await plan({
      config: second,
      source: await input(),
      target,
      flags: { metadata: ["alignment"], filter: { run: ["a$"] } },
    });
    expect([...documentsOf(made).keys()]).toEqual(["10700/a/Alignments/101/alignment_metadata.json"]);
  });
});
