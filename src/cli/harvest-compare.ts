import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { counted } from "../core/units.js";
import { command } from "./command.js";
import { compatReference } from "./harvest-options.js";

const FORMATS = ["table", "markdown", "csv", "json", "html"] as const;

export default command({
  name: "harvest compare",
  summary: "Compare data sets of any portals: what their images are, and how they were acquired",
  details: [
    "Reads the output of harvest inspect --out, and with --web the output of harvest describe --out: a portal's record belongs to the file record of the same name, or to the one whose location is below one of its links. Documents of the reference program are accepted too.",
    "Prints two tables: images (type, voxel size, shape, offset and axes, sizes in one unit, fields of view), and acquisition (beam, scan, microscope, in SI units beside the source's own). Values that the file lacks come from the portal's fields, then from its text, and are marked; if two sources disagree, both are listed under the table.",
    "--format html writes one self-contained page, with pictures of voxel sizes and fields of view. In CSV, text that a spreadsheet would read as a formula gets an apostrophe in front.",
    "The comparison is also kept in the workspace: emporium serve shows it at /harvest.",
    "--compat reference prints both tables exactly as the reference program does, including its errors: nothing is corrected or filled.",
  ],
  positionals: ["file"],
  options: z.object({
    file: z.array(z.string()).default([]).meta({ description: "documents of harvest inspect", value: "FILE_METADATA" }),
    web: z.array(z.string()).default([]).meta({ description: "document of harvest describe", value: "FILE" }),
    format: z
      .enum(FORMATS)
      .optional()
      .meta({ description: `${FORMATS.join(", ")} (default: by the end of --out, else table)`, value: "NAME" }),
    table: z.enum(["both", "images", "acquisition"]).default("both").meta({ description: "print only this table" }),
    out: z.string().optional().meta({ description: "write to this file instead of stdout", value: "FILE", written: true }),
    compat: compatReference,
    anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets" }),
  }),
  examples: [
    {
      run: "emporium harvest compare demo-out/file_metadata.json --web demo-out/web_metadata.json",
      says: "both tables and the contradictions",
    },
    {
      run: "emporium harvest compare demo-out/file_metadata.json --web demo-out/web_metadata.json --out demo-out/comparison.html",
      says: "a page for reading",
    },
    {
      run: "emporium harvest compare demo-out/file_metadata.json --compat reference --format csv --table images",
      says: "the reference program's first table",
    },
  ],
  async run({ file, web, format, table, out, compat, anonymous }, io) {
    if (file.length === 0 && web.length === 0) {
      throw new EmporiumError("USAGE", "harvest compare needs FILE_METADATA, a file that harvest inspect --out has written", {
        hint: "see emporium harvest compare --help",
      });
    }
    const { compareDocuments, writeComparison } = await import("../stations/harvest/compare/run.js");
    const { comparisonAs, formatOfName } = await import("../stations/harvest/compare/print/comparison-as.js");
    const chosen = format ?? (out === undefined ? undefined : formatOfName(out)) ?? "table";
    const comparison = await compareDocuments({
      files: file,
      webs: web,
      compat: compat === "reference",
      anonymous,
      signal: io.signal,
    });
    const { keepComparison } = await import("../stations/harvest/compare/kept.js");
    const { workspace, clock, log, signal } = io;
    await keepComparison(comparison, { files: file, webs: web, compat: compat === "reference", workspace, clock, log, signal });
    const text = (form: typeof chosen) => comparisonAs(comparison, form, table).replace(/\n$/, "");
    if (out !== undefined) {
      await writeComparison(out, comparisonAs(comparison, chosen, table), chosen, anonymous);
      const { datasets, conflicts } = comparison;
      const found = [
        counted(datasets.length, "data set"),
        ...(comparison.compat ? [] : [counted(conflicts.length, "contradiction")]),
      ];
      io.out(io.json ? text("json") : `${out}: ${found.join(", ")}`);
    } else io.out(text(io.json ? "json" : chosen));
    return 0;
  },
});
