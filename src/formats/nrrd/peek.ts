import type { RandomAccess } from "../../core/bytes.js";
import type { PeekFacts } from "../peek/facts.js";
import { flatFacts } from "../peek/flat.js";
import { nrrdVolume, nrrdVolumeOfHead } from "./flat.js";
import { type NrrdHeader, parseNrrdHeader, readNrrdHeader } from "./header.js";

/** @throws {EmporiumError} as `nrrdVolume` */
export async function peekNrrd(source: RandomAccess, signal?: AbortSignal): Promise<PeekFacts> {
  return flatFacts(await nrrdVolume(source, { signal }), described(await readNrrdHeader(source, { signal })));
}

/** Facts by the first bytes of a file that is compressed. */
export function nrrdFacts(head: Uint8Array, name: string): PeekFacts {
  return flatFacts(nrrdVolumeOfHead(head, name), described(parseNrrdHeader(head, name)));
}

function described({ version, fields, pairs }: NrrdHeader) {
  const raw = { ...Object.fromEntries(fields), ...(pairs.size > 0 && { pairs: Object.fromEntries(pairs) }) };
  return { format: "nrrd" as const, version: String(version), raw };
}
