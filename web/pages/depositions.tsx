import { AccessTag } from "../parts/access.js";
import { askCatalogue } from "../parts/api.js";
import { count, day } from "../parts/format.js";
import { List } from "../parts/list/list.js";
import { by, type ListSpec } from "../parts/list/spec.js";
import { useCrumbs } from "../parts/page.js";
import { countDepositionsQuery, type DepositionsResult, depositionsQuery } from "../queries/generated.js";

type Row = DepositionsResult["depositions"][number];

const numberOf = (counted: Row["annotationsAggregate"]) => counted?.aggregate?.[0]?.count ?? 0;
const typesOf = ({ depositionTypes }: Row) => depositionTypes.edges.map(({ node }) => node.type).join(", ");
const authorsOf = ({ authors }: Row) => authors.edges.map(({ node }) => node.name).join(", ");

const spec: ListSpec<Row> = {
  of: "depositions",
  one: "deposition",
  many: "depositions",
  columns: [
    { id: "title", title: "Title", width: 320, cell: ({ title }) => title, order: by("title") },
    { id: "types", title: "Holds", width: 180, cell: typesOf, absent: "its kinds are not named" },
    { id: "authors", title: "Authors", width: 220, cell: authorsOf, absent: "nobody is named" },
    {
      id: "datasets",
      title: "Datasets",
      width: 72,
      isNumber: true,
      cell: ({ datasetsAggregate }) => count(numberOf(datasetsAggregate)),
      value: ({ datasetsAggregate }) => numberOf(datasetsAggregate),
    },
    {
      id: "tomograms",
      title: "Tomograms",
      width: 88,
      isNumber: true,
      cell: ({ tomogramsAggregate }) => count(numberOf(tomogramsAggregate)),
      value: ({ tomogramsAggregate }) => numberOf(tomogramsAggregate),
    },
    {
      id: "annotations",
      title: "Annotations",
      width: 96,
      isNumber: true,
      cell: ({ annotationsAggregate }) => count(numberOf(annotationsAggregate)),
      value: ({ annotationsAggregate }) => numberOf(annotationsAggregate),
    },
    {
      id: "deposited",
      title: "Deposited",
      width: 96,
      cell: ({ depositionDate }) => day(depositionDate),
      order: by("depositionDate"),
    },
    {
      id: "released",
      title: "Released",
      width: 104,
      cell: ({ id, releaseDate }) => (
        <>
          {day(releaseDate)} <AccessTag of="depositions" id={id} bare />
        </>
      ),
      value: ({ releaseDate }) => day(releaseDate),
      order: by("releaseDate"),
    },
    { id: "number", title: "Number", width: 72, isNumber: true, cell: ({ id }) => id, order: by("id") },
  ],
  to: ({ id }) => `/depositions/${id}`,
  nameOf: ({ title }) => title,
  query: depositionsQuery,
  rows: async (asked, signal) => (await askCatalogue(depositionsQuery, asked, signal)).depositions,
  total: async (where, signal) =>
    (await askCatalogue(countDepositionsQuery, { where }, signal)).depositionsAggregate.aggregate?.[0]?.count ?? 0,
  asFirst: "table",
  card: {
    photo: ({ keyPhotoThumbnailUrl, keyPhotoUrl }) => ({ small: keyPhotoThumbnailUrl, large: keyPhotoUrl }),
    titleLines: [2, 3],
    sharesStart: true,
    linesCount: 0,
    facts: (row) => (
      <>
        <span>
          <AccessTag of="depositions" id={row.id} bare /> {typesOf(row)}
        </span>
        <span>{day(row.depositionDate)}</span>
      </>
    ),
  },
  empty: {
    why: "The catalogue has none: a tree is imported as it is served.",
    command: "emporium ingest run config.yaml INPUT TREE",
  },
};

/** All depositions, with the authors who handed them in. */
export function Depositions() {
  useCrumbs({ label: "Depositions" });
  return <List spec={spec} title="Depositions" />;
}
