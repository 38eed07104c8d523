import { parseCtf } from "../../../../formats/ctf/read.js";
import type { Decision } from "../decide.js";
import { baseName } from "../recognisers/common/paths.js";
import { orReason } from "../recognisers/common/reading.js";
import type { Laboratory } from "../survey/laboratory.js";

const CTF_BYTES_MAX = 4 * 1024 * 1024;
const FORMATS = ["CTFFIND", "IMOD"] as const;

/**
 * CTF estimates that are of another format than is said of them, as where a table of RELION names a file that is gone and another of its name was found:
 * what stands in them decides. Those that cannot be read in any are left out, since `ingest run` would refuse them, and nothing of their run would be
 * published.
 */
export async function settleCtfFormats(files: Map<string, Decision>, laboratory: Laboratory): Promise<void> {
  for (const file of [...files.values()]) {
    const said = FORMATS.find((format) => format === (file.details.format ?? "CTFFIND"));
    if (file.role !== "ctf" || said === undefined || file.strength === "person") continue;
    const text = await laboratory.text(file.path, CTF_BYTES_MAX);
    if (text === undefined || text.trim() === "") continue;
    const faultOf = async (format: (typeof FORMATS)[number]) => {
      const read = await orReason(() => parseCtf(text, format.toLowerCase() as "ctffind" | "imod", baseName(file.path)));
      return "reason" in read ? read.reason : undefined;
    };
    const fault = await faultOf(said);
    if (fault === undefined) continue;
    const other = FORMATS.find((format) => format !== said)!;
    if ((await faultOf(other)) === undefined)
      files.set(file.path, {
        ...file,
        because: `${file.because}; its lines are those of ${other}`,
        details: { ...file.details, format: other },
      });
    else files.set(file.path, { ...file, role: "left out", because: `its CTF estimates cannot be read: ${fault}`, details: {} });
  }
}
