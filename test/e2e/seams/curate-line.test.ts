import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tomogram } from "../../../examples/archive/model.mjs";
import { giveCluster } from "../cluster-template.js";
import { portalRuns, put, SIZE, SPACING, smallArchive } from "../curate-kit.js";
import { freePort, newcomer, type Outcome } from "./newcomer.js";

/** From an old drive to the portal that has its runs, with the words that a newcomer types; and to one that has not. */
const port = await freePort();
const address = `http://127.0.0.1:${port}`;
/** As `serve` prints it for AWS programs. */
const person = newcomer({ AWS_ENDPOINT_URL_S3: `${address}/s3` });
const [A, B] = ["mka2019-11-19-65", "qya2015-11-19-14"];
const DRIVE = "grp_tomo_db1_d3";
const said = ({ status, out, err }: Outcome) => `${status}\n${out}${err}`;
const config = `version: 1.3.0
standardization_config: {deposition_id: 10001, source_prefix: rec}
depositions: [{sources: [{literal: {value: [10001]}}]}]
datasets: [{sources: [{literal: {value: ['10052']}}]}]
runs: [{sources: [{literal: {value: [${A}, ${B}]}}]}]
voxel_spacings: [{sources: [{literal: {value: [${SPACING}]}}]}]
tomograms:
  - metadata:
      voxel_spacing: ${SPACING}
      fiducial_alignment_status: NON_FIDUCIAL
      ctf_corrected: false
      reconstruction_method: WBP
      reconstruction_software: IMOD
      processing: raw
      tomogram_version: 1
      offset: {x: 0, y: 0, z: 0}
      is_visualization_default: true
      authors: [{name: Ada Lovelace, primary_author_status: true, corresponding_author_status: true}]
      dates: {deposition_date: 2026-01-01, release_date: 2026-01-02, last_modified_date: 2026-01-02}
    sources: [{source_glob: {list_glob: '{run_name}.rec'}}]
`;

async function done(...words: string[]): Promise<Outcome> {
  const outcome = await person.run(...words);
  expect(outcome.status, `${words.join(" ")}: ${said(outcome)}`).toBe(0);
  return outcome;
}

beforeAll(async () => {
  const archive = smallArchive([
    { run: A, points: [[1.5, 2, 3]] },
    { run: B, points: [[4, 5, 6]] },
  ]);
  renameSync(join(archive, DRIVE), person.at(DRIVE));
  portalRuns(person.folder, {
    10052: [
      { name: A, id: 6501 },
      { name: B, id: 7250 },
    ],
  });
  for (const run of [A, B]) put(person.at("tomogramme", "rec", `${run}.rec`), tomogram(SIZE, SPACING, 7));
  put(person.at("portal.yaml"), config);
  const wanted = ["runs", "tomograms", "alignments"].map((what) => `--import-${what}`);
  const documents = ["run", "tomogram", "alignment"].map((what) => `--import-${what}-metadata`);
  await done("ingest", "run", "portal.yaml", "tomogramme", "Das Portal", ...wanted, ...documents);
});
afterAll(() => person.leave());

describe("curate scan → match → collect → package → check → run", () => {
  it("go through twice, collect stopped in the middle", async () => {
    const collect = ["curate", "collect", DRIVE, "--matches", "matching_runs.csv", "--label", "MS", "--dest", "stapel"];
    const stopped = [0];
    for (const again of [1, 2]) {
      await done("curate", "scan", DRIVE);
      await done("curate", "match", DRIVE, "--runs", "portal-runs.json");
      if (again === 1) {
        const outcome = await person.stop(() => existsSync(person.at("stapel")), ...collect);
        stopped.push(outcome.status ?? -1);
      }
      await done(...collect);
      await done("curate", "package", "stapel", "--dest", "paket", "--tree", "Das Portal");
      await done("ingest", "check", "paket/config.yaml");
    }
    expect([0, 130]).toContain(stopped.at(-1));
  });

  it("into the portal that has the runs, twice; what was there stays", async () => {
    const before = readFileSync(person.at("Das Portal", "10052", A, "run_metadata.json"), "utf8");
    const run = ["ingest", "run", "paket/config.yaml", "paket", "Das Portal", "--import-everything"];
    await done(...run);
    expect((await done(...run)).out).toMatch(/0 done, \d+ already there, 0 failed/);
    expect(readFileSync(person.at("Das Portal", "10052", A, "run_metadata.json"), "utf8")).toBe(before);
    const folder = person.at("Das Portal", "10052", A, "Reconstructions", "VoxelSpacing10.000", "Annotations", "100");
    const points = readdirSync(folder).find((name) => name.endsWith("_point.ndjson"))!;
    expect(JSON.parse(readFileSync(join(folder, points), "utf8"))).toMatchObject({ location: { x: 1.5, y: 2, z: 3 } });
  });

  it("into a portal that has them not: the dataset is named, nothing is made", async () => {
    const { status, err } = await person.run(
      "ingest",
      "run",
      "paket/config.yaml",
      "paket",
      "Leeres Portal",
      "--import-everything",
    );
    expect(status).toBe(2);
    expect(err).toContain("has no dataset 10052");
    expect(existsSync(person.at("Leeres Portal"))).toBe(false);
  });
});

describe("a portal that is served", () => {
  beforeAll(async () => {
    await giveCluster(person.at(".emporium"));
    const dataset = {
      deposition_id: 10001,
      dataset_identifier: 10052,
      dataset_title: "Drehende Motoren",
      authors: [{ name: "Ada Lovelace" }],
    };
    writeFileSync(person.at("Das Portal", "10052", "dataset_metadata.json"), JSON.stringify(dataset));
    const { printed } = await person.start(/viewer\/\n/, "serve", "Das Portal", "--port", String(port));
    expect(printed()).toContain(`AWS_ENDPOINT_URL_S3=${address}/s3\n`);
    expect(printed()).toContain(`\n  ${address}/\n`);
  }, 60_000);

  it("its printed address is one of a portal, for match as for export", async () => {
    await done("curate", "scan", DRIVE);
    for (const name of [address, `${address}/`, `${address}/graphql`]) {
      await done("curate", "match", DRIVE, "--runs", name, "--out", "served/matching_runs.csv");
      // run, run of the portal, rule and status as in the file of runs; the numbers are the server's own
      const rows = readFileSync(person.at("served", "matching_runs.csv"), "utf8").trim().split("\n").slice(1);
      expect(rows.map((row) => row.split(",")).map((cells) => [cells[0], cells[1], cells[4], cells[6], cells[7]])).toEqual(
        [A, B].map((run) => [run, run, "exact", "matched", "10052"]),
      );
    }
    await done("catalog", "export", "copick", address, "--out", "copick.json");
  });

  it("its bucket is downloaded unsigned from the server that the variable names", async () => {
    for (const again of ["fetched", "present"]) {
      const { out } = await done("harvest", "download", "s3://portal/10052/", "--anonymous", "--dest", "kopie", "--json");
      expect((JSON.parse(out) as Record<string, number>)[again]).toBeGreaterThan(5);
    }
    const files = (folder: string) => (readdirSync(folder, { recursive: true }) as string[]).sort();
    expect(files(person.at("kopie", "10052"))).toEqual(files(person.at("Das Portal", "10052")));
    const document = ["10052", A, "run_metadata.json"];
    expect(readFileSync(person.at("kopie", ...document))).toEqual(readFileSync(person.at("Das Portal", ...document)));
  });

  it("its /files lists no folder, which every command says that looks for a tree there", async () => {
    const files = `${address}/files`;
    for (const words of [
      ["verify", files],
      ["ingest", "validate", "standardized", files],
      ["catalog", "import", files],
      ["catalog", "export", "copick", files, "--out", "none.json"],
      ["publish", "tree", files, "nirgends"],
      ["curate", "package", "stapel", "--dest", "paket 2", "--tree", files],
    ]) {
      const outcome = await person.run(...words);
      expect([words[0], outcome.status]).not.toEqual([words[0], 0]);
      expect(outcome.err, words.join(" ")).toContain("hint: ");
      expect(outcome.err, words.join(" ")).toContain("a folder of a web server must show its list of files");
    }
    // a folder that is empty is told as before
    mkdirSync(person.at("leer"));
    expect((await person.run("verify", "leer")).err).not.toContain("web server");
  });
});
