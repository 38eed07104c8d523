import type { NameParsers } from "../frames/name-parsers.js";
import type { UploadConfig } from "../inputs/config.js";
import { readText } from "../inputs/json-file.js";
import { parseUploadTable } from "../inputs/upload-table.js";
import { splittingOf } from "./prepare.js";

/**
 * Checks a table and a configuration without storage and database, so that a typing error starts no server.
 *
 * @throws {EmporiumError} USAGE, CONFIG_…; the first row's error if all rows have one
 */
export async function checkUpload(csv: string, config: UploadConfig, parsers: NameParsers): Promise<void> {
  await splittingOf(config, parsers);
  const { rows } = parseUploadTable(await readText(csv, "table"), csv);
  const faults = rows.flatMap((row) => ("error" in row ? [row.error] : []));
  if (faults.length === rows.length && faults.length === 1) throw faults[0]!;
}
