import { z } from "zod";
import { envOf } from "../engine/env.js";
import { command } from "./command.js";
import { volumeOptions, workOf, workOptions, zarrOf } from "./ingest-options.js";
import { printReport } from "./report.js";

export default command({
  name: "ingest convert",
  summary: "Convert one volume to MRC and OME-Zarr, without a config",
  details: [
    "Writes OUT.mrc (float32, with statistics) and OUT.zarr (OME-Zarr 0.4 or 0.5, three levels) in one pass over the source. With --mrc or --zarr, or an OUT that ends in .mrc or .zarr, only that file is written.",
    "Something in the place of an output that no run of this workspace has made, or that has changed since, is refused before anything is written.",
  ],
  positionals: ["input", "output"],
  options: z.object({
    input: z.string().meta({ description: "the volume", value: "FILE.mrc" }),
    output: z.string().meta({ description: "path or URL of the result, without its extension", value: "OUT" }),
    mrc: z.boolean().default(false).meta({ description: "write OUT.mrc only" }),
    zarr: z.boolean().default(false).meta({ description: "write OUT.zarr only" }),
    scaleZ: z.boolean().default(true).meta({ description: "also halve z from level to level (default); not for tilt series" }),
    forceOverwrite: z.boolean().default(false).meta({ description: "replace outputs that are not of this workspace's runs" }),
    ...volumeOptions,
    ...workOptions,
  }),
  examples: [
    {
      run: "emporium ingest convert demo-out/lab/input/lab/imod/tomograms/TS_0001.rec demo-out/TS_0001",
      says: "demo-out/TS_0001.mrc and demo-out/TS_0001.zarr",
    },
    {
      run: "emporium ingest convert demo-out/lab/input/lab/imod/tomograms/TS_0001.rec demo-out/stack.zarr --no-scale-z --json",
      says: "as a tilt series, OME-Zarr only, the report as JSON",
    },
  ],
  async run(options, io) {
    const { convertVolume } = await import("../stations/ingest/convert.js");
    const report = await convertVolume({
      input: options.input,
      ...targetOf(options),
      scaleZ: options.scaleZ,
      forceOverwrite: options.forceOverwrite,
      ...zarrOf(options),
      workspace: io.workspace,
      ...workOf(options),
      anonymous: options.anonymous,
      sync: options.sync,
      io: options.io,
      checksum: options.checksum,
      ...envOf(io),
    });
    return printReport(report, io);
  },
});

/** An extension in the name chooses the form as the flags do; neither, or both flags, means both. */
export function targetOf({ output, mrc, zarr }: { output: string; mrc: boolean; zarr: boolean }) {
  const [, stem = output, extension] = /^(.*[^/])\.(mrc|zarr)\/?$/.exec(output) ?? [];
  const named = extension !== undefined && !mrc && !zarr;
  const both = !named && mrc === zarr;
  return {
    output: stem,
    mrc: both || mrc || (named && extension === "mrc"),
    zarr: both || zarr || (named && extension === "zarr"),
  };
}
