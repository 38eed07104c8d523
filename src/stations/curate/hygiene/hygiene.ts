import { exitOf, type Report, withText } from "../../../core/report.js";
import { counted, formatBytes } from "../../../core/units.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import type { ArchiveFile } from "../inventory/archive.js";
import { HYGIENE, type HygieneFlag } from "../inventory/hygiene-flags.js";
import { encodePath, shownPath } from "../inventory/path-bytes.js";
import { type ScanOptions, scanArchive } from "../inventory/scan.js";
import { writeWhole } from "../inventory/write-whole.js";

export interface HygieneOptions extends Pick<ScanOptions, "workspace" | "jobs" | "full">, GivenEnv {
  /** Shell script that removes unneeded files; without `--delete` it only lists them. */
  plan?: string | undefined;
}

interface Finding {
  readonly path: string;
  readonly size: number;
  readonly flags: readonly HygieneFlag[];
}

export interface HygieneReport extends Report {
  /** For each flag the number of files, and their bytes. */
  readonly counts: Readonly<Record<string, { files: number; bytes: number; meaning: string }>>;
  readonly findings: readonly Finding[];
  /** The number of findings that are not listed. */
  readonly more: number;
  readonly removable: { readonly files: number; readonly bytes: number };
}

/** Flags of files that a machine made, which can be removed. A person must decide about backups and empty files. */
const REMOVABLE: ReadonlySet<HygieneFlag> = new Set(["appledouble", "desktop"]);

/** The counts are of all files; the list has so many. */
const LISTED_MAX = 100_000;

/**
 * Anomalies of an archive: sidecars of macOS by name and content, backups, empty files, invalid or truncated models and volumes,
 * broken links, names that other disks cannot hold. Nothing is changed; `plan` writes a clean-up script.
 */
export async function hygieneOfArchive(dirs: readonly string[], options: HygieneOptions): Promise<HygieneReport> {
  const { workspace, jobs, full, signal, plan } = options;
  const archive = await scanArchive(dirs, { workspace, jobs, full, heads: "all", writes: { "--plan": plan }, ...envOf(options) });
  const counts = new Map<HygieneFlag, { files: number; bytes: number }>();
  const findings: Finding[] = [];
  const removable = { files: 0, bytes: 0 };
  let more = 0;
  async function* eachFinding(): AsyncGenerator<ArchiveFile> {
    for await (const folder of archive.folders({ signal }))
      for (const file of folder.files) if (file.hygiene.length > 0) yield file;
  }
  for await (const { path, size, hygiene } of eachFinding()) {
    for (const flag of hygiene) {
      const count = counts.get(flag) ?? { files: 0, bytes: 0 };
      counts.set(flag, { files: count.files + 1, bytes: count.bytes + size });
    }
    if (isRemovable(hygiene)) {
      removable.files++;
      removable.bytes += size;
    }
    if (findings.length < LISTED_MAX) findings.push({ path, size, flags: hygiene });
    else more++;
  }
  if (plan !== undefined) {
    const files = eachFinding();
    await writeWhole(plan, removalScript(dirs, removable, files));
  }
  const known = Object.keys(HYGIENE) as HygieneFlag[];
  const sorted = Object.fromEntries(
    known.flatMap((flag) => (counts.has(flag) ? [[flag, { ...counts.get(flag)!, meaning: HYGIENE[flag] }]] : [])),
  );
  const { errors } = archive;
  const document = { counts: sorted, findings, more, removable, errors, exitStatus: exitOf(errors.length) };
  return withText(document, (report) => linesOf(report, plan));
}

function linesOf({ counts, removable }: Omit<HygieneReport, "toText">, plan: string | undefined): string[] {
  return [
    ...(Object.keys(counts).length === 0 ? ["nothing odd"] : []),
    ...Object.entries(counts).map(
      ([flag, { files, bytes, meaning }]) =>
        `${flag.padEnd(13)} ${String(files).padStart(8)}  ${formatBytes(bytes).padStart(10)}  ${meaning}`,
    ),
    ...(plan === undefined
      ? []
      : [
          `written: ${plan}, which removes ${counted(removable.files, "file")} (${formatBytes(removable.bytes)}) when it is called with --delete`,
        ]),
  ];
}

function isRemovable(flags: readonly HygieneFlag[]): boolean {
  return flags.some((flag) => REMOVABLE.has(flag)) && !flags.includes("link") && !flags.includes("special");
}

/** A POSIX script with a line for each file. Each name is in single quotes behind `--`, as the bytes that the disk has. */
async function* removalScript(
  dirs: readonly string[],
  { files, bytes }: HygieneReport["removable"],
  findings: AsyncIterable<ArchiveFile>,
): AsyncGenerator<string | Uint8Array> {
  yield `#!/bin/sh
# Removes ${counted(files, "file")} (${formatBytes(bytes)}) that macOS and desktops have left in
${dirs.map((dir) => `#   ${shownPath(dir)}\n`).join("")}# Without an argument it lists them; with --delete it removes them.
set -u
case "\${1-}" in
  --delete) forget() { rm -f -- "$1" && printf 'removed %s\\n' "$1"; } ;;
  '') forget() { printf 'would remove %s\\n' "$1"; } ;;
  *) echo "usage: $0 [--delete]" >&2; exit 2 ;;
esac
`;
  for await (const { path, hygiene } of findings) {
    if (isRemovable(hygiene)) yield encodePath(`forget '${path.replaceAll("'", "'\\''")}'\n`);
  }
}
