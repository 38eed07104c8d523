import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "../../src/catalog/migrate.js";
import { manualClock } from "../../src/core/clock.js";
import { seededRandom } from "../../src/core/random.js";
import { type CatalogDownloadOptions, downloadDataset } from "../../src/stations/catalog/download/download.js";
import { parseUploadConfig } from "../../src/stations/catalog/inputs/config.js";
import { databaseRepository } from "../../src/stations/catalog/rows/database.js";
import type { CatalogRepository } from "../../src/stations/catalog/rows/repository.js";
import { type UploadOptions, upload } from "../../src/stations/catalog/upload/upload.js";
import { fileStore } from "../../src/stores/file/store.js";
import { s3Store } from "../../src/stores/s3/store.js";
import type { Store } from "../../src/stores/store.js";
import { startFaultServer } from "../faults/server.mjs";
import { open, SERVERS } from "./database-kit.js";
import { memoryRepository } from "./memory-repository.js";

/** Where files and frames may be, beside rows of each kind. */
export const STORAGES = ["local", "S3"] as const;
export type StorageKind = (typeof STORAGES)[number];

/** Rows for one test after the other. */
export interface TestRows {
  /** Without any data set. */
  fresh(): Promise<CatalogRepository>;
  /** Of the database, where they are in one. */
  url?: string | undefined;
  stop(): Promise<void>;
}

export interface RowsKind {
  name: string;
  /** Why it cannot be had here. */
  absent?: string | undefined;
  start(): Promise<TestRows>;
}

/** Where rows may be: every fact of the catalogue holds on each of them. */
export const ROWS: readonly RowsKind[] = [
  { name: "memory", start: async () => ({ fresh: async () => memoryRepository(), stop: async () => {} }) },
  ...SERVERS.map(({ name, absent, start }) => ({
    name,
    absent,
    async start() {
      const server = await start();
      const url = await server.makeDatabase();
      const database = await open(url);
      await migrate(database);
      return {
        url,
        async fresh() {
          await database.db.updateTable("emporium_microscopy.data_set").set({ parent_id: null }).execute();
          await database.db.deleteFrom("emporium_microscopy.data_set").execute();
          return databaseRepository(database);
        },
        async stop() {
          await database.close();
          await server.stop();
        },
      };
    },
  })),
];

/** A catalogue for one test: folder, storage, rows. */
export interface TestCatalog {
  folder: string;
  storage: Store;
  repository: CatalogRepository;
  /** Uploads rows of a table; values are written as they stand, quoted. */
  upload(rows: readonly Record<string, string>[], config: object, options?: Partial<UploadOptions>): ReturnType<typeof upload>;
  download(id: string, options?: Partial<CatalogDownloadOptions>): ReturnType<typeof downloadDataset>;
  close(): Promise<void>;
}

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret/of+the=tests" };

export async function openTestCatalog(
  kind: StorageKind,
  repository: CatalogRepository = memoryRepository(),
): Promise<TestCatalog> {
  const folder = await mkdtemp(join(tmpdir(), "emporium-catalog-"));
  const server = kind === "S3" ? await startFaultServer({ credentials }) : undefined;
  await mkdir(join(folder, "storage"));
  const storage = server
    ? s3Store({ bucket: "bucket", prefix: "", endpoint: server.url, region: "eu-central-1", credentials })
    : fileStore(join(folder, "storage"), { sync: false });
  const common = { clock: manualClock(1_700_000_000_000), random: seededRandom(7), sync: false };
  return {
    folder,
    storage,
    repository,
    async upload(rows, config, options = {}) {
      const columns = Object.keys(rows[0]!);
      const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
      const csv = join(folder, "files.csv");
      const lines = [columns.join(","), ...rows.map((row) => columns.map((column) => quoted(row[column] ?? "")).join(","))];
      await writeFile(csv, `${lines.join("\n")}\n`);
      const parsed = parseUploadConfig(JSON.stringify(config), join(folder, "config.json"));
      return upload({ csv, config: parsed, storage, repository, workspace: join(folder, "workspace"), ...common, ...options });
    },
    download: (id, options = {}) =>
      downloadDataset(id, { repository, storage, dest: join(folder, "dest"), ...common, ...options }),
    async close() {
      await repository.close();
      await server?.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
