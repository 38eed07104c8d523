import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../../src/catalog/database.js";
import { type Embedded, openEmbedded } from "../../src/catalog/embedded/embedded.js";
import { migrate } from "../../src/catalog/migrate.js";
import { silentLog } from "../../src/core/log.js";
import { queryDatasets } from "../../src/stations/catalog/query.js";
import { databaseRepository } from "../../src/stations/catalog/rows/database.js";
import type { CatalogRepository } from "../../src/stations/catalog/rows/repository.js";
import { openTestCatalog, type TestCatalog } from "../e2e/catalog-kit.js";
import { giveCluster } from "../e2e/cluster-template.js";
import { open, query } from "../e2e/database-kit.js";
import { memoryRepository } from "../e2e/memory-repository.js";

/** Each has a word that nothing else holds, so that it can be looked for in the server's log. */
const PAYLOADS = [
  "' OR '1'='1",
  "'; DROP TABLE emporium_microscopy.data_set; --",
  "') UNION SELECT rolpassword FROM pg_authid --",
  "1; SELECT pg_sleep(60)",
  '" OR ""="',
  "$1",
  "$$; DELETE FROM emporium_microscopy.frames; $$",
  "\\'; TRUNCATE emporium_microscopy.data_set CASCADE; --",
  "E'\\x27'",
  "U&'\\0027'",
  "/* comment",
  "-- comment",
  "%",
  "_",
  "\\",
  "a\\",
  "*",
  "?| array['a']",
  "::jsonb",
  "@> '{}'",
  "$.** ? (@ == 1)",
  "{a,b}",
  '{"a": {"b": 1}}',
  "[0]",
  "a.b.c",
  "__proto__",
  "constructor",
  "null",
  "true and microscope exists",
  "NaN",
  "line\nbreak\r\ttab",
  "\u202e\u2066reversed",
  "e\u0301 é \u{1f52c} 日本",
  "<script>alert(1)</script>",
  "x".repeat(2_000),
].map((text, n) => `${text} zq${n}zq`);

const serialOf = (n: number) => `HOSTILE-2024-01-02-03-04-05-${String(n).padStart(4, "0")}`;
const quoted = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;

const base = mkdtempSync(join(tmpdir(), "emporium-hostile-"));
let embedded: Embedded;
let database: Database;
/** What a literal search finds, and what the database finds. */
const memory = memoryRepository();
let rows: CatalogRepository;

beforeAll(async () => {
  await giveCluster(base);
  embedded = await openEmbedded({ workspace: base, log: silentLog });
  const { address, cluster } = embedded;
  const url = (role: "emporium" | "emporium_owner") =>
    `postgresql://${role}:${cluster.secrets[role]}@localhost:${address.port}/emporium?host=${encodeURIComponent(address.host)}`;
  // statements are logged and what they are given is not: whatever of a payload stands in the log was part of a statement
  await query(
    url("emporium"),
    "alter database emporium set log_statement = 'all'; alter database emporium set log_parameter_max_length = 0",
  );
  database = await open(url("emporium_owner"));
  await migrate(database);
  rows = databaseRepository(database);
  for (const [n, payload] of PAYLOADS.entries()) {
    for (const repository of [memory, rows]) await insert(repository, n, payload);
  }
});
afterAll(async () => {
  await database?.close();
  await embedded?.leave();
  rmSync(base, { recursive: true, force: true });
});

/** A data set whose every text is the payload: odd ones are files, even ones frames. */
async function insert(repository: CatalogRepository, n: number, payload: string): Promise<void> {
  const dataset = {
    dataset_serial: serialOf(n),
    description: `before ${payload} behind`,
    microscope: payload,
    date_time: "2024-01-02T03:04:05",
    parent: n === 0 ? null : serialOf(n - 1),
  };
  const metadata_json = { text: payload, list: [payload, 1], [payload]: { inner: payload, n } };
  if (n % 2 === 1) {
    const file = { storage_dir: payload, file_name: payload, metadata_json, sha256: payload };
    return repository.insertFile(dataset, file, { overwrite: false });
  }
  const counts = { nbr_frames: 1, nbr_slices: 1, nbr_channels: 1, nbr_timepoints: 1, nbr_positions: 1 };
  const global = { ...counts, storage_dir: payload, im_width: 1, im_height: 1, im_colors: 1, bit_depth: payload, metadata_json };
  const indices = { channel_idx: 0, slice_idx: 0, time_idx: 0, pos_idx: 0 };
  async function* frames() {
    yield { ...indices, channel_name: payload, file_name: payload, sha256: payload, metadata_json };
  }
  return repository.insertFrames(dataset, global, frames(), { overwrite: false });
}

describe("texts that are no texts for who is careless", () => {
  it("are rows like others, and come back as they were", async () => {
    for (const [n, payload] of PAYLOADS.entries()) {
      const [stored, wanted] = [await rows.findDataset(serialOf(n)), await memory.findDataset(serialOf(n))];
      expect(stored?.microscope, payload).toBe(payload);
      expect(stored).toEqual(wanted);
    }
  });

  it("find in every filter what a literal search finds, and nothing else", async () => {
    for (const [n, payload] of PAYLOADS.entries()) {
      const text = quoted(payload);
      const wheres = [
        `microscope = ${text}`,
        `microscope != ${text}`,
        `description contains ${text}`,
        `microscope < ${text}`,
        `parent = ${text}`,
        `file_name = ${text}`,
        `sha256 >= ${text}`,
        `bit_depth = ${text}`,
        `nbr_frames = ${text}`,
        `metadata.text = ${text}`,
        `metadata.text contains ${text}`,
        `metadata.text <= ${text}`,
        `metadata.list contains ${text}`,
        `metadata.list.0 = ${text}`,
        `metadata.${text}.n = ${n}`,
        `metadata.${text}.inner != ${text}`,
        `metadata.${text} exists`,
        `frame.text = ${text}`,
        `frame.${text}.inner contains ${text} and frame.${text}.n = ${n}`,
      ].filter((where) => where.length <= 4_096);
      const questions = [
        { project: payload },
        { microscope: payload },
        { description: payload },
        ...wheres.map((where) => ({ where })),
      ];
      for (const question of questions) {
        const [found, wanted] = await Promise.all([rows, memory].map((repository) => queryDatasets(repository, question)));
        const serials = (report: typeof found) => report!.datasets.map(({ dataset_serial }) => dataset_serial);
        expect(serials(found), JSON.stringify(question)).toEqual(serials(wanted));
      }
      expect((await queryDatasets(rows, { microscope: payload })).datasets.map((row) => row.dataset_serial)).toContain(
        serialOf(n),
      );
      expect(await rows.findDataset(payload)).toBeUndefined();
      expect(await rows.removeDataset(payload)).toBe(false);
      const frames: unknown[] = [];
      for await (const frame of rows.framesOf(serialOf(n), { channels: { names: [payload] } })) frames.push(frame);
      expect(frames).toHaveLength(n % 2 === 0 ? 1 : 0);
    }
    await expect(queryDatasets(rows, { microscope: "a\0b" })).rejects.toMatchObject({ code: "USAGE" });
    await expect(queryDatasets(rows, { where: 'microscope = "\ud800"' })).rejects.toMatchObject({ code: "USAGE" });
    expect((await queryDatasets(rows, {})).datasets).toHaveLength(PAYLOADS.length);
  });

  it("stand in no statement of the server's log", () => {
    const { logs } = embedded.cluster;
    const log = readdirSync(logs)
      .map((name) => readFileSync(join(logs, name), "utf8"))
      .join("\n");
    expect(log.match(/execute <unnamed>/g)?.length).toBeGreaterThan(20 * PAYLOADS.length);
    expect(log.match(/zq\d+zq/g)).toBeNull();
  });
});

describe("tables and configurations of hostile texts", () => {
  let catalog: TestCatalog;
  beforeAll(async () => {
    catalog = await openTestCatalog("local");
    writeFileSync(join(catalog.folder, "plain.bin"), "plain");
  });
  afterAll(() => catalog.close());
  const config = { upload_type: "file", microscope: "m" };
  const row = (more: Record<string, string>) => ({
    dataset_id: serialOf(1),
    file_name: join(catalog.folder, "plain.bin"),
    ...more,
  });
  /** Everything below the folder and beside it but journals and the table itself. */
  const held = () =>
    readdirSync(catalog.folder, { recursive: true, encoding: "utf8" })
      .filter((name) => !/^(?:workspace|files\.csv)/.test(name))
      .sort();

  it("name nothing but data sets by ids of the form, parents that are there, and files that are", async () => {
    const before = held();
    // names of nothing, wherever they lead: what is there may be named
    const nothing = `nothing-${process.pid}-zq`;
    const outside = [`../../${nothing}`, `/${nothing}`, `a/../../${nothing}`, `ISP-2018-06-08-15-45-00-0001/../../${nothing}`];
    for (const payload of [...PAYLOADS, ...outside]) {
      for (const field of ["dataset_id", "file_name", "parent_dataset_id", "positions"]) {
        const report = await catalog.upload([row({ [field]: payload })], config);
        expect([report.exitStatus, report.status], `${field} ${payload}`).toEqual([2, "failed"]);
        expect(report.errors[0]?.code).toMatch(/^(?:CONFIG_(?:FIELD|RULE)|NAME_UNSAFE|LOCATION_UNKNOWN)$/);
        expect(report.errors[0]?.file).toMatch(/files\.csv$/);
      }
    }
    expect(held()).toEqual(before);
  });

  it("describe and name microscopes as they like, but for what no database holds", async () => {
    for (const [n, payload] of PAYLOADS.entries()) {
      const id = serialOf(100 + n);
      expect(
        await catalog.upload([row({ dataset_id: id, description: payload })], { ...config, microscope: payload }),
      ).toMatchObject({
        exitStatus: 0,
      });
      expect(await catalog.repository.findDataset(id)).toMatchObject({ description: payload.trim(), microscope: payload });
    }
    const before = held();
    for (const text of ["a\0b", "half \ud83d of a character"]) {
      // JSON can write half a character, a table cannot
      await expect(catalog.upload([row({ dataset_id: serialOf(900) })], { ...config, microscope: text })).rejects.toMatchObject({
        code: "CONFIG_FIELD",
        message: expect.stringContaining("NUL"),
      });
    }
    const table = await catalog.upload([row({ dataset_id: serialOf(900), description: "a\0b" })], config);
    expect(table.errors).toEqual([expect.objectContaining({ code: "CONFIG_FIELD", line: 2, path: "row 1.description" })]);
    expect(held()).toEqual(before);
  });

  const NAMES = [
    ...[
      "a b",
      "-rf",
      "; touch x",
      "$(id)",
      "`id`",
      "it's",
      'say "x"',
      "line\nbreak",
      "..x",
      "..\\x",
      "C:x",
      "con",
      "x.",
      "[1]*?",
    ],
    ...["{name.constructor}", "%2e%2e%2f", "caf\u00e9", "cafe\u0301", "\u202egnp.exe", "~", "#x?y=1", "&amp;", "*", "__proto__"],
    ...[
      "n".repeat(255),
      ".hidden",
      "...",
      " ",
      "tab\tx",
      "x.part",
      "日本",
      "\u{1f52c}",
      "-",
      "--help",
      "a|b",
      "<x>",
      "'; DROP TABLE x; --",
    ],
  ];

  it("take files of any name, or refuse them before anything is written", async () => {
    const sources = join(catalog.folder, "sources");
    mkdirSync(sources);
    const outside = readdirSync(dirname(catalog.folder));
    let stored = 0;
    for (const [n, name] of NAMES.entries()) {
      const id = serialOf(1000 + n);
      writeFileSync(join(sources, name), `content ${n}`);
      const report = await catalog.upload([{ dataset_id: id, file_name: join(sources, name) }], config);
      if (report.exitStatus !== 0) {
        expect([report.exitStatus, report.errors[0]?.file], name).toEqual([2, expect.stringMatching(/files\.csv$/)]);
        expect(await catalog.repository.findDataset(id)).toBeUndefined();
        continue;
      }
      stored++;
      expect((await catalog.repository.findDataset(id))?.file?.file_name).toBe(name);
      expect((await catalog.download(id, { metadata: false })).exitStatus, name).toBe(0);
      expect(readdirSync(join(catalog.folder, "dest", id))).toContain(name);
      expect(readFileSync(join(catalog.folder, "dest", id, name), "utf8")).toBe(`content ${n}`);
    }
    expect(stored).toBeGreaterThan(NAMES.length / 2);
    // other programs use the same parent: what matters is that nothing of ours is there
    const parent = dirname(catalog.folder);
    const fresh = readdirSync(parent, { withFileTypes: true }).filter((entry) => entry.isFile() && !outside.includes(entry.name));
    expect(
      fresh.filter(({ name }) => readFileSync(join(parent, name), "utf8").startsWith("content ")).map(({ name }) => name),
    ).toEqual([]);
  });
});
