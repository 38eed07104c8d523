import { ask, decimal, guess, Named } from "../../../../formats/yaml/yaml-text.js";
import { SAMPLE_FIELDS } from "../../check/rules.js";
import type { Answers } from "../answers.js";

/** Blocks of one section, as `yamlText` takes them. */
export type Blocks = readonly object[];

const DAY = "2000-01-01";

/**
 * What only a person knows of a whole laboratory. Each stands once in the configuration, at its first use, and is referred to: one line to fill in for
 * all tomograms, all tilt series, all annotations.
 */
export interface Facts {
  readonly authors: unknown;
  readonly dates: unknown;
  readonly title: unknown;
  readonly description: unknown;
  readonly depositionId: unknown;
  readonly sphericalAberration: unknown;
  readonly microscope: unknown;
  readonly opticalSetup: unknown;
  readonly camera: unknown;
  readonly quality: unknown;
  readonly scheme: unknown;
  /** What a profile says of frames. */
  readonly isGainCorrected: boolean | undefined;
  readonly voltage: unknown;
  readonly fiducial: unknown;
  readonly isCtfCorrected: unknown;
  readonly method: unknown;
  readonly software: unknown;
}

export function factsOf(answers: Answers): Facts {
  const { author, orcid, releaseDate, title, description, depositionId, microscope, microscopeManufacturer } = answers;
  const { camera, cameraManufacturer, cameraModel, energyFilter, sphericalAberration, quality } = answers;
  const authors = answers.authors ?? [
    {
      name: author ?? ask("First Last", "full name; add the other authors below, in the order of citation"),
      ORCID: orcid ?? ask("0000-0000-0000-0000", "ORCID, or delete the line"),
      primary_author_status: true,
      corresponding_author_status: true,
    },
  ];
  const day = new Named(
    "day",
    releaseDate ?? ask(DAY, "day of the deposition, of the release and of the last change; or write three days"),
  );
  return {
    authors: new Named("authors", authors),
    dates: new Named("dates", answers.dates ?? { deposition_date: day, release_date: day, last_modified_date: day }),
    title: new Named("title", title ?? ask("Title of the dataset", "title of the deposition and the dataset")),
    description: new Named("description", description ?? ask("What the dataset shows.", "a few sentences, like an abstract")),
    depositionId: new Named("deposition", depositionId ?? ask(1, "number of the deposition at the portal")),
    sphericalAberration: new Named(
      "aberration",
      sphericalAberration === undefined
        ? ask(decimal(2.7), "spherical aberration of the objective lens, mm")
        : decimal(sphericalAberration),
    ),
    microscope: new Named("microscope", {
      manufacturer: microscopeManufacturer ?? guess("TFS", "FEI, TFS, JEOL or SIMULATED"),
      model: microscope ?? ask("Krios", "model of the microscope"),
    }),
    opticalSetup: new Named("optics", { energy_filter: energyFilter ?? guess("not reported", "energy filter") }),
    camera: new Named("camera", {
      manufacturer: cameraManufacturer ?? camera?.manufacturer ?? guess("TFS", "Gatan, FEI, TFS or simulated"),
      model: cameraModel ?? camera?.model ?? ask("FALCON 4i", "model of that manufacturer's camera"),
    }),
    quality: new Named("quality", quality ?? ask(3, "your mark for the tilt series, 1 to 5, 5 is best")),
    scheme: new Named("scheme", answers.tiltingScheme ?? guess("not reported", "order of the tilts")),
    isGainCorrected: answers.isGainCorrected,
    voltage: new Named("voltage", ask(300_000, "acceleration voltage, V")),
    fiducial: new Named(
      "fiducial",
      ask("NON_FIDUCIAL", "whether gold beads were used for the alignment: FIDUCIAL or NON_FIDUCIAL"),
    ),
    isCtfCorrected: new Named("ctf_corrected", ask(false, "whether the tomograms are CTF corrected")),
    method: new Named("method", ask("Unknown", "method of the reconstruction: WBP, SIRT, SART, Fourier Space or Unknown")),
    software: new Named("software", ask("not reported", "software of the reconstruction")),
  };
}

export function depositionBlock({ depositionId }: Answers, facts: Facts, types: readonly string[]): Blocks {
  const metadata = {
    deposition_identifier: facts.depositionId,
    deposition_title: facts.title,
    deposition_description: facts.description,
    deposition_types: types,
    authors: facts.authors,
    dates: facts.dates,
  };
  return [{ metadata, sources: [{ literal: { value: [depositionId ?? facts.depositionId] } }] }];
}

/** Identifiers that the portal's rules accept in these fields. */
const PLACEHOLDER_IDS: Readonly<Record<string, string>> = {
  tissue: "BTO:0000236",
  cell_strain: "WBStrain00000001",
  cell_type: "CL:0000540",
  cell_component: "GO:0005840",
};

/** The field that a type of sample needs beside it. */
function describedBy({ sampleType: type, sample = {} }: Answers): object {
  const field = type === undefined ? undefined : SAMPLE_FIELDS[type];
  if (field === undefined || Object.hasOwn(sample, field)) return {};
  const what = field.replaceAll("_", " ");
  return {
    [field]: {
      name: ask("unknown", `name of the ${what}`),
      id: ask(PLACEHOLDER_IDS[field] ?? "unknown", `identifier of the ${what} in an ontology`),
    },
  };
}

function organismOf({ organism, taxonomyId }: Answers): unknown {
  if (organism === undefined && taxonomyId === undefined)
    return ask({ name: "not reported", taxonomy_id: 1 }, "scientific name and number in NCBI's taxonomy, or delete organism");
  return {
    name: organism ?? ask("not reported", "scientific name, or delete organism"),
    taxonomy_id: taxonomyId ?? ask(1, "number in NCBI's taxonomy"),
  };
}

export function datasetBlock(answers: Answers, facts: Facts): Blocks {
  const id = answers.datasetId;
  const metadata = {
    dataset_identifier: id ?? ask(1, "number of the dataset at the portal, here and in its source"),
    dataset_title: facts.title,
    dataset_description: facts.description,
    sample_type:
      answers.sampleType ??
      ask("other", "organism, tissue, cell_line, organelle, virus, in_vitro, … ; some ask for a field of their own"),
    ...describedBy(answers),
    organism: organismOf(answers),
    assay: guess({ name: "cryo-electron tomography", id: "EFO:0900000" }, "assay, by its name in EFO"),
    development_stage: guess({ name: "unknown", id: "unknown" }, "stage of the organism, unknown where nobody knows"),
    disease: guess({ name: "normal", id: "PATO:0000461" }, "disease of the organism"),
    ...answers.sample,
    ...(answers.samplePreparation === undefined ? {} : { sample_preparation: answers.samplePreparation }),
    ...(answers.gridPreparation === undefined ? {} : { grid_preparation: answers.gridPreparation }),
    authors: facts.authors,
    dates: facts.dates,
  };
  return [{ metadata, sources: [{ literal: { value: [String(id ?? 1)] } }] }];
}
