import { formatPlace } from "../../core/errors.js";
import { quoteWords } from "../../core/shell.js";
import { findOrigin, type ObjectOrigin } from "../../engine/journal-origin.js";
import { isSame, objectCrc } from "../../engine/receipts.js";
import type { Lineage, StoredChecksum, Told } from "../../model/page-api.js";
import type { PlacedKey } from "../places.js";

/** Objects up to this size are read again, and compared with their receipt: larger ones would take more than a moment. */
const VERIFIED_BYTES_MAX = 16 * 2 ** 20;

/**
 * The checksum, receipt, configuration and command of a file, from the journals of a workspace.
 *
 * @param workspace undefined where it is not shown
 */
export async function originOf(
  { place, key }: PlacedKey,
  workspace: string | undefined,
  signal: AbortSignal,
): Promise<Pick<Lineage, "checksum" | "receipt" | "configuration" | "command">> {
  const found = workspace === undefined ? undefined : await findOrigin(workspace, place.store.url, key, signal);
  if (!found) {
    const why =
      workspace === undefined
        ? "receipts are in the workspace of the server, which is shown on its own machine alone"
        : "no journal of this workspace has a receipt for the file";
    return { checksum: { absent: why }, receipt: { absent: why }, configuration: { absent: why }, command: { absent: why } };
  }
  const { receipt, command, writtenMs } = found;
  return {
    checksum: await checksumOf(found, { place, key }, signal),
    receipt: {
      is: {
        journal: `journals/${found.journal}`,
        byte: found.byte,
        task: receipt.task,
        title: receipt.title,
        inputs: receipt.inputs.map((input) => input.key),
        writtenAt: writtenMs === undefined ? undefined : new Date(writtenMs).toISOString(),
      },
    },
    configuration: receipt.place
      ? { is: formatPlace(receipt.place) }
      : { absent: "the receipt names no line: no configuration asked for the file, or the receipt is an older one" },
    command: command
      ? { is: { text: quoteWords(["emporium", ...command.words]), folder: command.folder } }
      : { absent: "the journal names no command: the receipt is an older one, or another program's" },
  };
}

async function checksumOf(
  { output, member, key: own }: ObjectOrigin,
  { place, key }: PlacedKey,
  signal: AbortSignal,
): Promise<Told<StoredChecksum>> {
  const noted = output.key === own ? output : member;
  if (!noted) {
    return { absent: `the receipt is of the folder ${output.key}, and the list of its objects is no longer in the workspace` };
  }
  const stat = await place.store.stat(key, { signal });
  const sha256 = output.key === own ? output.sha256 : undefined;
  const shown = sha256 === undefined ? ({ algorithm: "CRC-32", value: noted.crc32 } as const) : ({ algorithm: "SHA-256", value: sha256 } as const); // biome-ignore format: one choice
  if (!stat || stat.size !== noted.size) return { is: { ...shown, state: "changed" } };
  if (stat.size <= VERIFIED_BYTES_MAX) {
    const crc = await objectCrc(place.store, key, stat.size, signal);
    return { is: { algorithm: "CRC-32", value: noted.crc32, state: crc === noted.crc32 ? "verified" : "changed" } };
  }
  return { is: { ...shown, state: output.key !== own || isSame(output, stat) ? "unchanged" : "changed" } };
}
