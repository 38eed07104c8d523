import type { RandomAccess } from "../../core/bytes.js";
import type { PeekFacts } from "../peek/facts.js";
import { finite } from "../peek/facts.js";
import { flatFacts } from "../peek/flat.js";
import { niftiVolume, niftiVolumeOfHead } from "./flat.js";
import { NIFTI_HEADER_BYTES, type NiftiHeader, parseNiftiHeader } from "./header.js";

/** @throws {EmporiumError} as `niftiVolume` */
export async function peekNifti(source: RandomAccess, signal?: AbortSignal): Promise<PeekFacts> {
  const head = await source.read({ offset: 0, length: NIFTI_HEADER_BYTES }, { signal });
  return flatFacts(await niftiVolume(source, { signal }), described(parseNiftiHeader(head, source.name)));
}

/** Facts by the first bytes of a file that is compressed. */
export function niftiFacts(head: Uint8Array, name: string): PeekFacts {
  return flatFacts(niftiVolumeOfHead(head, name), described(parseNiftiHeader(head, name)));
}

function described({ version, lengths, spacing, unit, affine, description }: NiftiHeader) {
  const raw = {
    dim: [...lengths],
    pixdim: spacing.map(finite),
    unit: unit ?? null,
    affine: affine?.map((row) => row.map(finite)) ?? null,
    descrip: description,
  };
  return { format: "nifti" as const, version: String(version), raw };
}
