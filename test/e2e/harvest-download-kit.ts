import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { onTestFinished } from "vitest";
import type { OfflineOptions, OfflinePortals, Site } from "../../examples/portals/server.mjs";
import { startOfflinePortals } from "../../examples/portals/server.mjs";
import { makeTree, treeReply, type VirtualFile } from "../../examples/portals/tree.mjs";
import { manualClock } from "../../src/core/clock.js";
import { parseBases } from "../../src/portals/bases.js";
import { PORTAL_NAMES } from "../../src/portals/registry.js";
import { download } from "../../src/stations/harvest/download/download.js";
import { type ManifestEntry, parseManifest } from "../../src/stations/harvest/download/manifest.js";
import type { DownloadOptions } from "../../src/stations/harvest/download/options.js";

export interface Scene {
  portals: OfflinePortals;
  /** Folder that holds `dest` and nothing else, so that what leaves it shows. */
  around: string;
  dest: string;
  get(typed: string | readonly string[], options?: Partial<DownloadOptions>): ReturnType<typeof download>;
  /** Relative path → SHA-256 of every file in `dest`, our own left out. */
  files(): Record<string, string>;
  manifest(): Map<string, ManifestEntry>;
  /** Requests to a host since the last call, for what is no folder. */
  asked(host: string): string[];
}

/** The offline portals with small files, a folder to download into, and a clock that does not wait. */
export async function scene(options: OfflineOptions = {}): Promise<Scene> {
  const portals = await startOfflinePortals({ small: true, ...options });
  const around = mkdtempSync(join(tmpdir(), "emporium-download-"));
  const dest = join(around, "dest");
  onTestFinished(async () => {
    await portals.close();
    rmSync(around, { recursive: true, force: true });
  });
  let told = 0;
  return {
    portals,
    around,
    dest,
    get: (typed, more = {}) =>
      download(typeof typed === "string" ? [typed] : typed, {
        dest,
        bases: parseBases(portals.bases, PORTAL_NAMES),
        clock: manualClock(Date.parse("2026-01-02T03:04:05Z")),
        random: () => 0.5,
        sync: false,
        ...more,
      }),
    files: () => hashesBelow(dest),
    manifest: () => parseManifest(readFileSync(join(dest, ".emporium-manifest.jsonl"), "utf8"), "manifest").entries,
    asked(host) {
      const found = portals.requests.slice(told).filter((request) => request.host === host);
      told = portals.requests.length;
      return found.map(({ method, path }) => `${method} ${path}`);
    },
  };
}

export function hashesBelow(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const found: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.startsWith(".emporium")) continue;
    const path = join(entry.parentPath, entry.name);
    found[relative(folder, path)] = sha256(readFileSync(path));
  }
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

export function contentOf(file: VirtualFile): Uint8Array {
  return file.read(0, file.size);
}

/** Hashes of virtual files, under names that a rule makes of their paths. */
export function hashesOf(
  files: Iterable<readonly [string, VirtualFile]>,
  nameOf: (path: string) => string | undefined,
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [path, file] of files) {
    const name = nameOf(path);
    if (name !== undefined) found[name] = sha256(contentOf(file));
  }
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A web server of folders of its own. */
export function webSite(files: Iterable<readonly [string, VirtualFile]>, manner: "apache" | "nginx" = "nginx"): Site {
  const tree = makeTree(files);
  return ({ path }) => treeReply(tree, path.slice(1), manner);
}
