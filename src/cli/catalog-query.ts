import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { command } from "./command.js";
import { databaseFor, databaseOptions } from "./database-options.js";

export default command({
  name: "catalog query",
  summary: "List the data sets that match a query",
  details: [
    "Prints the count, then the number and id of each data set, ordered by id; with --id the contents of one data set: its frames, channels, slices, times and positions. --json prints everything known of each except its metadata, with its parent and children.",
    "--distinct prints the values that the selected data sets have, each with the number of data sets: the channels of frames (channel), or what a parser has read of file names (metadata.protein_name).",
    "--where takes conditions joined by and: nbr_slices >= 10 and metadata.Summary.PixelType = GRAY16 and frame.MicroManagerMetadata.Channel contains DAPI. metadata.… is a path into the metadata of the data set, frame.… a path into the metadata of one of its frames; other words are columns. Operators are = != < <= > >= contains exists. Put names and values with blanks or dots in double quotes.",
  ],
  options: z.object({
    ...databaseOptions,
    id: z.string().optional().meta({ description: "only this data set, with everything known of it", value: "ID" }),
    projectId: z
      .string()
      .min(1, "a project")
      .optional()
      .meta({ description: "the part of the id before the first dash", value: "ID" }),
    microscope: z.string().min(1, "a text").optional().meta({ description: "text in the microscope's name", value: "TEXT" }),
    description: z.string().min(1, "a text").optional().meta({ description: "text in the description", value: "TEXT" }),
    startDate: z.string().optional().meta({ description: "first day, by the date in the id", value: "YYYY-MM-DD" }),
    endDate: z.string().optional().meta({ description: "last day", value: "YYYY-MM-DD" }),
    where: z.string().optional().meta({ description: "a filter on columns and metadata", value: "FILTER" }),
    distinct: z.string().optional().meta({
      description: "list distinct values instead: channel, project, a column, metadata.KEY or frame.KEY",
      value: "NAME",
    }),
  }),
  examples: [
    { run: "emporium catalog query --project-id CELLS", says: "the data sets of a project" },
    { run: "emporium catalog query --distinct channel", says: "the channels that there are, each with the number of data sets" },
    { run: "emporium catalog query --id CELLS-2024-05-17-10-30-00-0001", says: "channels, slices, times and positions of one" },
    {
      run: "emporium catalog query --where 'nbr_channels >= 2 and metadata.Summary.PixelSize_um < 0.5' --json",
      says: "by what their metadata say, for programs",
    },
  ],
  async run(options, io) {
    const { datasetFacts, factsText } = await import("../stations/catalog/dataset-facts.js");
    const { datasetQuery, distinctValues, queryDatasets } = await import("../stations/catalog/query.js");
    const { parseSubject } = await import("../stations/catalog/where.js");
    const { openCatalog } = await import("../stations/catalog/open-catalog.js");
    const { id, projectId, microscope, description, startDate, endDate, where, distinct } = options;
    const input = { project: projectId, microscope, description, startDate, endDate, where };
    datasetQuery(input);
    if (id !== undefined && [...Object.values(input), distinct].some((value) => value !== undefined)) {
      throw new EmporiumError("USAGE", "--id names one data set and cannot be combined with other conditions", {
        hint: "leave the others out, or leave --id out",
      });
    }
    if (distinct !== undefined) parseSubject(distinct);
    const repository = await openCatalog(await databaseFor(options, io, "reader", "catalog query"));
    try {
      if (id !== undefined) {
        const facts = await datasetFacts(repository, id, io.signal);
        if (io.json) io.outJson({ count: 1, datasets: [facts], errors: [] });
        else io.out(factsText(facts));
        return 0;
      }
      if (distinct !== undefined) {
        const { toText, ...found } = await distinctValues(repository, distinct, input, io.signal);
        if (io.json) io.outJson({ count: found.values.length, ...found, errors: [] });
        else io.out(toText());
        return 0;
      }
      const report = await queryDatasets(repository, input, io.signal);
      if (io.json) io.outJson({ count: report.datasets.length, datasets: report.datasets, errors: [] });
      else io.out(report.toText());
      return 0;
    } finally {
      await repository.close();
    }
  },
});
