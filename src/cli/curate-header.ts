import { z } from "zod";
import { asEmporiumError, type ErrorRecord, toErrorRecord } from "../core/errors.js";
import { command } from "./command.js";

export default command({
  name: "curate header",
  summary: "Show headers of MRC files as IMOD does: size, mode, spacing, axes, origin, densities, titles",
  details: [
    "Reads the first 1024 bytes of each file, local or remote. Lists are columns, rows, sections and x, y, z, as in IMOD.",
    "Exit status: 0 all were read, 3 some were not, 1 none was.",
  ],
  positionals: ["file"],
  options: z.object({
    file: z.array(z.string()).min(1, "a file").meta({ description: "MRC files: .mrc, .st, .rec, .ali, .map", value: "FILE" }),
    anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets" }),
  }),
  examples: [
    {
      run: "emporium curate header demo-out/portal/10401/TS_0001/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_0001.mrc",
      says: "one file; any URL works the same",
    },
  ],
  async run({ file, anonymous }, io) {
    const [{ summariseMrc, summaryText }, { openLocation }, { openObject }] = await Promise.all([
      import("../stations/curate/inventory/mrc-summary.js"),
      import("../stores/url.js"),
      import("../stores/store.js"),
    ]);
    const headers = [];
    const errors: ErrorRecord[] = [];
    for (const location of file) {
      try {
        const { store, key } = await openLocation(location, { anonymous });
        headers.push(await summariseMrc(await openObject(store, key, { signal: io.signal }), { signal: io.signal }));
      } catch (error) {
        if (io.signal.aborted) throw error;
        errors.push(toErrorRecord(asEmporiumError(error)));
      }
    }
    for (const error of errors) io.fail(error);
    if (io.json) io.outJson({ headers, errors });
    else if (headers.length > 0) io.out(headers.map(summaryText).join("\n\n"));
    return errors.length === 0 ? 0 : headers.length > 0 ? 3 : 1;
  },
});
