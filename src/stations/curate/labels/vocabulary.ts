import { isMap, isScalar, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { EmporiumError } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { aboutField, schemaWords } from "../../../core/schema-words.js";
import { counted } from "../../../core/units.js";
import { readGivenText } from "../../../stores/file/read-given.js";
import { parseCsv } from "../inventory/csv.js";
import { normalised } from "../inventory/run-name.js";
import { DEFAULT_VOCABULARY } from "./default-vocabulary.js";

export interface Label {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly meaning: string;
  /** `GO:0009288`. */
  readonly ontology: string | undefined;
  /** Unresolved: used, but defined nowhere. */
  readonly status: "known" | "unresolved";
  readonly note: string | undefined;
}

export interface Vocabulary {
  readonly labels: readonly Label[];
  /** Words that names may be composed of, the longest first. */
  readonly compounds: readonly Label[];
  readonly automatic: readonly { readonly pattern: string; readonly meaning: string }[];
}

const Text = z.string().trim().min(1).max(1000);
const Entry = z.strictObject({
  name: Text,
  aliases: z.array(Text).default([]),
  meaning: z.string().default(""),
  ontology: Text.regex(/^[A-Za-z][\w.]*:\S+$/, "an identifier such as GO:0009288").optional(),
  status: z.enum(["known", "unresolved"]).default("known"),
  note: z.string().optional(),
});
const File = z.strictObject({
  labels: z.array(Entry).default([]),
  compounds: z.array(Entry).default([]),
  automatic: z.array(z.strictObject({ name: Text, meaning: z.string().default("") })).default([]),
});

let standard: Vocabulary | undefined;

export function defaultVocabulary(): Vocabulary {
  standard ??= parseVocabulary(DEFAULT_VOCABULARY, "the default vocabulary.yaml", { labels: [], compounds: [], automatic: [] });
  return standard;
}

/** The default vocabulary, and what a file adds to it. @throws {EmporiumError} USAGE and what `parseVocabulary` throws */
export async function vocabularyOf(file: string | undefined): Promise<Vocabulary> {
  return file === undefined ? defaultVocabulary() : parseVocabulary(await readGivenText(file, "--vocabulary"), file);
}

/**
 * Adds a vocabulary, YAML or CSV by its name, to another one. CSV has the columns name, aliases (separated by `|` or `;`),
 * meaning, ontology, status, note; only the first is required. Status `automatic` makes a pattern.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD, CONFIG_RULE (one name for two labels), CONFIG_LIMIT
 */
export function parseVocabulary(text: string, file: string, base: Vocabulary = defaultVocabulary()): Vocabulary {
  if (text.length > LIMITS.configBytes) {
    throw new EmporiumError(
      "CONFIG_LIMIT",
      `${file} has ${counted(text.length, "character")}, at most ${LIMITS.configBytes} are read`,
      {
        place: { file },
      },
    );
  }
  const added = /\.(?:csv|tsv)$/i.test(file) ? fromCsv(text, file) : fromYaml(text, file);
  const merged = {
    labels: replaced(base.labels, added.labels),
    compounds: replaced(base.compounds, added.compounds).sort((a, b) => b.name.length - a.name.length),
    automatic: [
      ...base.automatic.filter(({ pattern }) => !added.automatic.some((other) => other.pattern === pattern)),
      ...added.automatic,
    ],
  };
  refuseTwice(merged.labels, file);
  return merged;
}

function fromYaml(text: string, file: string): Vocabulary {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const [fault] = document.errors;
  if (fault) throw new EmporiumError("CONFIG_SYNTAX", `${file}: ${fault.message}`, { place: place(fault.pos[0]) });
  const raw: unknown = document.toJS({ maxAliasCount: LIMITS.configAliases });
  const result = File.safeParse(raw ?? {}, { error: schemaWords });
  if (!result.success) {
    const [issue] = result.error.issues;
    const path = issue!.path.map((step) => (typeof step === "symbol" ? "" : step));
    const node = document.getIn(path, true);
    const range = isScalar(node) || isMap(node) ? node.range : undefined;
    throw new EmporiumError("CONFIG_FIELD", `${file}: ${aboutField(path.join(".") || "the file", issue!.message)}`, {
      place: { ...(range ? place(range[0]) : { file }), path: path.join(".") },
      hint: "curate labels --show-vocabulary prints a complete file",
    });
  }
  const { labels, compounds, automatic } = result.data;
  return {
    labels: labels.map(toLabel),
    compounds: compounds.map(toLabel),
    automatic: automatic.map(({ name, meaning }) => ({ pattern: name, meaning })),
  };
}

const COLUMNS = ["name", "aliases", "meaning", "ontology", "status", "note"];

function fromCsv(text: string, file: string): Vocabulary {
  const [header, ...rows] = parseCsv(text, file, /\.tsv$/i.test(file) ? "\t" : ",");
  const names = (header?.cells ?? []).map((cell) => cell.trim().toLowerCase());
  if (!names.includes("name") || names.some((name) => !COLUMNS.includes(name))) {
    throw new EmporiumError(
      "CONFIG_FIELD",
      `${file}: expected ${COLUMNS.join(", ")}, found columns ${names.join(", ") || "none"}`,
      {
        place: { file, line: 1 },
      },
    );
  }
  const vocabulary = { labels: [] as Label[], compounds: [] as Label[], automatic: [] as { pattern: string; meaning: string }[] };
  for (const { cells, line } of rows) {
    const cell = (name: string) => (cells[names.indexOf(name)] ?? "").trim();
    if (cells.every((value) => value.trim() === "")) continue;
    const status = cell("status").toLowerCase();
    if (status === "automatic") {
      vocabulary.automatic.push({ pattern: cell("name"), meaning: cell("meaning") });
      continue;
    }
    const row = {
      name: cell("name"),
      aliases: cell("aliases")
        .split(/[|;]/)
        .map((alias) => alias.trim())
        .filter(Boolean),
      meaning: cell("meaning"),
      ...(cell("ontology") === "" ? {} : { ontology: cell("ontology") }),
      ...(status === "" ? {} : { status }),
      ...(cell("note") === "" ? {} : { note: cell("note") }),
    };
    const entry = Entry.safeParse(row, { error: schemaWords });
    if (!entry.success) {
      const [issue] = entry.error.issues;
      throw new EmporiumError("CONFIG_FIELD", `${file}: ${aboutField(String(issue!.path[0]), issue!.message)}`, {
        place: { file, line },
      });
    }
    vocabulary.labels.push(toLabel(entry.data));
  }
  return vocabulary;
}

function toLabel({ name, aliases, meaning, ontology, status, note }: z.output<typeof Entry>): Label {
  return { name, aliases, meaning, ontology, status, note };
}

function replaced(base: readonly Label[], added: readonly Label[]): Label[] {
  const names = new Set(added.map(({ name }) => normalised(name)));
  return [...base.filter(({ name }) => !names.has(normalised(name))), ...added];
}

function refuseTwice(labels: readonly Label[], file: string): void {
  const seen = new Map<string, string>();
  for (const { name, aliases } of labels) {
    for (const spelling of [name, ...aliases]) {
      const other = seen.get(normalised(spelling));
      if (other !== undefined && other !== name) {
        throw new EmporiumError("CONFIG_RULE", `${file}: "${spelling}" is a name of ${other} and of ${name}`, {
          place: { file },
          hint: "keep it in one of them",
        });
      }
      seen.set(normalised(spelling), name);
    }
  }
}
