import { z } from "zod";
import { EmporiumError } from "../../core/errors.js";
import { aboutField, schemaWords } from "../../core/schema-words.js";
import { parseCheckedYaml } from "./checked-yaml.js";

/** The facts of a deposition that only a person knows. All are optional: placeholders stand for missing ones. */
export type DepositionProfile = z.output<typeof Profile>;

const Text = z.string().trim().min(1).max(10_000);
const Day = z
  .string()
  .refine(
    (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text),
    "a day as 2026-02-01",
  );
const ObjectName = z.strictObject({ name: Text, id: Text.optional(), description: Text.optional(), state: Text.optional() });

const Described = z.strictObject({ name: Text, id: Text.optional() });
/** Fields of a dataset that have a name and an identifier of an ontology, as the portal's configurations call them. */
export const SAMPLE_PARTS = [
  "tissue",
  "cell_type",
  "cell_strain",
  "cell_component",
  "assay",
  "development_stage",
  "disease",
] as const;
export type SamplePart = (typeof SAMPLE_PARTS)[number];

const Profile = z.strictObject({
  deposition_id: z.int().min(1).optional(),
  title: Text.optional(),
  description: Text.optional(),
  /** As in the portal's configurations. The first is primary and corresponding author if none is marked. */
  authors: z
    .array(
      z.looseObject({
        name: Text,
        primary_author_status: z.boolean().optional(),
        corresponding_author_status: z.boolean().optional(),
      }),
    )
    .min(1)
    .optional(),
  dates: z.strictObject({ deposition_date: Day, release_date: Day, last_modified_date: Day.optional() }).optional(),
  method: Text.optional(),
  software: Text.optional(),
  method_links: z.array(z.looseObject({ link: Text, link_type: Text })).optional(),
  publications: Text.optional(),
  ground_truth_status: z.boolean().optional(),
  is_curator_recommended: z.boolean().optional(),
  version: z.number().min(0).optional(),
  /** The meanings of labels, by an ontology. */
  objects: z.record(z.string(), ObjectName).default({}),
  /** Of datasets and tilt series: what `ingest new` writes into a configuration. */
  dataset_id: z.int().min(1).optional(),
  sample_type: Text.optional(),
  organism: z.strictObject({ name: Text, taxonomy_id: z.int().min(1).optional() }).optional(),
  ...(Object.fromEntries(SAMPLE_PARTS.map((part) => [part, Described.optional()])) as Record<
    SamplePart,
    z.ZodOptional<typeof Described>
  >),
  sample_preparation: Text.optional(),
  grid_preparation: Text.optional(),
  microscope: z.strictObject({ manufacturer: Text.optional(), model: Text }).optional(),
  camera: z.strictObject({ manufacturer: Text, model: Text }).optional(),
  energy_filter: Text.optional(),
  /** Millimetres: no lens has more. */
  spherical_aberration_constant: z.number().min(0).max(20).optional(),
  tilt_series_quality: z.int().min(1).max(5).optional(),
  /** Where the files do not tell it. */
  tilting_scheme: Text.optional(),
  /** Whether frames are; a gain reference beside them is asked about. */
  is_gain_corrected: z.boolean().optional(),
});

/** @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD, CONFIG_LIMIT, with line and column */
export function parseDepositionProfile(text: string, file: string): DepositionProfile {
  const known = Object.keys(Profile.shape);
  return parseCheckedYaml(text, Profile, {
    file,
    kind: "facts",
    hint: "docs/guides/new-configuration.md shows a whole profile",
    knownKeys: () => known,
    mayBeEmpty: true,
  }).value;
}

/** The authors of a profile with their marks: the first is primary and corresponding author where none is marked as such. */
export function markedAuthors(authors: NonNullable<DepositionProfile["authors"]>): readonly ProfileAuthor[] {
  const missing = AUTHOR_STATUSES.filter((status) => authors.every((one) => one[status] !== true));
  const marks = Object.fromEntries(missing.map((status) => [status, true]));
  return authors.map((author, at) => (at === 0 ? { ...author, ...marks } : author));
}

export type ProfileAuthor = NonNullable<DepositionProfile["authors"]>[number];
export const AUTHOR_STATUSES = ["primary_author_status", "corresponding_author_status"] as const;

/** Answers of the command line override those of the profile. @throws {EmporiumError} CONFIG_FIELD */
export function checkProfile(answers: unknown, what: string): DepositionProfile {
  const result = Profile.safeParse(answers, { error: schemaWords });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new EmporiumError("CONFIG_FIELD", `${what}: ${aboutField(issue!.path.join("."), issue!.message)}`);
}
