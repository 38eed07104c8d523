import { unless } from "../../../../core/finding.js";
import { isJsonObject, member } from "../../../../core/json-fields.js";
import { isArray, show } from "../../../../formats/zarr/json.js";
import { scalarText } from "../../config/nodes.js";
import { isTruthy } from "../../metadata.js";
import { type Check, checksOf, STANDARDIZED } from "../check.js";
import { known, Missing, readable } from "../facts/fact.js";
import { type Document, numberAt, shownAt, textAt, valueAt } from "../facts/fields.js";
import type { Mark } from "../finding.js";
import type { DocumentSubject, Subjects } from "../subjects.js";
import { documentFaults, hasRules } from "./document-rules.js";

const BASIC: readonly Mark[] = ["deposition", "dataset", "tomogram", "annotation"];
const LINKED: readonly Mark[] = ["dataset", "run", "tiltseries", "tomogram", "annotation"];

const isBasic = ({ basic }: DocumentSubject): boolean => basic;

/** A text that is there and not empty. A number counts as one: identifiers are. */
function filled<K extends "deposition" | "dataset">(path: string) {
  return async ({ metadata }: Subjects[K]) => {
    const document = await known(metadata);
    return unless(isTruthy(valueAt(document, path)), { key: document.key, path }, shownAt(document, path), "a value");
  };
}

/** A number or text that names the folder of its document. Another check reports an empty one. */
function asFolder<K extends "deposition" | "dataset">(path: string) {
  return async ({ metadata, key }: Subjects[K]) => {
    const document = await known(metadata);
    const value = valueAt(document, path);
    if (!isTruthy(value)) return [];
    const folder = key.slice(key.lastIndexOf("/") + 1);
    const isWell = !isArray(value) && !isJsonObject(value) && scalarText(value!) === folder;
    return unless(isWell, { key: document.key, path }, shownAt(document, path), `${folder}, as its folder`);
  };
}

function authorsOf(document: Document): { path: string; value: ReturnType<typeof valueAt> }[] {
  const authors = valueAt(document, "authors");
  if (isArray(authors)) return authors.map((value, i) => ({ path: `authors.${i}`, value }));
  throw new Missing({
    found: shownAt(document, "authors"),
    wanted: "a list of authors",
    place: { key: document.key, path: "authors" },
  });
}

/** One author at least has a mark set. */
function someAuthor(path: string, what: string) {
  return async ({ metadata }: DocumentSubject) => {
    const document = await known(metadata);
    const authors = authorsOf(document);
    const isThere = authors.some(({ value }) => isJsonObject(value) && isTruthy(member(value, path)));
    return unless(
      isThere,
      { key: document.key, path: "authors" },
      `no author of ${authors.length} has ${path}`,
      `one ${what} author at least`,
    );
  };
}

/** Expectation that findings name, where a document has a value that `ingest check` refuses. */
const ACCEPTED = "a value that ingest check accepts";

export const METADATA_CHECKS: readonly Check[] = [
  ...checksOf(
    "document",
    {
      marks: ["deposition", "dataset", "run", "frame", "tiltseries", "alignment", "tomogram", "annotation"],
      suites: STANDARDIZED,
    },
    [
      {
        id: "metadata.readable",
        statement: "a metadata document is a JSON object",
        judge: ({ metadata, key }) => readable(metadata, key, "a JSON object"),
      },
    ],
  ),
  ...checksOf(
    "document",
    { marks: ["deposition", "dataset", "frame", "tiltseries", "alignment", "tomogram", "annotation"], suites: STANDARDIZED },
    [
      {
        id: "metadata.values",
        statement:
          "values of metadata have the types, ranges and words that configurations are held to, and keep the rules between them",
        applies: ({ mark }) => hasRules(mark),
        async judge({ metadata, mark }) {
          const document = await known(metadata);
          return documentFaults(mark, document).map(({ message, path, hint }) => {
            const [, found = message, wanted = hint ?? ACCEPTED] =
              /^(.*?)(?:; expected (.*)| \(expected .*)$/s.exec(message) ?? [];
            return { found, wanted, place: { key: document.key, path } };
          });
        },
      },
    ],
  ),
  ...checksOf("document", { marks: BASIC, suites: STANDARDIZED }, [
    {
      id: "metadata.deposition-id",
      statement: "metadata name their deposition",
      applies: isBasic,
      async judge({ metadata }) {
        const document = await known(metadata);
        const path = "deposition_id";
        return unless(
          isTruthy(valueAt(document, path)),
          { key: document.key, path },
          shownAt(document, path),
          "the number of the deposition",
        );
      },
    },
    {
      id: "metadata.authors",
      statement: "metadata list authors, each with a name",
      applies: isBasic,
      async judge({ metadata }) {
        const document = await known(metadata);
        const authors = authorsOf(document);
        return [
          ...unless(authors.length > 0, { key: document.key, path: "authors" }, "no author", "one at least"),
          ...authors.flatMap(({ path, value }) =>
            unless(
              isJsonObject(value) && isTruthy(member(value, "name")),
              { key: document.key, path },
              isJsonObject(value) ? `${path} without a name` : `${path} is ${show(value)}`,
              "an author with a name",
            ),
          ),
        ];
      },
    },
    {
      id: "metadata.corresponding-author",
      statement: "one author at least is a corresponding author",
      applies: isBasic,
      judge: someAuthor("corresponding_author_status", "corresponding"),
    },
    {
      id: "metadata.primary-author",
      statement: "one author at least is a primary author",
      applies: isBasic,
      judge: someAuthor("primary_author_status", "primary"),
    },
  ]),
  ...checksOf("document", { marks: LINKED, suites: STANDARDIZED }, [
    {
      id: "metadata.deposition-link",
      statement: "the deposition that metadata name has a document",
      applies: ({ hasDeposition }) => hasDeposition !== undefined,
      async judge({ metadata, hasDeposition }) {
        const document = await known(metadata);
        const path = "deposition_id";
        const id = valueAt(document, path);
        const place = { key: document.key, path };
        if (!isTruthy(id) || isArray(id) || isJsonObject(id))
          return unless(false, place, shownAt(document, path), "the number of a deposition");
        const name = scalarText(id!);
        const wanted = `depositions_metadata/${name}/deposition_metadata.json`;
        return unless(await hasDeposition!(name), place, `deposition_id is ${name}, and its document is absent`, wanted);
      },
    },
  ]),
  ...checksOf("deposition", { marks: ["deposition"], suites: STANDARDIZED }, [
    { id: "deposition.title", statement: "a deposition has a title", judge: filled<"deposition">("deposition_title") },
    {
      id: "deposition.description",
      statement: "a deposition has a description",
      judge: filled<"deposition">("deposition_description"),
    },
    {
      id: "deposition.identifier",
      statement: "a deposition has an identifier",
      judge: filled<"deposition">("deposition_identifier"),
    },
    {
      id: "deposition.folder",
      statement: "the identifier of a deposition is the name of its folder",
      judge: asFolder<"deposition">("deposition_identifier"),
    },
  ]),
  ...checksOf("dataset", { marks: ["dataset"], suites: STANDARDIZED }, [
    { id: "dataset.title", statement: "a dataset has a title", judge: filled<"dataset">("dataset_title") },
    { id: "dataset.description", statement: "a dataset has a description", judge: filled<"dataset">("dataset_description") },
    { id: "dataset.identifier", statement: "a dataset has an identifier", judge: filled<"dataset">("dataset_identifier") },
    {
      id: "dataset.folder",
      statement: "the identifier of a dataset is the name of its folder",
      judge: asFolder<"dataset">("dataset_identifier"),
    },
  ]),
  ...checksOf("run", { marks: ["run"], suites: STANDARDIZED }, [
    {
      id: "run.name",
      statement: "the metadata of a run have the name of its folder",
      async judge({ metadata, run }) {
        const document = await known(metadata);
        const path = "run_name";
        return unless(
          textAt(document, path) === run,
          { key: document.key, path },
          shownAt(document, path),
          `${JSON.stringify(run)}, as its folder`,
        );
      },
    },
    {
      id: "run.last-updated",
      statement: "last_updated_at of a run is a whole number, where it is there",
      async judge({ metadata }) {
        const document = await known(metadata);
        const path = "last_updated_at";
        const value = valueAt(document, path);
        const isWell = value === undefined || typeof value === "number" || typeof value === "bigint";
        return unless(
          isWell && Number.isInteger(numberAt(document, path) ?? 0),
          { key: document.key, path },
          shownAt(document, path),
          "whole seconds",
        );
      },
    },
  ]),
  ...checksOf("voxelSpacing", { marks: ["voxel_spacing"], suites: STANDARDIZED }, [
    {
      id: "voxel-spacing.name",
      statement: "a voxel spacing has three decimals",
      judge: ({ name, key }) => unless(/^\d+\.\d{3}$/.test(name), { key }, `VoxelSpacing${name}`, "a number with three decimals"),
    },
    {
      id: "voxel-spacing.range",
      statement: "a voxel spacing lies between 1 and 30 Å",
      judge: ({ name, key }) =>
        unless(spacingOf(name) > 1 && spacingOf(name) < 30, { key }, `${name} Å`, "more than 1 and less than 30 Å"),
    },
    {
      id: "voxel-spacing.whole",
      severity: "warn",
      statement: "a voxel spacing is no whole number, which is often a rounded one",
      judge: ({ name, key }) => {
        const spacing = spacingOf(name);
        const isWhole = Math.abs(spacing - Math.round(spacing)) < 0.001;
        return unless(!isWhole, { key }, `${name} Å, which looks rounded`, "the measured value, such as 10.012");
      },
    },
  ]),
];

/** NaN for a name that is no number. */
function spacingOf(name: string): number {
  return /^[\d.]+$/.test(name) ? Number(name) : Number.NaN;
}
