import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { model, sidecar, tomogram } from "../../../examples/archive/model.mjs";
import { put, SIZE } from "../curate-kit.js";
import { newcomer, type Outcome } from "./newcomer.js";

/**
 * From a drive that nobody tidied to a dataset of the runs that the portal lacks: what `curate match` and `curate missing` know of the folders is what
 * `ingest new` obeys, by the command that the former prints.
 */
const person = newcomer();
const SPECIES = "grp_tomo_db1_d3/compute/TomoDB1_d3/FlagellarMotor_P1/Vibrio_cholerae";
const [ON_PORTAL, TWO_LETTERS, UNDECIDED, COPIED] = [
  "mka2019-11-19-65",
  "mk2019-11-19-73",
  "xyz2019-11-19-70",
  "mka2019-11-20-9",
];
const MISSING = ["mka2019-11-20-1", "mka2019-11-20-2"];
const LABELS = { MS: "bacterial-type flagellum basal body, MS ring", hat: "hat-like structure" };

/** A run folder: a tomogram, and models whose objects have a name of their own, as 3dmod's users leave it. */
function runFolder(run: string, files: readonly string[], folder = run): void {
  const seed = Number(/\d+$/.exec(run)![0]);
  for (const [at, file] of files.entries()) {
    const points: [number, number, number][] = [[seed % 30, 2 + at, 3]];
    put(person.at(SPECIES, folder, file), model({ name: "object 1", max: SIZE, pixelNm: 1, points }));
  }
  // called alike in each folder, so only the folder tells the run
  put(person.at(SPECIES, folder, "tomo_full.rec"), tomogram(SIZE, 10, seed));
}

beforeAll(() => {
  runFolder(ON_PORTAL!, ["MS.mod", "hat.mod", "TP.mod"]);
  runFolder(TWO_LETTERS!, ["MS.mod"]);
  runFolder(UNDECIDED!, ["MS.mod"]);
  runFolder(MISSING[0]!, ["MS.mod", "hat.mod", "clusterElong.mod"]);
  runFolder(MISSING[1]!, ["MS.mod", "TP.mod", "x_peak.mod"]);
  runFolder(COPIED!, ["MS.mod"], `paper/${COPIED}`);
  put(person.at(SPECIES, MISSING[0]!, "._MS.mod"), sidecar());
  put(person.at(SPECIES, MISSING[0]!, "MS.mod~"), model({ name: "", max: SIZE, points: [[1, 1, 1]] }));
  put(person.at(SPECIES, MISSING[1]!, "notes.txt"), "grid 3, good ice\n");
  const runs = [ON_PORTAL, "mka2019-11-19-73", "mka2019-11-19-70"].map((name, at) => ({ name, id: at + 1 }));
  put(person.at("portal-runs.json"), JSON.stringify({ 10052: { title: "Motors", organism: "Vibrio cholerae", runs } }));
});
afterAll(() => person.leave());

/** The command that a line of an answer ends with, as a shell reads it. */
function commandIn({ out }: Outcome, wanted: RegExp): string[] {
  const line = out.split("\n").find((one) => wanted.test(one));
  const words = line?.slice(line.search(wanted));
  expect(words, out).toBeDefined();
  return execFileSync("sh", ["-c", `printf '%s\\0' ${words}`], { encoding: "utf8" })
    .split("\0")
    .slice(1, -1);
}

async function done(...words: string[]): Promise<Outcome> {
  const outcome = await person.run(...words);
  expect(outcome.status, `${words.join(" ")}: ${outcome.out}${outcome.err}`).toBe(0);
  return outcome;
}

interface Config {
  runs: { sources: { literal: { value: string[] } }[] }[];
  annotations: { metadata: Metadata; sources: object[] }[];
}
interface Metadata {
  annotation_ingest_id: string;
  annotation_object: { name: string; id: string };
  annotation_software: string;
  ground_truth_status: boolean;
}
const configAt = (name: string) => parse(readFileSync(person.at(name), "utf8")) as Config;
const runsIn = (name: string) => configAt(name).runs.flatMap(({ sources }) => sources.flatMap(({ literal }) => literal.value));

describe("curate missing → ingest new", () => {
  let made: Outcome;

  it("the command that curate missing prints makes the configuration of the runs that it lists", async () => {
    await done("curate", "scan", "grp_tomo_db1_d3");
    expect((await person.run("curate", "match", "grp_tomo_db1_d3", "--runs", "portal-runs.json")).status).toBe(3);
    const told = await done("curate", "missing", "grp_tomo_db1_d3");
    const { out } = await done("curate", "missing", "grp_tomo_db1_d3", "--json");
    const { species } = JSON.parse(out) as { species: { folders: { run: string }[]; places: { portal_runs: number }[] }[] };
    expect(species.flatMap(({ folders }) => folders.map(({ run }) => run))).toEqual(MISSING);
    expect(species.flatMap(({ places }) => places.map((place) => place.portal_runs))).toEqual([2]);
    made = await done(...commandIn(told, /emporium ingest new/));
    expect(runsIn("Vibrio.yaml")).toEqual(MISSING);
  });

  it("it says which folders are left out, and why", () => {
    for (const why of [
      `4 files, such as ${TWO_LETTERS}/MS.mod: ${TWO_LETTERS} is run mka2019-11-19-73 of the portal, dataset 10052`,
      `${UNDECIDED} may be run mka2019-11-19-70 of the portal, dataset 10052: decide it in review_runs.csv beside matching_runs.csv`,
      `${COPIED} is below paper, which curate takes for copies`,
      "a model that a program has made: fiducial markers that were aligned automatically",
      "a model that a program has made: peaks of a template search",
    ])
      expect(made.out).toContain(why);
    expect(made.out).toContain("4 run folders are left out");
    expect(made.out).not.toContain(`${MISSING[0]} is run`);
  });

  it("models mean what curate takes their names for, with the objects of curate package", () => {
    const objects = configAt("Vibrio.yaml").annotations.map(({ metadata }) => metadata.annotation_object.name);
    // TP is a term that the vocabulary knows and does not explain
    expect(objects.sort()).toEqual([...Object.values(LABELS), "TP"].sort());
  });

  it("curate package writes the same objects, by the same vocabulary and profile", async () => {
    put(person.at("ours.yaml"), "objects: {TP: {name: toxin pump, id: GO:0015297}}\nground_truth_status: true\n");
    put(person.at("words.yaml"), "labels: [{name: hat, meaning: hat of the motor, ontology: GO:0005575}]\n");
    const more = ["--profile", "ours.yaml", "--vocabulary", "words.yaml"];
    await done("ingest", "new", "--from", SPECIES, "--matches", "matching_runs.csv", ...more, "--out", "more.yaml");
    for (const label of ["MS", "hat", "TP"]) {
      // a folder that nobody has decided about is listed: 3
      const words = ["--matches", "matching_runs.csv", "--label", label, "--dest", `stapel ${label}`];
      expect((await person.run("curate", "collect", "grp_tomo_db1_d3", ...words)).status, label).toBe(label === "MS" ? 3 : 0);
      await done("curate", "package", `stapel ${label}`, "--dest", `paket ${label}`, ...more);
      const [packaged] = configAt(`paket ${label}/config.yaml`).annotations;
      const found = configAt("more.yaml").annotations.find(
        ({ metadata }) => metadata.annotation_ingest_id === `${label.toLowerCase()}-1`,
      );
      const facts = ({ annotation_object, annotation_software, ground_truth_status }: Metadata) => [
        ...[annotation_object, annotation_software, ground_truth_status],
      ];
      expect(facts(found!.metadata), label).toEqual(facts(packaged!.metadata));
    }
  });

  it("publishes these runs alone, with the points of each", async () => {
    const source = SPECIES;
    await done("ingest", "check", "Vibrio.yaml", "--source", source);
    await done("ingest", "run", "Vibrio.yaml", source, "Neues Portal", "--import-everything");
    const [dataset] = readdirSync(person.at("Neues Portal")).filter((name) => /^\d+$/.test(name));
    expect(readdirSync(person.at("Neues Portal", dataset!)).filter((name) => /\d{4}-\d\d-\d\d/.test(name))).toEqual(MISSING);
    for (const run of MISSING) {
      const folder = person.at("Neues Portal", dataset!, run, "Reconstructions", "VoxelSpacing10.000", "Annotations");
      const files = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith("_point.ndjson"));
      const xs = files.map(
        (name) => (JSON.parse(readFileSync(join(folder, name), "utf8")) as { location: { x: number } }).location.x,
      );
      expect(xs).toEqual([Number(run.at(-1)), Number(run.at(-1))]);
    }
  });

  it("a decision on a match reaches the configuration by the command that was printed before", async () => {
    const again = commandIn(made, /emporium ingest new .*--decisions/);
    const review = readFileSync(person.at("review_runs.csv"), "utf8").split("\n");
    const decided = review.map((line) => line.replace(/^([^,]*),([^,]*),,/, "$1,$2,reject,"));
    put(person.at("decisions.csv"), decided.join("\n"));
    await done("curate", "match", "grp_tomo_db1_d3", "--runs", "portal-runs.json");
    await done(...again);
    expect(runsIn("Vibrio-2.yaml")).toEqual([...MISSING, UNDECIDED]);
    for (const name of ["Vibrio-2.yaml", "Vibrio-2.decisions.yaml"]) rmSync(person.at(name));
    put(person.at("decisions.csv"), decided.join("\n").replace(",reject,", ",accept,"));
    await done("curate", "match", "grp_tomo_db1_d3", "--runs", "portal-runs.json");
    const { out } = await done(...again);
    expect(runsIn("Vibrio-2.yaml")).toEqual(MISSING);
    const leftOut = out.slice(out.indexOf("\nleft out on purpose:\n"));
    expect(leftOut).toContain(
      "\n  5 files, such as mk2019-11-19-73/MS.mod: mk2019-11-19-73 is run mka2019-11-19-73 of the portal, dataset 10052\n",
    );
  });

  it("a folder that was not matched is refused, and so is a table that is gone", async () => {
    put(person.at("elsewhere", "a.mrc"), tomogram(SIZE, 10, 1));
    const other = await person.run("ingest", "new", "--from", "elsewhere", "--matches", "matching_runs.csv", "--out", "x.yaml");
    expect([other.status, other.err]).toEqual([2, expect.stringContaining("none of its")]);
    renameSync(person.at("matching_runs.csv"), person.at("gone.csv"));
    const gone = await person.run("ingest", "new", "--from", SPECIES, "--decisions", "Vibrio.decisions.yaml", "--out", "x.yaml");
    expect([gone.status, gone.err]).toEqual([2, expect.stringContaining("matching_runs.csv")]);
    expect(existsSync(person.at("x.yaml"))).toBe(false);
  });
});
