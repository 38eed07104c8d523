import type { Claim, Recogniser } from "../../claims.js";
import type { Surveyed } from "../../survey/laboratory.js";
import { type Entry, entriesOf } from "./entries.js";

/** Entries of EMDB, as they are deposited or downloaded: their headers tell a tomogram from an average of particles. */
export const emdb: Recogniser = {
  id: "emdb",
  software: "EMDB",
  async recognise(laboratory) {
    const entries = await entriesOf(laboratory);
    const claims = laboratory.files.flatMap((file) => {
      const entry = entries.find(({ has }) => has(file.path));
      return (entry && claimOf(file, entry)) ?? [];
    });
    return entries.length === 0 ? undefined : { software: "EMDB", by: entries.slice(0, 3).map(({ header }) => header), claims };
  },
};

const DENOISED = /denoi[sz]|cryocare|isonet|topaz|noise2noise|deepdewedge/i;
const FILTERED = /filter|deconv|low-?pass|band-?pass/i;

function claimOf({ path, volume }: Surveyed, { id, method, title, details }: Entry): Claim | undefined {
  const leave = (because: string): Claim => ({ path, role: "left out", because, strength: "bookkeeping" });
  if (/\.xml$/i.test(path)) return leave(`of the entry ${id} of EMDB: its header, or its FSC`);
  if (!volume) return undefined;
  if (/half_?map/i.test(path)) return leave(`a half map of ${id}`);
  if (/(?:^|[_/])(?:msk|masks?)(?=[_/.\d])/i.test(path)) return leave(`a mask for the map of ${id}`);
  if (method !== "tomography") return leave(`a map of ${id}, which is of the method ${method}, and no tomogram`);
  const told = `${title} ${details}`;
  const processing = DENOISED.test(told) ? "denoised" : FILTERED.test(told) ? "filtered" : undefined;
  const because = `${id} is of the method tomography`;
  return { path, role: "tomogram", because, strength: "bookkeeping", ...(processing && { details: { processing } }) };
}
