import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type BlockTable, BlockTableBuilder, emptyTable } from "./block-table.js";
import type { FolderFailure } from "./folder-facts.js";
import { addToTable } from "./listing.js";
import type { HeadChoice } from "./read-head.js";
import type { WalkTotals } from "./walk.js";

/** The head of an inventory, which a scan writes last, by a rename. Files that it does not name are left from earlier scans. */
export interface InventoryHead {
  readonly version: 1;
  /** Absolute path of what was scanned. */
  readonly root: string;
  readonly startedMs: number;
  readonly finishedMs: number;
  /** Which heads of files are in it. */
  readonly heads: HeadChoice;
  readonly generation: number;
  /** A person's patterns for the names of run folders, in addition to the portal's form. */
  readonly runPatterns?: readonly string[] | undefined;
  readonly totals: WalkTotals;
  readonly failures: readonly { path: string; failure: FolderFailure }[];
}

/** The inventory of one root in the workspace. Its layout is in docs/formats/inventory.md. */
export interface InventoryPlace {
  readonly folder: string;
  readonly head: InventoryHead | undefined;
  /** The next scan's number. */
  readonly generation: number;
  /** Blocks of scans that did not finish, the latest last. */
  readonly leftovers: readonly string[];
}

const HEAD = "inventory.json";
const STAGES = ["walk", "listed", "heads", "listing"];
const PIECE = /^(walk|listed|heads|listing)-(\d+)(?:-\d+)?\.ndjson$/;

/** @param root absolute path. The folder's name is the last name of the path and a hash of the path. */
export function inventoryFolder(workspace: string, root: string): string {
  const name =
    (root.split("/").at(-1) ?? "")
      .replace(/[^\w.-]+/g, "_")
      .replace(/^[.-]+/, "")
      .slice(0, 48) || "root";
  return join(workspace, "curate", "inventory", `${name}-${createHash("sha256").update(root).digest("hex").slice(0, 12)}`);
}

export function openPlace(folder: string): InventoryPlace {
  mkdirSync(folder, { recursive: true });
  const head = readHead(join(folder, HEAD));
  const pieces = readdirSync(folder).flatMap((name) => {
    const match = PIECE.exec(name);
    return match ? [{ name, stage: STAGES.indexOf(match[1]!), generation: Number(match[2]) }] : [];
  });
  const leftovers = pieces
    .filter(({ name }) => head === undefined || name !== listingName(head.generation))
    .sort((a, b) => a.generation - b.generation || a.stage - b.stage || (a.name < b.name ? -1 : 1));
  const latest = Math.max(head?.generation ?? 0, ...pieces.map(({ generation }) => generation));
  return { folder, head, generation: latest + 1, leftovers: leftovers.map(({ name }) => join(folder, name)) };
}

function readHead(path: string): InventoryHead | undefined {
  try {
    const head = JSON.parse(readFileSync(path, "utf8")) as InventoryHead;
    // an inventory of another version is ignored: all is scanned again
    return head.version === 1 ? head : undefined;
  } catch {
    return undefined;
  }
}

const listingName = (generation: number) => `listing-${generation}.ndjson`;
const tableName = (generation: number) => `table-${generation}.bin`;

export function piecePath({ folder, generation }: InventoryPlace, stage: "walk" | "listed" | "heads", thread?: number): string {
  return join(folder, `${stage}-${generation}${thread === undefined ? "" : `-${thread}`}.ndjson`);
}

export function listingPath(folder: string, { generation }: Pick<InventoryHead, "generation">): string {
  return join(folder, listingName(generation));
}

/** The results of earlier scans of the root: of the last complete one, and over them those of later, unfinished ones. */
export function knownFolders({ folder, head, leftovers }: InventoryPlace): { table: BlockTable; files: string[] } {
  const files: string[] = [];
  let table = emptyTable();
  if (head) {
    const bytes = existsSync(join(folder, tableName(head.generation)))
      ? readFileSync(join(folder, tableName(head.generation)))
      : undefined;
    const memory = new SharedArrayBuffer(bytes?.length ?? 0);
    if (bytes) new Uint8Array(memory).set(bytes);
    table = { memory };
    files.push(listingPath(folder, head));
  }
  if (leftovers.length === 0) return { table, files };
  const builder = new BlockTableBuilder();
  builder.addTable(table, 0);
  for (const path of leftovers) addToTable(builder, path, files.push(path) - 1, false);
  return { table: builder.build(), files };
}

/** Makes a listing the inventory: writes its table, then the head that names both. Files of the inventory before are removed. */
export function commitInventory(place: InventoryPlace, listed: string, head: InventoryHead): void {
  const { folder } = place;
  const builder = new BlockTableBuilder();
  addToTable(builder, listed, 0, true);
  durable(join(folder, tableName(head.generation)), new Uint8Array(builder.build().memory));
  renameSync(listed, listingPath(folder, head));
  durable(join(folder, `${HEAD}.part`), `${JSON.stringify(head)}\n`);
  renameSync(join(folder, `${HEAD}.part`), join(folder, HEAD));
  const keep = new Set([HEAD, listingName(head.generation), tableName(head.generation)]);
  for (const name of readdirSync(folder))
    if (!keep.has(name) && (PIECE.test(name) || /^table-\d+\.bin$/.test(name))) rmSync(join(folder, name), { force: true });
}

function durable(path: string, body: Uint8Array | string): void {
  const file = openSync(path, "w");
  try {
    writeFileSync(file, body);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
