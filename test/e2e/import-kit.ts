import pg from "pg";
import { systemClock } from "../../src/core/clock.js";
import { silentLog } from "../../src/core/log.js";
import { importTree } from "../../src/stations/catalog/portal-import/portal-import.js";
import type { ImportReport } from "../../src/stations/catalog/portal-import/report.js";
import { fileStore } from "../../src/stores/file/store.js";
import { open } from "./database-kit.js";

/** Prefixes under which what is imported is said to lie. */
export const S3 = "s3://test-public-bucket";
export const HTTPS = "https://files.example.org/tree";

/** Imports a folder into a catalogue. */
export async function load(
  url: string,
  folder: string,
  more: Partial<Parameters<typeof importTree>[0]> = {},
): Promise<ImportReport> {
  const database = await open(url, "writer");
  try {
    const fixed = { prefixes: { s3: S3, https: `${HTTPS}/` }, clock: systemClock, log: silentLog };
    return await importTree({ store: fileStore(folder), database, ...fixed, ...more });
  } finally {
    await database.close();
  }
}

/** Questions to the portal's tables, by one session for each catalogue. */
export function questions() {
  const sessions = new Map<string, Promise<pg.Client>>();
  return {
    async select(url: string, text: string): Promise<Record<string, unknown>[]> {
      let session = sessions.get(url);
      if (!session) {
        session = connect(url);
        sessions.set(url, session);
      }
      return (await (await session).query(text)).rows;
    },
    async end(): Promise<void> {
      for (const session of sessions.values()) await (await session).end();
    },
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("set search_path to emporium_portal; set timezone to 'UTC'");
  return client;
}
