import { EmporiumError } from "../../../core/errors.js";
import { redact } from "../../../core/redact.js";
import { ALGORITHMS, type Algorithm, type Checksum, type ChecksumOrigin, splitChecksum } from "./checksum.js";
import type { Digests } from "./hashes.js";
import type { TransferOptions } from "./options.js";

/** The required checksum and its source. */
export interface Expected {
  checksum: Checksum;
  from: ChecksumOrigin;
}

/**
 * The checksum that decides: the caller's, else the strongest of the server's reply.
 *
 * @param told the weakest first
 */
export function expectedOf(
  { checksum, checksumFrom = "given" }: Pick<TransferOptions, "checksum" | "checksumFrom">,
  told: readonly string[],
): Expected | undefined {
  if (checksum) return { checksum, from: checksumFrom };
  const known = told.filter((text) => ALGORITHMS.includes(splitChecksum(text as Checksum).algorithm));
  return known.length > 0 ? { checksum: known.at(-1) as Checksum, from: "etag" } : undefined;
}

/** The algorithms to compute. */
export function algorithmsFor(expected: Expected | undefined): Algorithm[] {
  const extra = expected && splitChecksum(expected.checksum).algorithm;
  return extra === undefined || extra === "sha256" ? ["sha256"] : ["sha256", extra];
}

/** @throws {EmporiumError} CHECKSUM_MISMATCH */
export function checkDigests(expected: Expected | undefined, digests: Digests, name: string, target: string): ChecksumOrigin {
  if (!expected) return "own";
  const { algorithm, hex } = splitChecksum(expected.checksum);
  if (digests[algorithm] === hex) return expected.from;
  throw new EmporiumError(
    "CHECKSUM_MISMATCH",
    `${redact(name)}: expected ${algorithm} ${hex} (${SAID_BY[expected.from]}), found ${digests[algorithm]}`,
    {
      place: { file: target },
      hint:
        expected.from === "given"
          ? "check that the checksum is this file's; nothing was kept"
          : "run again; if that does not help, the file is damaged at its source, or the checksum is of another version: give the right one with --checksum",
    },
  );
}

const SAID_BY: Record<ChecksumOrigin, string> = {
  sidecar: "checksum file",
  etag: "ETag",
  listing: "listing",
  given: "as given",
  own: "by us",
};
