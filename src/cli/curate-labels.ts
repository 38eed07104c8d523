import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { envOf } from "../engine/env.js";
import { command } from "./command.js";
import { compatReference, scanOptions } from "./curate-options.js";
import { printReport } from "./report.js";

export default command({
  name: "curate labels",
  summary: "Count the labels of an archive's models, and draw a histogram",
  details: [
    "A model's name is its label: MS.mod is an MS ring, MSC.mod an MS ring with its C ring. The command counts the models in the folders of matched runs (--matches), by drive, species and name; without --matches in all folders. It recognises and never counts macOS sidecars (._NAME, or by content), backups, empty files, automatic models (peaks, fiducials) and files that are not models.",
    "--vocabulary adds your own labels, YAML or CSV; --show-vocabulary prints the known ones with their meanings, as a starting point.",
    "--plot draws a bar for each label, 7.2 × 4.6 inches at 300 dpi; --matrix has a row for each drive and species, as a table or a picture, depending on the file's extension; --csv lists file names with their classes; --directories writes <file name>_directories.csv with the folders of each file name.",
    "--compat reference counts as the reference does, and draws its bars: every name that ends in .mod, including sidecars, once for each matched folder above it.",
    "Exit status: 0 done, 3 some files are named like models but are not models, or folders could not be read; all are listed.",
  ],
  positionals: ["dir"],
  options: z.object({
    ...scanOptions,
    dir: z
      .array(z.string())
      .default([])
      .meta({ description: "folders of the archive, usually drives; they are only read", value: "DIR" }),
    matches: z.string().optional().meta({ description: "table of curate match, or of the reference", value: "FILE" }),
    plot: z.string().optional().meta({ description: "histogram, .png or .svg", value: "FILE", written: true }),
    csv: z.string().optional().meta({ description: "counts by drive, label and file name", value: "FILE", written: true }),
    matrix: z
      .string()
      .optional()
      .meta({ description: "drive × species × label, .csv, .png or .svg", value: "FILE", written: true }),
    directories: z.string().optional().meta({ description: "folder for the lists of each file name's locations", value: "OUT" }),
    vocabulary: z.string().optional().meta({ description: "further labels, YAML or CSV", value: "FILE" }),
    showVocabulary: z.boolean().default(false).meta({ description: "print the vocabulary and exit" }),
    compat: compatReference,
  }),
  examples: [
    {
      run: "emporium curate labels demo-out/archive/grp_tomo_db1_d1 --matches demo-out/archive/matching_runs.csv --plot demo-out/histogram.svg",
      says: "the labels of a drive's matched runs, and their picture",
    },
    { run: "emporium curate labels --show-vocabulary", says: "the known labels and what they mean" },
  ],
  async run({ dir, full, jobs, matches, plot, csv, matrix, directories, vocabulary, showVocabulary, compat }, io) {
    if (showVocabulary) {
      const { DEFAULT_VOCABULARY } = await import("../stations/curate/labels/default-vocabulary.js");
      if (io.json) {
        const { defaultVocabulary } = await import("../stations/curate/labels/vocabulary.js");
        io.outJson(defaultVocabulary());
      } else io.out(DEFAULT_VOCABULARY.trimEnd());
      return 0;
    }
    if (dir.length === 0) {
      throw new EmporiumError("USAGE", "curate labels needs DIR: the folders of the archive", {
        hint: "see emporium curate labels --help",
      });
    }
    const { labelArchive } = await import("../stations/curate/labels/labels.js");
    const report = await labelArchive(dir, {
      workspace: io.workspace,
      full,
      jobs,
      matches,
      plot,
      csv,
      matrix,
      directories,
      vocabulary,
      compat: compat === "reference",
      ...envOf(io),
    });
    return printReport(report, io);
  },
});
