import { plainText } from "../../../core/plain-text.js";
import type { Quantity } from "../../../formats/peek/facts.js";
import { type Acquisition, isQuantity } from "../records/record.js";
import { type Described, marked, marksOf } from "./images.js";
import { originalQuantity, shownQuantity, siUnit } from "./quantity-text.js";
import { type Cell, type Table, textCell } from "./table.js";

/** Rows of the reference's table in its order, then further ones. */
const PARAMETERS: Readonly<Record<string, string>> = {
  beam_energy: "Beam energy",
  beam_current: "Beam current",
  dwell_time: "Dwell time",
  scan_rate: "Scan rate",
  microscope: "Microscope",
  magnification: "Magnification",
  bias_voltage: "Bias voltage",
  imaging_duration: "Imaging duration",
  mode: "Imaging mode",
  date: "Date",
  time: "Time",
  stage: "Stage position",
};

type Fact = Acquisition[string];

/** The second table: a column for each record with known facts, a row for each parameter. */
export function acquisitionTable(described: readonly Described[]): Table {
  const columns = described.filter(({ record }) => Object.keys(record.acquisition).length > 0);
  const facts = columns.map(({ record }) => withReciprocals(record.acquisition));
  const known = new Set(facts.flatMap(({ all }) => Object.keys(all)));
  const keys = [...Object.keys(PARAMETERS).filter((key) => known.has(key)), ...[...known].filter((key) => !(key in PARAMETERS))];
  return {
    title: "Acquisition",
    columns: [
      { key: "Parameter", says: "what was set at the microscope" },
      ...columns.map(({ record: { name, format } }) => ({ key: plainText(name), says: plainText(format) })),
    ],
    rows: keys.map((key) => [
      textCell(PARAMETERS[key] ?? plainText(titled(key))),
      ...columns.map(({ record, conflictsOf }, column) => {
        const { all, derived } = facts[column]!;
        const { original, ...cell } = factCell(Object.hasOwn(all, key) ? all[key] : undefined);
        const own = marksOf(record, `acquisition.${key}`);
        const marks = derived.has(key) ? [{ source: "derived" as const }] : own.length > 0 ? own : marksOf(record, "acquisition");
        const conflicts = [...new Set([`acquisition.${key}`, key].flatMap((field) => conflictsOf(field)))];
        // a derived value has no other form in a source
        return marked(derived.has(key) || original === undefined ? cell : { ...cell, original }, marks, conflicts);
      }),
    ]),
  };
}

/** Scan rate and dwell time: each is computed from the other where only one is known. */
function withReciprocals(acquisition: Acquisition): { all: Acquisition; derived: ReadonlySet<string> } {
  const [dwell, rate] = [quantityOf(acquisition.dwell_time), quantityOf(acquisition.scan_rate)];
  if (dwell && !rate && dwell.si > 0) {
    const hertz = 1 / dwell.si;
    return {
      all: { ...acquisition, scan_rate: { value: hertz / 1e6, unit: "MHz", si: hertz } },
      derived: new Set(["scan_rate"]),
    };
  }
  if (rate && !dwell && rate.si > 0) {
    const seconds = 1 / rate.si;
    return { all: { ...acquisition, dwell_time: { value: seconds, unit: "s", si: seconds } }, derived: new Set(["dwell_time"]) };
  }
  return { all: acquisition, derived: new Set() };
}

function quantityOf(fact: Fact | undefined): Quantity | undefined {
  return isQuantity(fact) ? fact : undefined;
}

function factCell(fact: Fact | undefined): Cell {
  if (fact === undefined) return textCell(null);
  if (typeof fact === "string") return textCell(plainText(fact));
  if (isQuantity(fact)) {
    const [text, original] = [plainText(shownQuantity(fact)), plainText(originalQuantity(fact))];
    const value = { ...fact, si_unit: siUnit(fact) };
    // `500.0 V` adds nothing to `500 V`
    return textCell(text, { value, ...(original.replace(/\.0(?= |$)/, "") === text ? {} : { original }) });
  }
  const text = Object.entries(fact)
    .map(([axis, part]) => `${axis} ${isQuantity(part) ? shownQuantity(part) : part}`)
    .join(", ");
  return textCell(plainText(text), { value: fact });
}

/** `working_distance` → `Working distance`. */
function titled(key: string): string {
  const words = key.replaceAll("_", " ").trim();
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
