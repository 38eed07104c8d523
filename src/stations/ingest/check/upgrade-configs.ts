import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { asEmporiumError, EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import type { Report } from "../../../core/report.js";
import { upgradeConfig } from "../config/upgrade/upgrade.js";

export interface UpgradedFile {
  readonly file: string;
  readonly from?: string;
  readonly to?: string;
  readonly changed: boolean;
  readonly notes: readonly string[];
  readonly errors: readonly ErrorRecord[];
}

export interface UpgradeReport extends Report {
  readonly files: readonly UpgradedFile[];
  /** 0 done · 2 no file could be brought up · 3 some could not; each is as it was. */
  readonly exitStatus: 0 | 2 | 3;
}

/** Brings files to the current version, each in one rename. One that cannot be is left as it is and told. */
export async function upgradeConfigs(files: readonly string[], { dryRun = false } = {}): Promise<UpgradeReport> {
  const results: UpgradedFile[] = [];
  for (const file of files) {
    try {
      const { text, ...done } = upgradeConfig(await read(file), file);
      if (done.changed && !dryRun) await replace(file, text);
      results.push({ file, ...done, errors: [] });
    } catch (thrown) {
      const error = toErrorRecord(asEmporiumError(thrown, "STORE_FAILED"));
      results.push({ file, changed: false, notes: [], errors: [{ ...error, file }] });
    }
  }
  const failed = results.filter(({ errors }) => errors.length > 0).length;
  return {
    files: results,
    errors: results.flatMap(({ errors }) => errors),
    exitStatus: failed === 0 ? 0 : failed === results.length ? 2 : 3,
    toText: () => formatUpgraded(results, dryRun),
  };
}

async function read(file: string): Promise<Uint8Array> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new EmporiumError("CONFIG_SYNTAX", `${file} cannot be read: ${(cause as Error).message}`, {
      place: { file },
      hint: "check the name",
      cause,
    });
  });
  return bytes;
}

/** A reader sees the old text or the new one. The file keeps its permissions. */
async function replace(file: string, text: string): Promise<void> {
  const part = `${file}.part`;
  const { mode } = await stat(file);
  try {
    await writeFile(part, text, { mode });
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

function formatUpgraded(files: readonly UpgradedFile[], dryRun: boolean): string {
  return files
    .flatMap(({ file, from, to, changed, notes, errors }) => {
      if (errors.length > 0) return [`${file}: left as it is`];
      const what = changed ? `${from} → ${to}${dryRun ? " (not written)" : ""}` : `is ${to} already`;
      return [`${file}: ${what}`, ...notes.map((note) => `  ${note}`)];
    })
    .join("\n");
}
