import { readFileSync } from "node:fs";
import type { OfflineOptions, OfflinePortals } from "../../examples/portals/server.mjs";
import { startOfflinePortals } from "../../examples/portals/server.mjs";
import { manualClock } from "../../src/core/clock.js";
import { type Json, printJson } from "../../src/core/json.js";
import { Secret } from "../../src/core/redact.js";
import { type Bases, parseBases } from "../../src/portals/bases.js";
import { portalClient } from "../../src/portals/client.js";
import type { PortalFile } from "../../src/portals/portal.js";
import { describe, listFiles, PORTAL_NAMES, recognise, type WebRecord } from "../../src/portals/registry.js";
import { webMetadata } from "../../src/portals/web-metadata.js";
import { REAL_DATA } from "../real-data.js";

/** When the tests' clock begins: the time of every record. */
const NOW = "2026-01-02T03:04:05.000Z";

interface RecordOptions {
  compat?: boolean;
  key?: string;
  limit?: number;
  bases?: Bases;
}

export interface Offline extends OfflinePortals {
  describe(typed: string, options?: RecordOptions): Promise<WebRecord[]>;
  list(typed: string): Promise<{ files: PortalFile[]; warnings: string[] }>;
  /** `web_metadata.json` as a reader of the file gets it. */
  document(typed: readonly string[], compat: boolean, bases?: Bases): Promise<Record<string, Record<string, unknown>>>;
}

/** The offline portals, and a client whose clock does not wait: only the two servers' own sockets take time. */
export async function offline(options: OfflineOptions = {}): Promise<Offline> {
  const portals = await startOfflinePortals(options);
  const hosts = parseBases(portals.bases, PORTAL_NAMES);
  const open = (bases = hosts) => {
    const clock = manualClock(Date.parse(NOW));
    return { clock, client: portalClient({ clock, bases, random: () => 0 }) };
  };
  async function records(typed: string, { compat = false, key, limit = 1000, bases }: RecordOptions = {}) {
    const { clock, client } = open(bases);
    const base = `${portals.url}/database.openorganelle.test`;
    const accesses = key === undefined ? undefined : { openorganelle: { base, key: new Secret(key) } };
    const found: WebRecord[] = [];
    try {
      for await (const record of describe(recognise(typed), client, { compat, accesses, clock })) {
        found.push(record);
        if (found.length >= limit) break;
      }
    } finally {
      await client.close();
    }
    return found;
  }
  return {
    ...portals,
    describe: records,
    async list(typed) {
      const { client } = open();
      const warnings: string[] = [];
      const files: PortalFile[] = [];
      try {
        for await (const file of listFiles(recognise(typed), client, { warn: (message) => warnings.push(message) }) ?? [])
          files.push(file);
      } finally {
        await client.close();
      }
      return { files, warnings };
    },
    async document(typed, compat, bases) {
      const metadata = webMetadata({ compat });
      for (const one of typed) for (const record of await records(one, { compat, bases })) metadata.add(record);
      return plain(metadata.document()) as Record<string, Record<string, unknown>>;
    },
  };
}

/** As any JSON parser reads what is printed. */
export function plain(value: Json): unknown {
  return JSON.parse(printJson(value));
}

export function sharedJson(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`${name}`, REAL_DATA), "utf8"));
}
