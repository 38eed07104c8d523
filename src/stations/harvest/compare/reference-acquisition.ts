import { floatRepr } from "../../../core/number.js";
import { plainText } from "../../../core/plain-text.js";
import { at, textOf } from "../../../portals/fields.js";
import type { ReadRecord } from "../../../portals/web-metadata.js";
import { type Acquisition, isQuantity, type NormalisedRecord } from "../records/record.js";
import type { Dataset } from "./datasets.js";
import { type Table, textCell } from "./table.js";

/** The reference's rows: a parameter of OpenOrganelle's page, by its scraped name, and the same of a DM3 file. */
const ROWS: readonly {
  parameter: string;
  page?: (text: (key: string) => string | undefined) => string | undefined;
  file?: (acquisition: Acquisition) => string | undefined;
}[] = [
  {
    parameter: "Beam energy",
    page: (text) => withUnit(text("Primary_energy_(eV)"), "eV"),
    file: (facts) => quantityText(facts.beam_energy),
  },
  {
    parameter: "Beam current",
    page: (text) => withUnit(text("Current_(nA)"), "nA"),
    file: (facts) => quantityText(facts.beam_current),
  },
  {
    parameter: "Scan parameters",
    page: (text) => prefixed("Scan rate: ", withUnit(text("Scan_rate_(MHz)"), "MHz")),
    file: (facts) => prefixed("Dwell time (s): ", numberText(facts.dwell_time)),
  },
  { parameter: "Microscope", file: (facts) => wordText(facts.microscope) },
  { parameter: "Magnification", file: (facts) => numberText(facts.magnification) },
  { parameter: "Bias voltage", page: (text) => withUnit(text("Bias_(Volts)"), "V") },
  {
    parameter: "Imaging duration",
    page: (text) => {
      const days = text("Imaging_duration_(days)_") ?? text("Imaging_duration_(days)");
      return withUnit(days, days === "1" ? "day" : "days");
    },
  },
];

/** The reference's second table: OpenOrganelle by its page, EMPIAR by its first DM3 file. Unknown values are `NaN`. */
export function referenceAcquisition(datasets: readonly Dataset[]): Table {
  const web = datasets.find(({ web }) => web && parametersOf(web) !== undefined)?.web;
  const file = datasets.find(({ record }) => record && /^dm[34]$/.test(record.format))?.record;
  const parameters = web && parametersOf(web);
  const text = (key: string) => textOf(at(parameters, key));
  return {
    title: "Acquisition",
    columns: [
      { key: "Parameter", says: "what was set at the microscope" },
      { key: "OpenOrganelle", says: "by the data set's page" },
      { key: "EMPIAR", says: "by the first DM3 file" },
    ],
    rows: ROWS.map(({ parameter, page, file: ofFile }) => [
      textCell(parameter),
      textCell(plainText((parameters === undefined ? undefined : page?.(text)) ?? "NaN")),
      textCell(plainText((file && ofFile?.(ownFacts(file))) ?? "NaN")),
    ]),
  };
}

function parametersOf({ raw_metadata: raw }: ReadRecord) {
  return at(raw, "FIB-SEM parameters");
}

function withUnit(text: string | undefined, unit: string): string | undefined {
  return text === undefined ? undefined : `${text} ${unit}`;
}

function prefixed(prefix: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : prefix + text;
}

/** Only the file's own facts of a record. */
function ownFacts({ acquisition, sources }: NormalisedRecord): Acquisition {
  return Object.fromEntries(
    Object.entries(acquisition).filter(([key]) => (sources[`acquisition.${key}`] ?? sources.acquisition) !== "web"),
  );
}

function quantityText(fact: Acquisition[string] | undefined): string | undefined {
  return isQuantity(fact) ? `${floatRepr(fact.value)} ${fact.unit}` : undefined;
}

function numberText(fact: Acquisition[string] | undefined): string | undefined {
  return isQuantity(fact) ? floatRepr(fact.value) : undefined;
}

function wordText(fact: Acquisition[string] | undefined): string | undefined {
  return typeof fact === "string" ? fact : undefined;
}
