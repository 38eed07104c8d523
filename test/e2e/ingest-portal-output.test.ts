import { existsSync, readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { parseJson, printJson } from "../../src/core/json.js";
import { cachedListing } from "../../src/stations/ingest/finders/listing.js";
import { readStored } from "../../src/stations/ingest/identifiers.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import type { Store } from "../../src/stores/store.js";
import { REAL_DATA } from "../real-data.js";
import { copyTree, documentsOf, plan, RAWTLT, tinyMdoc, tinyMrc } from "./ingest-plan-kit.js";

const folder = new URL("portal-output/", REAL_DATA);
const present = existsSync(folder);

/** A tree as the portal's own tests have it: some of its documents are cut down to what a test looks at. */
describe.skipIf(!present)("a tree of the portal", () => {
  let target: Store;
  beforeAll(async () => {
    target = memoryStore({ url: "memory:portal" });
    await copyTree(folder, target);
  });

  it("its documents are printed again as they are", () => {
    const files = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith(".json"));
    expect(files.length).toBeGreaterThan(10);
    for (const name of files) {
      const text = readFileSync(new URL(name, folder), "utf8");
      const printed = printJson(parseJson(text));
      expect(JSON.parse(printed), name).toEqual(JSON.parse(text));
      // the same keys in the same order and integers that stay so, whatever blanks and last zeros somebody has put in by hand
      const bare = (json: string) => json.replace(/\s+/g, "").replace(/(\.\d*[1-9])0+(?=[,}\]])/g, "$1");
      expect(bare(printed), name).toBe(bare(text));
    }
  });

  it("its entities are found with their numbers", async () => {
    const ids = async (run: string, kind: Parameters<typeof readStored>[2]) =>
      (await readStored(cachedListing(target), `30001/${run}`, kind)).map(({ id }) => id);
    expect([await ids("RUN1", "tiltseries"), await ids("RUN1", "alignment"), await ids("RUN1", "tomogram")]).toEqual([
      [100],
      [100],
      [100],
    ]);
    expect([await ids("RUN4", "tiltseries"), await ids("RUN2", "tomogram")]).toEqual([[], [100]]);
  });

  it("entities of the same deposition keep their numbers, those of another get the next, runs are only referred to", async () => {
    const source = memoryStore();
    for (const [key, body] of [
      ["st/RUN1.st", tinyMrc(6, 4, 3, 2)],
      ["st/RUN3.st", tinyMrc(6, 4, 3, 2)],
      ["tilt/RUN1.rawtlt", new TextEncoder().encode(RAWTLT)],
      ["mdoc/RUN1.mdoc", new TextEncoder().encode(tinyMdoc())],
    ] as const)
      await source.write(key, body);
    const config = (deposition: number) => `version: 1.3.0
standardization_config: {deposition_id: ${deposition}, source_prefix: ''}
depositions: [{sources: [{literal: {value: [${deposition}]}}]}]
datasets: [{sources: [{destination_glob: {list_glob: '{output_path}/30001'}}]}]
runs: [{sources: [{destination_glob: {list_glob: '{dataset_output_path}/*'}}]}]
tiltseries: [{metadata: {pixel_spacing: 2.0}, sources: [{source_glob: {list_glob: 'st/{run_name}.st'}}]}]
`;
    const keys = async (deposition: number) => [
      ...documentsOf(
        await plan({ config: config(deposition), source, target, flags: { metadata: ["tiltseries", "run"] } }),
      ).keys(),
    ];
    const owner = JSON.parse(
      readFileSync(new URL("30001/RUN1/TiltSeries/100/tiltseries_metadata.json", folder), "utf8"),
    ).deposition_id;
    expect(await keys(Number(owner))).toContain("30001/RUN1/TiltSeries/100/tiltseries_metadata.json");
    expect(await keys(99)).toEqual(["RUN1", "RUN3"].map((run) => `30001/${run}/TiltSeries/101/tiltseries_metadata.json`));
  });
});
