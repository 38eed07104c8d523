import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { EmporiumError } from "../../src/core/errors.js";
import { silentLog } from "../../src/core/log.js";
import type { OnEvent } from "../../src/engine/events.js";
import { readStructure } from "../../src/stations/ingest/config/schema.js";
import { ingestInto, type OpenIngest } from "../../src/stations/ingest/ingest.js";
import type { IngestReport } from "../../src/stations/ingest/ingest-report.js";
import type { SelectionFlags } from "../../src/stations/ingest/selection.js";
import type { Store } from "../../src/stores/store.js";

export interface RunScene {
  config: string | Uint8Array;
  source: Store;
  target: Store;
  flags?: SelectionFlags;
  /** Of the config, for journals and remembered ids. */
  name?: string;
  workspace?: string;
  compat?: boolean;
  force?: boolean;
  strict?: boolean;
  dryRun?: boolean;
  checksum?: "sha256";
  /** Default true. */
  writeMrc?: boolean;
  writeZarr?: boolean;
  omeZarr?: "0.4" | "0.5";
  httpsPrefix?: string;
  signal?: AbortSignal;
  onEvent?: OnEvent;
  open?: OpenIngest["open"];
}

const made: string[] = [];

export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "emporium-ingest-"));
  made.push(folder);
  return folder;
}

/** Files in a folder of this machine. */
export function layOut(files: Record<string, string | Uint8Array>): string {
  const folder = tempFolder();
  for (const [key, body] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), body);
  }
  return folder;
}

export function removeTempFolders(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
}

/** Runs an import between two stores. No machine of the world is asked. */
export async function run(scene: RunScene): Promise<IngestReport> {
  const { config, source, target, flags = { everything: true }, name = "c" } = scene;
  const bytes = typeof config === "string" ? new TextEncoder().encode(config) : config;
  const open =
    scene.open ??
    (async (location) => {
      throw new EmporiumError("STORE_UNAVAILABLE", `${location} is not asked for here`);
    });
  return ingestInto(
    { config: readStructure(bytes, `${name}.yaml`), name, source, target, open },
    {
      selection: flags,
      workspace: scene.workspace ?? tempFolder(),
      jobs: 2,
      memoryBytes: 2 ** 28,
      keepGoing: true,
      writeMrc: scene.writeMrc ?? true,
      writeZarr: scene.writeZarr ?? true,
      omeZarr: scene.omeZarr,
      forceOverwrite: scene.force ?? false,
      strict: scene.strict,
      compat: scene.compat ?? false,
      httpsPrefix: scene.httpsPrefix,
      sync: false,
      checksum: scene.checksum,
      verify: false,
      dryRun: scene.dryRun ?? false,
      log: silentLog,
      signal: scene.signal ?? new AbortController().signal,
      onEvent: scene.onEvent,
    },
  );
}

/** All that a store holds, as text. */
export async function treeOf(store: Store, prefix = ""): Promise<Record<string, string>> {
  const tree: Record<string, string> = {};
  for await (const { key } of store.list(prefix)) tree[key] = Buffer.from((await store.read(key))!).toString("latin1");
  return tree;
}
