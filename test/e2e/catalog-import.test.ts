import { spawn } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.js";
import { silentLog } from "../../src/core/log.js";
import type { RunEvent } from "../../src/engine/events.js";
import { importTree } from "../../src/stations/catalog/portal-import/portal-import.js";
import type { ImportReport } from "../../src/stations/catalog/portal-import/report.js";
import { fileStore } from "../../src/stores/file/store.js";
import { open, query, SERVERS, type TestServer } from "./database-kit.js";
import { HTTPS, load, questions, S3 } from "./import-kit.js";
import { removeTempFolders, tempFolder } from "./ingest-run-kit.js";
import { ingestedLab, type Loose } from "./validate-kit.js";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

const IMPORT_SESSIONS = `select count(*)::int as n from pg_stat_activity
  where application_name = 'emporium catalog import' and datname = current_database()`;
let lab: string;
beforeAll(async () => {
  lab = (await ingestedLab(["imod", "sim", "annotations"])).output;
}, 180_000);
afterAll(removeTempFolders);

/** The laboratory's tree, for a test to change. */
function copyOfLab(): string {
  const folder = join(tempFolder(), "tree");
  cpSync(lab, folder, { recursive: true });
  return folder;
}

function json(folder: string, key: string): Loose {
  return JSON.parse(readFileSync(join(folder, key), "utf8"));
}

function change(folder: string, key: string, edit: (value: Loose) => void): void {
  const value = json(folder, key);
  edit(value);
  writeFileSync(join(folder, key), JSON.stringify(value));
}

/** Of a report, what an import changed: `Run: 1 inserted`. */
function changes({ rows }: ImportReport): string[] {
  return Object.entries(rows).flatMap(([name, counts]) =>
    (["inserted", "updated", "removed"] as const)
      .filter((kind) => counts[kind] > 0)
      .map((kind) => `${name}: ${counts[kind]} ${kind}`),
  );
}

describe.each(SERVERS)("import of a standardised tree into $name", ({ name, absent, start }) => {
  if (absent) {
    it("runs the same tests", (context) => context.skip(absent));
    return;
  }
  let server: TestServer;
  beforeAll(async () => {
    server = await start();
  });
  const { select, end } = questions();
  afterAll(async () => {
    await end();
    await server?.stop();
  });

  const makeCatalog = () => server.makeCatalog();
  let imported: Promise<string> | undefined;
  /** A catalogue that has the laboratory's tree already. */
  async function importedLab(): Promise<string> {
    imported ??= makeCatalog().then(async (url) => {
      await load(url, lab);
      return url;
    });
    return server.copyOf(await imported);
  }

  /** Every row of every table, for comparing two states of a database. */
  async function everything(url: string): Promise<Record<string, unknown[]>> {
    const tables = await select(url, "select tablename as name from pg_tables where schemaname = 'emporium_portal' order by 1");
    const state: Record<string, unknown[]> = {};
    for (const { name } of tables) state[String(name)] = await select(url, `select * from ${name} order by id`);
    return state;
  }

  describe("of some kinds, and of some datasets", () => {
    const of = (report: ImportReport) => [...new Set(changes(report).map((line) => line.split(":")[0]))].sort();

    it("seam 27: writes rows of these kinds alone, and takes those of others for neither changed nor vanished", async () => {
      const url = await importedLab();
      const tree = copyOfLab();
      const keys = readdirSync(tree, { recursive: true, encoding: "utf8" }).map((key) => key.replaceAll("\\", "/"));
      const first = (pattern: RegExp) => keys.filter((key) => pattern.test(key)).sort()[0]!;
      const note = first(/Annotations\/[^/]+\/[^/]*[0-9]\.json$/);
      const run = note.split("/").slice(0, 2).join("/");
      change(tree, note, (document) => {
        document.annotation_method = "looked at again";
        document.authors = [];
      });
      // of the same run: a tomogram that has changed, and all else gone
      change(tree, first(new RegExp(`^${run}/.*/tomogram_metadata.json$`)), (document) => {
        document.processing_software = "another";
      });
      for (const gone of ["Alignments", "TiltSeries", "Frames"]) rmSync(join(tree, run, gone), { recursive: true, force: true });
      const before = await everything(url);

      const report = await load(url, tree, { kinds: ["annotations"] });
      expect([report.exitStatus, changes(report)]).toEqual([0, expect.arrayContaining(["Annotation: 1 updated"])]);
      expect(of(report).filter((name) => !/^(?:Annotation|AnnotationFile|AnnotationShape|Dataset)$/.test(name!))).toEqual([]);
      const after = await everything(url);
      for (const name of ["annotation_author", "tomogram", "alignment", "tiltseries", "frame", "deposition"]) {
        expect(after[name], name).toEqual(before[name]);
      }
      // an alignment that is not imported is still the one that annotations name, while its row is there
      expect((await load(url, tree, { kinds: ["annotations"] })).runs).toMatchObject({ imported: 0, failed: 0 });

      const whole = await load(url, tree);
      expect(of(whole)).toEqual(expect.arrayContaining(["Alignment", "AnnotationAuthor", "Tiltseries", "Tomogram"]));
      const fresh = await makeCatalog();
      await load(fresh, tree);
      const counts = async (at: string) =>
        Object.entries(await everything(at)).map(([name, rows]) => `${name} ${name === "deposition" ? "" : rows.length}`);
      expect(await counts(url)).toEqual(await counts(fresh));
    });

    it("seam 27: chooses datasets by expressions from the start of their names, and says which matched nothing", async () => {
      const datasets = readdirSync(lab)
        .filter((name) => /^\d+$/.test(name))
        .sort();
      const [one, ...others] = datasets;
      const ids = async (url: string) => (await select(url, "select id from dataset order by 1")).map(({ id }) => String(id));
      const url = await makeCatalog();
      const filter = [`${one!.slice(0, -1)}${one!.at(-1)}$`, "99999"];
      const report = await load(url, lab, { expressions: { filter }, kinds: ["runs", "dataset-authors"] });
      expect(await ids(url)).toEqual([one]);
      expect(report.warnings).toContain("--filter-datasets 99999: no dataset's name begins so");
      expect(Object.keys(report.rows).sort()).toEqual([
        "Dataset",
        "DatasetAuthor",
        "Deposition",
        "DepositionAuthor",
        "DepositionType",
        "Run",
      ]);
      await load(url, lab, { expressions: { exclude: [one!] }, kinds: ["depositions"] });
      expect(await ids(url)).toEqual([one, ...others]);
      await expect(load(url, lab, { expressions: { exclude: ["\\d"] } })).rejects.toMatchObject({ code: "STORE_ABSENT" });
      await expect(load(url, lab, { expressions: { filter: ["("] } })).rejects.toMatchObject({ code: "CONFIG_REGEX" });
    });
  });

  describe("the laboratory's tree", () => {
    const RUN = "10401/TS_0001";
    let faulty: { url: string; tree: string };
    beforeAll(async () => {
      faulty = { url: await makeCatalog(), tree: copyOfLab() };
    });

    it("gives what its documents and files say, and the second time nothing", async () => {
      const url = await makeCatalog();
      const first = await load(url, lab);
      expect([first.errors, first.runs]).toEqual([[], { imported: 3, unchanged: 0, failed: 0, removed: 0 }]);
      expect(await select(url, "select name, dataset_id from run order by id")).toEqual([
        { name: "TS_0001", dataset_id: 10401 },
        { name: "TS_0002", dataset_id: 10401 },
        { name: "TS_1", dataset_id: 10405 },
      ]);
      // 64 × 56 × 32 voxels and a header; projections are 64 × 48 × 7
      const sizes = await select(
        url,
        `select t.file_size_mrc as tomogram, s.file_size_mrc as tiltseries, t.file_size_omezarr as zarr from tomogram t
           join run on run.id = t.run_id join tiltseries s on s.run_id = run.id where run.name = 'TS_0001' order by t.id limit 1`,
      );
      expect(sizes[0]).toEqual({
        tomogram: 1024 + 4 * 64 * 56 * 32,
        tiltseries: 1024 + 4 * 64 * 48 * 7,
        zarr: expect.any(Number),
      });
      const objects = await select(url, "select object_id, object_name, object_state from identified_object order by object_id");
      expect(objects[0]).toEqual({ object_id: "GO:0005739", object_name: "mitochondrion", object_state: "active" });
      const late = await select(
        url,
        "select distinct source from annotation_file f join annotation_shape s on s.id = annotation_shape_id join annotation a on a.id = annotation_id where a.deposition_id = 10306",
      );
      expect(late).toEqual([{ source: "community" }]);
      const before = await everything(url);
      const second = await load(url, lab);
      expect([changes(second), second.runs]).toEqual([[], { imported: 0, unchanged: 3, failed: 0, removed: 0 }]);
      expect(second.rows.Annotation).toEqual({ inserted: 0, updated: 0, removed: 0, unchanged: first.rows.Annotation?.inserted });
      const third = await load(url, lab, { again: true });
      expect([changes(third), third.runs.imported]).toEqual([[], 3]);
      expect(await everything(url)).toEqual(before);
    });

    it("is the same from two imports at once", async () => {
      const url = await makeCatalog();
      const reports = await Promise.all([load(url, lab), load(url, lab), load(url, lab, { jobs: 1 })]);
      expect(reports.flatMap(({ errors }) => errors)).toEqual([]);
      const other = await makeCatalog();
      const alone = await load(other, lab);
      const sums = (all: ImportReport[]) =>
        Object.keys(alone.rows).map((name) => [
          name,
          all.reduce((sum, { rows }) => sum + (rows[name as "Run"]?.inserted ?? 0), 0),
        ]);
      expect(sums(reports)).toEqual(sums([alone]));
      const lengths = async (of: string) => Object.entries(await everything(of)).map(([name, rows]) => [name, rows.length]);
      expect(await lengths(url)).toEqual(await lengths(other));
      expect(changes(await load(url, lab, { again: true }))).toEqual([]);
    });

    // what follows is the same code on the same kind of tables
    if (name !== SERVERS[0]!.name && process.env.EMPORIUM_THOROUGH !== "1") return;

    it("costs a run that has not changed no statement", async () => {
      const url = await importedLab();
      const database = await open(url, "writer");
      const asked: string[] = [];
      const executor = database.db.getExecutor();
      const compiled = executor.executeQuery.bind(executor);
      executor.executeQuery = (query, ...rest) => {
        asked.push(query.sql);
        return compiled(query, ...rest);
      };
      const prefixes = { s3: S3, https: HTTPS };
      const report = await importTree({ store: fileStore(lab), database, prefixes, clock: systemClock, log: silentLog });
      await database.close();
      expect(report.runs.unchanged).toBe(3);
      // what stands before keys is noted; for each dataset: what was seen of it and of its runs, which runs there are, its size; for each deposition: what was seen
      expect(asked).toHaveLength(1 + 2 * 4 + 3);
    });

    it("follows one document, with its row's number kept", async () => {
      const url = await makeCatalog();
      const tree = copyOfLab();
      await load(url, tree);
      const before = await everything(url);
      change(tree, `${RUN}/TiltSeries/100/tiltseries_metadata.json`, (value) => {
        value.camera.model = "FALCON 5";
        value.per_section_parameter.pop();
      });
      const report = await load(url, tree);
      expect(changes(report)).toEqual(["Dataset: 1 updated", "Tiltseries: 1 updated", "PerSectionParameters: 1 removed"]);
      expect(report.runs).toEqual({ imported: 1, unchanged: 2, failed: 0, removed: 0 });
      const after = await everything(url);
      const { id } = (before.tiltseries as Loose[]).find(({ s3_mrc_file }) => s3_mrc_file.includes(RUN));
      const row = (state: typeof before) => (state.tiltseries as Loose[]).find((row) => row.id === id);
      expect(row(after)).toEqual({ ...row(before), camera_model: "FALCON 5" });
      expect({ ...after, tiltseries: [], per_section_parameters: [], dataset: [] }).toEqual({
        ...before,
        tiltseries: [],
        per_section_parameters: [],
        dataset: [],
      });
    });

    it("removes with a file, a spacing or a run all that was theirs, and nothing else", async () => {
      const url = await importedLab();
      const tree = copyOfLab();
      const without = (folder: string) => {
        rmSync(join(tree, folder), { recursive: true });
        return load(url, tree);
      };
      const annotations = `${RUN}/Reconstructions/VoxelSpacing13.480/Annotations`;
      const first = await without(`${annotations}/100`);
      expect(changes(first)).toEqual([
        "Dataset: 1 updated",
        "Annotation: 1 removed",
        "AnnotationAuthor: 1 removed",
        "AnnotationShape: 1 removed",
        "AnnotationFile: 1 removed",
      ]);
      await without(`${RUN}/Reconstructions/VoxelSpacing13.480`);
      const counts = await select(
        url,
        `select (select count(*)::int from tomogram where run_id = run.id) as tomograms, (select count(*)::int from annotation where run_id = run.id) as annotations,
           (select count(*)::int from alignment where run_id = run.id) as alignments from run where name = 'TS_0001'`,
      );
      expect(counts).toEqual([{ tomograms: 0, annotations: 0, alignments: 1 }]);
      const last = await without("10401/TS_0002");
      expect([last.runs.removed, last.rows.Run?.removed]).toEqual([1, 1]);
      // what is left is what a new import gives
      const other = await makeCatalog();
      await load(other, tree);
      const left = Object.fromEntries(Object.entries(await everything(url)).map(([name, rows]) => [name, rows.length]));
      const made = Object.fromEntries(Object.entries(await everything(other)).map(([name, rows]) => [name, rows.length]));
      expect(left).toEqual(made);
      expect(await select(url, "select file_size from dataset order by id")).toEqual(
        await select(other, "select file_size from dataset order by id"),
      );
    });

    it("keeps two annotations of one id at two spacings, two tomograms that differ by alignment, and two tilt series", async () => {
      const url = await makeCatalog();
      const tree = copyOfLab();
      const reconstructions = join(tree, RUN, "Reconstructions");
      cpSync(join(reconstructions, "VoxelSpacing13.480"), join(reconstructions, "VoxelSpacing6.740"), { recursive: true });
      cpSync(join(tree, RUN, "Alignments/100"), join(tree, RUN, "Alignments/101"), { recursive: true });
      cpSync(join(tree, RUN, "TiltSeries/100"), join(tree, RUN, "TiltSeries/101"), { recursive: true });
      const tomograms = `${RUN}/Reconstructions/VoxelSpacing13.480/Tomograms`;
      cpSync(join(tree, tomograms, "100"), join(tree, tomograms, "999"), { recursive: true });
      change(tree, `${tomograms}/999/tomogram_metadata.json`, (value) => {
        value.alignment_metadata_path = `${RUN}/Alignments/101/alignment_metadata.json`;
      });
      expect((await load(url, tree)).errors).toEqual([]);
      const twice = await select(
        url,
        `select annotation_ingest_id from annotation a join run on run.id = run_id where run.name = 'TS_0001' group by 1, a.deposition_id
           having count(distinct tomogram_voxel_spacing_id) <> 2`,
      );
      expect(twice).toEqual([]);
      const [counts] = await select(
        url,
        `select (select count(*)::int from tiltseries where run_id = run.id) as tiltseries, (select count(*)::int from alignment where run_id = run.id) as alignments,
           (select count(distinct alignment_id)::int from tomogram where run_id = run.id) as used from run where name = 'TS_0001'`,
      );
      expect(counts).toEqual({ tiltseries: 2, alignments: 2, used: 2 });
      const state = await everything(url);
      expect(changes(await load(url, tree, { again: true }))).toEqual([]);
      expect(await everything(url)).toEqual(state);
    });

    it("sums a volume by its very name, whatever begins alike", async () => {
      const url = await makeCatalog();
      const tree = copyOfLab();
      const key = `${RUN}/TiltSeries/100/TS_0001.zarr`;
      await load(url, tree, { datasets: ["10401"] });
      const size = "select file_size_omezarr as size from tiltseries t join run on run.id = run_id where name = 'TS_0001'";
      const before = await select(url, size);
      mkdirSync(join(tree, `${key}.old`));
      writeFileSync(join(tree, `${key}.old`, "0"), "x".repeat(1000));
      await load(url, tree, { datasets: ["10401"] });
      expect(await select(url, size)).toEqual(before);
      appendFileSync(join(tree, key, ".zattrs"), " ");
      await load(url, tree, { datasets: ["10401"] });
      expect(await select(url, size)).toEqual([{ size: Number(before[0]!.size) + 1 }]);
    });

    it("lets a run whose document is broken be as it was, and does the others", async () => {
      const url = await importedLab();
      const tree = copyOfLab();
      const before = await everything(url);
      const bad = `${RUN}/Alignments/100/alignment_metadata.json`;
      writeFileSync(join(tree, bad), '{"format": "IMOD",');
      change(tree, "10401/TS_0002/TiltSeries/100/tiltseries_metadata.json", (value) => {
        value.tilt_step = 4;
      });
      change(tree, "10405/TS_1/TiltSeries/100/tiltseries_metadata.json", (value) => {
        value.microscope.manufacturer = "Zeiss";
      });
      const report = await load(url, tree);
      expect([report.status, report.exitStatus]).toEqual(["partly", 3]);
      expect(report.runs).toEqual({ imported: 1, unchanged: 0, failed: 2, removed: 0 });
      expect(report.errors).toEqual([
        expect.objectContaining({ code: "FORMAT_CORRUPT", file: join(tree, bad), line: 1, column: 19, hint: expect.any(String) }),
        expect.objectContaining({
          code: "FORMAT_FIELD",
          message: 'expected one of FEI, TFS, JEOL, SIMULATED, found "Zeiss"',
          file: join(tree, "10405/TS_1/TiltSeries/100/tiltseries_metadata.json"),
          path: "microscope.manufacturer",
        }),
      ]);
      const after = await everything(url);
      expect({ ...after, tiltseries: [], dataset: [] }).toEqual({ ...before, tiltseries: [], dataset: [] });
    });

    it.each([
      ["a date of another form", "dates.release_date", "2024-3-1", "a date as 2024-03-01"],
      ["a date that there is not", "dates.release_date", "2023-02-29", "a date as 2024-03-01"],
      ["a text where a number belongs", "size.x", "wide", "a whole number of at most 31 bits"],
      ["a number that no column holds", "size.y", 2 ** 31, "a whole number of at most 31 bits"],
      ["a NUL", "processing_software", "a\0b", "a text that a database takes, without NUL and half characters"],
      ["half a character", "reconstruction_software", "\ud800", "a text that a database takes, without NUL and half characters"],
      ["an unknown word", "processing", "sharpened", "one of denoised, filtered, raw, filtered_even, filtered_odd"],
      ["an object", "reconstruction_software", { a: 1 }, "a text"],
    ])("names %s with file, place and wish", async (_, path, value, wanted) => {
      const key = `${RUN}/Reconstructions/VoxelSpacing13.480/Tomograms/100/tomogram_metadata.json`;
      const whole = readFileSync(join(faulty.tree, key));
      change(faulty.tree, key, (document) => {
        const names = path.split(".");
        const last = names.pop()!;
        names.reduce((inner, name) => inner[name], document)[last] = value;
      });
      const report = await load(faulty.url, faulty.tree, { datasets: ["10401"] });
      writeFileSync(join(faulty.tree, key), whole);
      expect(report.errors).toEqual([
        expect.objectContaining({
          code: "FORMAT_FIELD",
          message: expect.stringMatching(`^expected ${wanted}, found `),
          file: join(faulty.tree, key),
          path,
        }),
      ]);
      expect(await select(faulty.url, "select name from run")).toEqual([{ name: "TS_0002" }]);
    });

    it("takes a run's new folder as the same run, and refuses the name in two folders", async () => {
      const url = await importedLab();
      const tree = copyOfLab();
      const [{ id }] = (await select(url, "select id from run where name = 'TS_0002'")) as [{ id: number }];
      renameSync(join(tree, "10401/TS_0002"), join(tree, "10401/moved"));
      const moved = await load(url, tree);
      expect([moved.runs.removed, moved.errors]).toEqual([0, []]);
      const rows = await select(url, "select id, s3_prefix from run where name = 'TS_0002'");
      expect(rows).toEqual([{ id, s3_prefix: `${S3}/10401/moved/` }]);
      cpSync(join(tree, "10401/moved"), join(tree, "10401/twin"), { recursive: true });
      const twin = await load(url, tree);
      expect(twin.errors).toEqual([
        expect.objectContaining({ code: "FORMAT_FIELD", file: join(tree, "10401/twin/run_metadata.json"), path: "run_name" }),
      ]);
      expect(await select(url, "select id from run where name = 'TS_0002'")).toEqual([{ id }]);
    });

    it("holds a run wholly or not at all when the process is killed in the middle of it, and the next import ends it", async () => {
      expect(existsSync(program), "npm run build was run").toBe(true);
      const url = await makeCatalog();
      // whoever writes an annotation waits for this session, in the middle of its run
      const holder = await open(url);
      const session = await holder.pool.connect();
      await session.query("begin; lock table emporium_portal.annotation in share row exclusive mode");
      const words = [
        "catalog",
        "import",
        lab,
        "--dataset",
        "10401",
        "--s3-prefix",
        S3,
        "--https-prefix",
        HTTPS,
        "--workspace",
        tempFolder(),
      ];
      const child = spawn(process.execPath, [program, ...words], {
        env: { ...process.env, EMPORIUM_DATABASE_URL: url },
        stdio: "ignore",
      });
      const ended = new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)));
      const waiting =
        "select count(*)::int as n from pg_locks where not granted and relation = 'emporium_portal.annotation'::regclass";
      for (let n = 0; n < 1200; n++) {
        const [row] = await query(url, waiting);
        if (row?.n === 2) break;
        await systemClock.sleep(25);
      }
      expect(await query(url, waiting)).toEqual([{ n: 2 }]);
      child.kill("SIGKILL");
      expect(await ended).toBe("SIGKILL");
      await session.query("rollback");
      session.release();
      await holder.close();
      // the server notices that nobody is there when it wants to answer
      for (let n = 0; n < 400 && (await query(url, IMPORT_SESSIONS))[0]?.n !== 0; n++) await systemClock.sleep(25);
      for (const table of ["run", "frame", "tiltseries", "tomogram", "annotation"])
        expect(await select(url, `select 1 from ${table}`), table).toEqual([]);
      expect(await select(url, "select id from dataset")).toEqual([{ id: 10401 }]);
      const report = await load(url, lab, { datasets: ["10401"] });
      expect([report.errors, report.runs.imported, report.rows.Dataset]).toEqual([
        [],
        2,
        expect.objectContaining({ inserted: 0 }),
      ]);
      expect(changes(await load(url, lab, { datasets: ["10401"], again: true }))).toEqual([]);
    });

    it("tells how far it is, by runs", async () => {
      const events: RunEvent[] = [];
      const url = await makeCatalog();
      await load(url, lab, { datasets: ["10401"], jobs: 1, onEvent: (event) => events.push(event) });
      await load(url, lab, { jobs: 1, onEvent: (event) => events.push(event) });
      const told = events.map((event) =>
        event.kind === "plan"
          ? `plan ${event.tasks}`
          : event.kind === "settled"
            ? `${event.state} ${event.task.title}`
            : event.kind === "start"
              ? "start"
              : event.kind,
      );
      // folders of pictures are counted, as nobody has looked into them yet
      const [first, second] = ["10401", "10405"].map((name) => readdirSync(join(lab, name), { withFileTypes: true }));
      const folders = (entries: typeof first) => entries!.filter((entry) => entry.isDirectory()).length;
      expect(told.filter((text) => text !== "start")).toEqual([
        `plan ${folders(first)}`,
        ...["TS_0001", "TS_0002"].map((name) => `done 10401/${name}`),
        "end",
        `plan ${folders(first) + folders(second)}`,
        ...["TS_0001", "TS_0002"].map((name) => `already 10401/${name}`),
        "done 10405/TS_1",
        "end",
      ]);
      expect(told.filter((text) => text === "start")).toHaveLength(5);
    });

    it("is imported by depositions and datasets that are named, and by nothing else", async () => {
      const url = await makeCatalog();
      const one = await load(url, lab, { depositions: [10306] });
      expect(Object.keys(one.rows)).toEqual(["Deposition", "DepositionAuthor", "DepositionType"]);
      expect(await select(url, "select id from deposition")).toEqual([{ id: 10306 }]);
      await load(url, lab, { datasets: ["10405"] });
      expect(await select(url, "select id from dataset")).toEqual([{ id: 10405 }]);
      const none = await load(url, lab, { datasets: ["1040"] });
      expect([none.exitStatus, none.errors]).toEqual([3, [expect.objectContaining({ code: "STORE_ABSENT" })]]);
      await expect(load(url, dirname(program))).rejects.toMatchObject({ code: "STORE_ABSENT" });
    });
  });
});
