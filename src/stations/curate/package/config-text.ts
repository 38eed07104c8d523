import { counted } from "../../../core/units.js";
import { type DepositionProfile, markedAuthors } from "../../../formats/yaml/deposition-profile.js";
import { type Ask, ask, askedLines, decimal, Named, PLEASE, yamlText } from "../../../formats/yaml/yaml-text.js";
import type { AnnotatedObject } from "../labels/objects.js";
import { slugOf } from "./objects.js";

/** The contents of files, and the names of their folders. */
const FORMS = ["points", "oriented", "both", "mesh"] as const;
export type Form = (typeof FORMS)[number];

export interface PackagedRun {
  readonly dataset: string;
  readonly run: string;
  readonly alignment: string;
  readonly forms: ReadonlySet<Form>;
}

export interface ConfigFacts {
  readonly batch: string;
  readonly object: AnnotatedObject;
  readonly profile: DepositionProfile;
  readonly runs: readonly PackagedRun[];
  readonly binning: number;
  readonly notes: readonly string[];
}

/** Folder of a run's files in the package, as a glob of the configuration; `packageFolder`: the folder of one form as it is. */
const FOLDER = "{dataset_name}/{run_name}/VoxelSpacing{voxel_spacing_name}";
export const packageFolder = (dataset: string, run: string, spacing: string, form: Form): string =>
  `${dataset}/${run}/VoxelSpacing${spacing}/${form}`;

/**
 * The configuration of a package: a deposition of annotations. Datasets, runs, alignments and tomograms are the portal's and are
 * only referred to, so an import writes the deposition and its annotations. Unknown facts get a value that the portal accepts,
 * with a comment.
 *
 * @returns the text, and the lines that a person must fill in
 */
export function configText(facts: ConfigFacts): { yaml: string; toFill: { line: number; what: string }[] } {
  const { profile, object, batch, runs } = facts;
  const id = profile.deposition_id;
  const people = { authors: new Named("authors", authorsOf(profile)), dates: new Named("dates", datesOf(profile)) };
  const deposition = {
    deposition_identifier: id ?? ask(1, "number of the deposition at the portal, here and in the two other places"),
    deposition_title: profile.title ?? ask(`Manual annotations: ${object.name}`, "title"),
    deposition_description:
      profile.description ?? ask(`Manual annotations of ${object.name}, made in IMOD.`, "a few sentences, like an abstract"),
    deposition_types: ["annotation"],
    ...people,
  };
  const document = {
    version: "1.3.0",
    standardization_config: {
      deposition_id: id ?? ask(1, "number of the deposition at the portal"),
      source_prefix: "",
    },
    depositions: [
      { metadata: deposition, sources: [{ literal: { value: [id ?? ask(1, "number of the deposition at the portal")] } }] },
    ],
    datasets: [
      { sources: datasetsOf(runs).map((dataset) => ({ destination_glob: { list_glob: `{output_path}/${globName(dataset)}` } })) },
    ],
    runs: [{ sources: [{ source_glob: { list_glob: "{dataset_name}/*" } }] }],
    voxel_spacings: [
      {
        sources: [
          { destination_glob: { list_glob: "{run_output_path}/Reconstructions/VoxelSpacing*", name_regex: "VoxelSpacing(.*)" } },
        ],
      },
    ],
    alignments: [{ sources: alignmentSources(runs) }],
    annotations: [{ metadata: annotationMetadata(facts, people), sources: annotationSources(facts) }],
  };
  const yaml = yamlText(document, headingOf(batch, facts));
  const toFill = askedLines(yaml).map(({ line, what }) => ({ line, what }));
  return { yaml, toFill };
}

const DAY = "2026-01-01";

function authorsOf({ authors }: DepositionProfile): object[] {
  if (authors === undefined) {
    return [
      {
        name: ask("First Last", "full name; add the other authors below, in the order of citation"),
        ORCID: ask("0000-0000-0000-0000", "ORCID, or delete the line"),
        primary_author_status: true,
        corresponding_author_status: true,
      },
    ];
  }
  return [...markedAuthors(authors)];
}

function datesOf({ dates }: DepositionProfile): Record<string, string | Ask> {
  return {
    deposition_date: dates?.deposition_date ?? ask(DAY, "day of the deposition"),
    release_date: dates?.release_date ?? ask(DAY, "day of the release, not before that of the deposition"),
    last_modified_date: dates?.last_modified_date ?? dates?.deposition_date ?? ask(DAY, "day of the last change"),
  };
}

function annotationMetadata({ object, profile }: ConfigFacts, people: object): object {
  const { method, software, method_links, publications, ground_truth_status, is_curator_recommended, version } = profile;
  return {
    annotation_ingest_id: `${slugOf(object.name)}-1`,
    annotation_object: {
      name: object.name,
      id: object.id ?? ask("GO:0005575", "identifier of the object: GO, UniProtKB, UBERON, CHEBI, CDPO, CL or PDB"),
      description: object.description,
      state: object.state,
    },
    annotation_method:
      method ??
      "Manual labeling in IMOD. Coordinates are those of the IMOD model: voxels, x and y from the volume's corner, z from the centre of its first slice.",
    method_type: "manual",
    method_links: method_links ?? [
      { custom_name: "IMOD home page", link: "https://bio3d.colorado.edu/imod/", link_type: "website" },
    ],
    annotation_software: software ?? "IMOD",
    annotation_publications: publications,
    ground_truth_status: ground_truth_status ?? ask(true, "whether it is ground truth"),
    is_curator_recommended: is_curator_recommended ?? ask(false, "whether the curators recommend it"),
    version: decimal(version ?? 1),
    ...people,
  };
}

/** A source for each shape. If all points come with slicer angles, only the oriented points are shown. */
function annotationSources({ runs, binning }: ConfigFacts): object[] {
  const has = (form: Form) => runs.some(({ forms }) => forms.has(form));
  const files = (form: Form, ending: string) => `${FOLDER}/${form}/*.${ending}`;
  const mod = { file_format: "mod", ...(binning === 1 ? {} : { binning }) };
  const modelsOf = (forms: readonly Form[]) => forms.filter(has).map((form) => files(form, "mod"));
  const [points, oriented] = [modelsOf(["points", "both"]), modelsOf(["oriented", "both"])];
  return [
    ...(oriented.length > 0
      ? [{ OrientedPoint: { ...mod, order: "xyz", ...globs(oriented), is_visualization_default: true } }]
      : []),
    ...(points.length > 0 ? [{ Point: { ...mod, ...globs(points), is_visualization_default: has("points") } }] : []),
    ...(has("mesh")
      ? [
          {
            TriangularMesh: {
              file_format: "glb",
              ...(binning === 1 ? {} : { scale_factor: 1 / binning }),
              ...globs([files("mesh", "glb")]),
              is_visualization_default: true,
            },
          },
        ]
      : []),
  ];
}

const globs = (all: readonly string[]) => (all.length === 1 ? { glob_string: all[0] } : { glob_strings: all });

/** The alignment of the tomogram, usually one for all runs. */
function alignmentSources(runs: readonly PackagedRun[]): object[] {
  const glob = (alignment: string) => ({
    destination_glob: { list_glob: `{run_output_path}/Alignments/${globName(alignment)}/alignment_metadata.json` },
  });
  const all = [...new Set(runs.map(({ alignment }) => alignment))].sort();
  if (all.length === 1) return [glob(all[0]!)];
  return all.flatMap((alignment) =>
    datasetsOf(runs).flatMap((dataset) => {
      const names = runs
        .filter((run) => run.alignment === alignment && run.dataset === dataset)
        .map(({ run }) => `^${regexText(run)}$`);
      return names.length === 0
        ? []
        : [{ ...glob(alignment), parent_filters: { include: { dataset: [`^${regexText(dataset)}$`], run: names } } }];
    }),
  );
}

const datasetsOf = (runs: readonly PackagedRun[]) => [...new Set(runs.map(({ dataset }) => dataset))].sort();

/** Escapes a name for a glob, braces of templates included. */
function globName(name: string): string {
  return name.replace(/[*?[]/g, "[$&]").replace(/[{}]/g, "$&$&");
}

const regexText = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");

function headingOf(batch: string, { runs, notes }: ConfigFacts): string[] {
  const lines = [
    `Batch ${batch}: annotations of ${counted(runs.length, "run")}.`,
    "INPUT of ingest plan and ingest run is the folder of this file; OUTPUT is the portal's tree, or a copy of it.",
    "Datasets, runs, alignments and tomograms are those that are there: nothing of them is written.",
    `Lines that say "${PLEASE}" are placeholders: valid, and not true. Brackets hold what was written for you: another value counts as yours.`,
    ...notes,
  ];
  return lines.map((line) => line.replace(/[\r\n\u0085\u2028\u2029]/g, " "));
}
