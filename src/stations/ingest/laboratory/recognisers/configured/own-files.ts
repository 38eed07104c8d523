import type { Claim } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { baseName } from "../common/paths.js";
import { beginningOf, orReason } from "../common/reading.js";

/** Its head tells what a text is, which may have thousands of rows. */
const HEAD_BYTES = 4096;

/** What this program writes beside data, by name and head, with what is said of it. */
const WRITTEN: readonly (readonly [name: RegExp, head: RegExp, because: string])[] = [
  [
    /\.ya?ml$/i,
    /^# What ingest new takes each file for|^files:\n(?:.*\n)*? {4}because:/m,
    "decisions of an earlier ingest new, which --decisions obeys",
  ],
  [/\.csv$/i, /^drive,path,dir,name,ext,size,/, "the index of files that curate scan has written"],
  [/\.json$/i, /^\[\s*\{"drive":"[^"]*","path":/, "the index of files that curate scan has written"],
];

/** A workspace holds each of these, and no folder of data does. */
const WORKSPACE = [/^journals\/[^/]+\.journal$/, /^runs\/[^/]+\/events\.ndjson$/];

/** Files of this program that lie among the data: decisions of an earlier time, indexes, a workspace. */
export async function ownFiles(laboratory: Laboratory): Promise<Claim[]> {
  const claims: Claim[] = [];
  const leave = (path: string, because: string) => claims.push({ path, role: "left out", because, strength: "bookkeeping" });
  const workspaces = workspacesIn(laboratory);
  for (const { path, format } of laboratory.files) {
    const workspace = workspaces.find((folder) => path.startsWith(folder));
    if (workspace !== undefined) {
      leave(path, `of a workspace of emporium, ${workspace}`);
      continue;
    }
    const rows = format === "text" ? WRITTEN.filter(([name]) => name.test(baseName(path))) : [];
    if (rows.length === 0) continue;
    const head = await orReason(() => beginningOf(laboratory, path, HEAD_BYTES));
    // a file that cannot be read is told elsewhere
    const row = rows.find(([, form]) => "value" in head && form.test(head.value));
    if (row) leave(path, row[2]);
  }
  return claims;
}

/** Folders, with a slash at the end, that hold what a workspace holds. */
function workspacesIn(laboratory: Laboratory): string[] {
  const found = WORKSPACE.map((form) => {
    const depth = form.source.split("\\/").length;
    return new Set(
      laboratory.files.flatMap(({ path }) => {
        const parts = path.split("/");
        const folder = parts.slice(0, -depth).join("/");
        return parts.length > depth && form.test(parts.slice(-depth).join("/")) ? [`${folder}/`] : [];
      }),
    );
  });
  return [...found[0]!].filter((folder) => found.every((own) => own.has(folder)));
}
