import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { type Appender, openAppender } from "../../../../engine/journal-append.js";
import { encodeLine, scanLines } from "../../../../engine/journal-lines.js";
import { FILE_FORMATS } from "../../../../formats/registry.js";
import type { Surveyed } from "./laboratory.js";

/** What the heads of a large folder said, in a file of the workspace: a survey that was stopped, or is made again, reads those heads alone that are new or have changed. */
export interface KeptHeads {
  /** What is known of a file as it is now. @param etag as the store lists it */
  find(path: string, size: number, etag: string): HeadFacts | undefined;
  keep(file: Surveyed, etag: string): void;
  close(): Promise<void>;
}

export type HeadFacts = Pick<Surveyed, "format" | "volume">;

/** From so many files on: of fewer the heads are read again within a second, and nobody needs one file more. */
export const KEPT_FROM = 2_000;

/** What a head says depends on the table of formats, and on `volume-facts.ts`, for which the number stands. */
const MADE_BY = `2 ${FILE_FORMATS.map(({ id }) => id).join(" ")}`;

type Row = readonly [path: string, etag: string, size: number, facts: HeadFacts];

/** A workspace that cannot be written keeps nothing: then each survey reads all heads. */
export async function openHeads(workspace: string, url: string): Promise<KeptHeads> {
  const folder = join(workspace, "surveys");
  const path = join(folder, `${createHash("sha256").update(url).digest("hex").slice(0, 16)}.heads`);
  const file = await mkdir(folder, { recursive: true })
    .then(() => open(path, "a+").then((one) => one.close()))
    .then(() => open(path, "r+"))
    .catch(() => undefined);
  if (!file) return { find: () => undefined, keep() {}, close: () => Promise.resolve() };
  const { rows, end } = await readRows(file);
  const appender = openAppender(file, end, path, { sync: false });
  if (end === 0) write(appender, MADE_BY);
  return {
    find(of, size, etag) {
      const row = rows.get(of);
      return row?.[1] === etag && row[2] === size ? row[3] : undefined;
    },
    keep: ({ path: of, size, format, volume }, etag) => write(appender, [of, etag, size, { format, volume }] satisfies Row),
    close: () => appender.close().catch(() => undefined),
  };
}

/** The rows of an earlier survey; what was cut by the end of its process, or made by another table of formats, is taken out of the file. */
async function readRows(file: FileHandle): Promise<{ rows: Map<string, Row>; end: number }> {
  const rows = new Map<string, Row>();
  let isOurs: boolean | undefined;
  const { end } = await scanLines(file, (payload) => {
    const line = deserialize(Buffer.from(payload.toString("latin1"), "base64")) as string | Row;
    isOurs ??= line === MADE_BY;
    if (isOurs && typeof line !== "string") rows.set(line[0], line);
    return isOurs;
  });
  await file.truncate(end);
  return { rows, end };
}

/** As the engine writes values down, where a size that is not known is not null. What cannot be written is read again by the next survey. */
function write(appender: Appender, line: string | Row): void {
  appender.write(encodeLine(serialize(line).toString("base64"))).catch(() => undefined);
}
