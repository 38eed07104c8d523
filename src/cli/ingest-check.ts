import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { nearest } from "../core/nearest.js";
import { envOf } from "../engine/env.js";
import { command } from "./command.js";
import { allowPrivate } from "./ingest-options.js";

export default command({
  name: "ingest check",
  summary: "Check configurations: every error with its line, what was found and what was expected",
  details: [
    "Checks each configuration against the grammar and the rules between its fields, and lists all errors. Only the files are read, unless --source names the sources, or --network asks public registries whether they know the ORCIDs, publications, ontology terms and pictures. What ingest run would refuse in a configuration is refused here too.",
    "--source makes the plan of ingest run for everything and says what becomes of each file: used, left out by a line, or left out since no line names it. A file used for two runs, an annotation without a tomogram at its voxel spacing, numbers of images that differ and headers that contradict a file's use are told.",
    "A folder stands for the configurations in it, without drafts and templates (recognised by name). --schema prints the grammar as JSON Schema for editors instead.",
    "Exit status: 0 no errors, 4 errors were found, 2 a file could not be read or is not YAML. Warnings do not count.",
  ],
  positionals: ["config"],
  options: z.object({
    config: z.array(z.string()).default([]).meta({ description: "configurations, or folders of them", value: "CONFIG.yaml" }),
    network: z.boolean().default(false).meta({ description: "ask public registries; answers are cached in the workspace" }),
    source: z
      .string()
      .optional()
      .meta({ description: "hold the configuration against these sources, as ingest plan does", value: "INPUT" }),
    target: z
      .string()
      .optional()
      .meta({ description: "with --source: the tree that the configuration refers to", value: "OUTPUT" }),
    strict: z.boolean().default(false).meta({ description: "with --source: doubts about the use of files are errors" }),
    exclusions: z
      .string()
      .optional()
      .meta({ description: "JSON file of values that are accepted without a request: {class: {field: [value]}}", value: "FILE" }),
    registryBase: z
      .array(z.string())
      .default([])
      .meta({ description: "another base URL for a registry, for mirrors and tests", value: "NAME=URL" }),
    allowPrivate,
    schema: z.boolean().default(false).meta({ description: "print the JSON Schema for editors" }),
    anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets" }),
  }),
  examples: [
    { run: "emporium ingest check demo-out/lab/imod.yaml", says: "one configuration" },
    { run: "emporium ingest check demo-out/lab --json", says: "all of a folder, for programs" },
    {
      run: "emporium ingest check demo-out/lab/imod.yaml --source demo-out/lab/input",
      says: "with the files that it names, and those that it does not",
    },
    { run: "emporium ingest check --schema", says: "the JSON Schema for editors" },
  ],
  async run(options, io) {
    if (options.schema) {
      const { configJsonSchema } = await import("../stations/ingest/config/grammar/json-schema.js");
      io.outJson(configJsonSchema());
      return 0;
    }
    if (options.config.length === 0) {
      throw new EmporiumError("USAGE", "ingest check needs CONFIG.yaml: configurations, or folders of them", {
        hint: "see emporium ingest check --help",
      });
    }
    const bases = await registryBases(options.registryBase);
    const { checkConfigs } = await import("../stations/ingest/check/check-configs.js");
    const report = await checkConfigs({
      configs: options.config,
      exclusions: options.exclusions,
      source: sourceOf(options),
      network: options.network ? { bases } : undefined,
      workspace: io.workspace,
      anonymous: options.anonymous,
      allowPrivate: options.allowPrivate,
      ...envOf(io),
    });
    if (io.json)
      io.outJson(report.files.map(({ file, ok, errors, warnings, account }) => ({ file, ok, errors, warnings, account })));
    else io.out(report.toText());
    return report.exitStatus;
  },
});

/** @throws {EmporiumError} USAGE for words that mean nothing without --source */
function sourceOf({ source, target, strict }: { source?: string | undefined; target?: string | undefined; strict: boolean }) {
  if (source !== undefined) return { location: source, target, strict };
  const alone = target !== undefined ? "--target" : strict ? "--strict" : undefined;
  if (alone === undefined) return undefined;
  throw new EmporiumError("USAGE", `${alone} needs --source`, { hint: "add --source INPUT" });
}

async function registryBases(given: readonly string[]): Promise<Record<string, string>> {
  if (given.length === 0) return {};
  const { REGISTRIES } = await import("../stations/ingest/check/registry-client.js");
  const names = Object.keys(REGISTRIES);
  return Object.fromEntries(
    given.map((text) => {
      const [, name = text, url = ""] = /^([^=]*)=(.*)$/.exec(text) ?? [];
      if (!names.includes(name)) {
        const near = nearest(name, names);
        throw new EmporiumError("USAGE", `--registry-base: expected one of ${names.join(", ")}, found "${name}"`, {
          hint: near === undefined ? "write NAME=URL" : `did you mean ${near}?`,
        });
      }
      if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
        throw new EmporiumError("USAGE", `--registry-base: expected an http(s) address for ${name}, found "${url}"`, {
          hint: "write NAME=URL",
        });
      }
      return [name, url];
    }),
  );
}
