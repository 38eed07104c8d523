import { describe, expect, it } from "vitest";
import type { Store } from "../../src/stores/store.js";
import { plan, RAWTLT, smallConfig, storeOf, tinyMdoc, tinyMrc } from "./ingest-plan-kit.js";

const RUNS = 300;
const FRAMES = 60;

/** 300 runs of 60 frames each, all in shared folders, with all that was acquired and a tomogram. */
async function archive(): Promise<Store> {
  const files: Record<string, string | Uint8Array> = {};
  const [volume, stack, mdoc] = [tinyMrc(6, 4, 2, 10.5), tinyMrc(6, 4, 3, 1.96), tinyMdoc((index) => `frame_${index}.tif`)];
  for (let i = 0; i < RUNS; i++) {
    const name = `TS_${String(i).padStart(3, "0")}`;
    files[`lab/rec/${name}.rec`] = volume;
    files[`lab/st/${name}.st`] = stack;
    files[`lab/st/${name}.rawtlt`] = RAWTLT;
    files[`lab/mdoc/${name}.mdoc`] = mdoc;
    files[`lab/ali/${name}.xf`] = "1 0 0 1 0 0\n".repeat(3);
    files[`lab/ali/${name}.tlt`] = RAWTLT;
    for (let frame = 0; frame < FRAMES; frame++) files[`lab/frames/${name}_${String(frame).padStart(3, "0")}.tif`] = "f";
  }
  files["lab/objects.csv"] = "run_name,object_id\nTS_000,GO:1\n";
  return storeOf(files);
}

const config = smallConfig({
  alignments:
    "[{metadata: {format: IMOD}, sources: [{source_multi_glob: {list_globs: ['ali/{run_name}.xf', 'ali/{run_name}.tlt']}}]}]",
  more: `collection_metadata: [{sources: [{source_glob: {list_glob: 'mdoc/{run_name}.mdoc'}}]}]
frames: [{metadata: {dose_rate: 2, is_gain_corrected: true}, sources: [{source_glob: {list_glob: 'frames/{run_name}_*.tif'}}]}]
tiltseries: [{metadata: {pixel_spacing: 1.96}, sources: [{source_glob: {list_glob: 'st/{run_name}.st'}}]}]
rawtilts: [{sources: [{source_glob: {list_glob: 'st/{run_name}.rawtlt'}}]}]
identified_objects: [{sources: [{source_glob: {list_glob: 'objects.csv'}}]}]
`,
});

/** Notes what is asked of a store, and how many requests are on their way at once. */
function watched(store: Store) {
  const listed = new Map<string, number>();
  const read = new Map<string, number>();
  let inFlight = 0;
  let most = 0;
  const count = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
  const taking = async <T>(work: () => Promise<T>): Promise<T> => {
    most = Math.max(most, ++inFlight);
    // a request takes longer than the one who asks for it
    await new Promise((resolve) => setImmediate(resolve));
    try {
      return await work();
    } finally {
      inFlight--;
    }
  };
  const watching: Store = {
    ...store,
    stat: (key, options) => taking(() => store.stat(key, options)),
    read: (key, range, options) => {
      count(read, key);
      return taking(() => store.read(key, range, options));
    },
    list: (prefix, options) => {
      count(listed, prefix);
      return store.list(prefix, options);
    },
    children: (folder, options) => {
      count(listed, folder);
      return store.children(folder, options);
    },
  };
  return { store: watching, listed, read, most: () => most };
}

describe("a plan of 300 runs of 60 frames", () => {
  it("lists each folder once, reads each small file and header once, many at a time", async () => {
    const source = watched(await archive());
    const target = watched(await storeOf({}, "memory:out"));
    const made = await plan({ config, source: source.store, target: target.store });
    expect(made.failures).toEqual([]);
    expect(made.tasks.filter(({ params }) => params.kind === "frame" && params.source)).toHaveLength(RUNS * FRAMES);
    expect(made.tasks.filter(({ params }) => params.kind === "tiltseries")).toHaveLength(RUNS);

    expect([...source.listed.keys()].sort()).toEqual(
      ["ali", "frames", "mdoc", "rec", "st"]
        .map((name) => `lab/${name}/`)
        .concat("lab/")
        .sort(),
    );
    expect(new Set(source.listed.values())).toEqual(new Set([1]));
    // nothing is there yet: the dataset's folder tells that for all runs
    expect([...target.listed.keys()].sort()).toEqual(["", "10700/", "depositions_metadata/"]);
    expect(new Set(target.listed.values())).toEqual(new Set([1]));
    // 18,000 frames are only copied: no byte of them is read
    expect([...source.read.keys()].some((key) => key.startsWith("lab/frames/"))).toBe(false);
    expect(Math.max(...source.read.values())).toBe(1);
    expect(source.read.size).toBe(6 * RUNS + 1);
    expect(source.most()).toBeGreaterThan(24);
  });
});
