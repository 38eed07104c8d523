import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { AccessTag } from "../parts/access.js";
import { askCatalogue } from "../parts/api.js";
import { Facts, fact } from "../parts/facts.js";
import { treeKey } from "../parts/files.js";
import { count, day, plural } from "../parts/format.js";
import { NoSuch, useId } from "../parts/no-such.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { Authors, Entries } from "../parts/people.js";
import { Photo } from "../parts/picture.js";
import { countOf, nodesOf } from "../parts/run-data.js";
import { Answer, Empty } from "../parts/states.js";
import { type DepositionResult, depositionQuery } from "../queries/generated.js";

/** Everything that one group handed in at one time: annotations and tomograms by dataset. */
export function Deposition() {
  const id = useId();
  const asked = useQuery({
    queryKey: ["deposition", id],
    queryFn: async ({ signal }) => (id === undefined ? null : askCatalogue(depositionQuery, { id }, signal)),
  });
  return (
    <div className="page">
      <Answer asked={asked} title="Deposition">
        {(answer) => (answer?.depositions[0] ? <Found of={answer} /> : <NoSuch kind="depositions" id={id} />)}
      </Answer>
    </div>
  );
}

function Found({ of }: { of: DepositionResult }) {
  const row = of.depositions[0]!;
  useCrumbs({ label: "Depositions", to: "/depositions" }, { label: `${row.id} ${row.title}` });
  useCommand({ catalogue: { of: "depositions", query: depositionQuery, variables: { id: row.id } } });
  const parts = partsOf(of);
  return (
    <>
      <h1>
        {row.title} <AccessTag of="depositions" id={row.id} />
      </h1>
      <div className="top">
        <div>
          <Authors authors={nodesOf(row.authors)} />
          <p className="words">{row.description}</p>
        </div>
        <Facts
          facts={[
            fact("Number", String(row.id)),
            fact(
              "Holds",
              nodesOf(row.depositionTypes)
                .map(({ type }) => type)
                .join(", "),
            ),
            fact("Deposited", day(row.depositionDate)),
            fact("Released", day(row.releaseDate)),
            fact("Published", row.depositionPublications, "catalogue", <Entries text={row.depositionPublications} />),
            fact("Entries", row.relatedDatabaseEntries, "catalogue", <Entries text={row.relatedDatabaseEntries} />),
          ]}
        />
      </div>
      {parts.length === 0 && (
        <Empty command="emporium catalog import TREE">Nothing of this deposition is in the catalogue yet.</Empty>
      )}
      {parts.map(({ id, title, tomograms, objects, own }) => (
        <section key={id} className="panel top">
          {own && (
            <span className="stage" style={{ width: 96 }}>
              <Photo of={treeKey(own.keyPhotoThumbnailUrl, own)} alt="" />
            </span>
          )}
          <div>
            <h2>
              <Link to="/datasets/$id" params={{ id: String(id) }}>
                {id} {title}
              </Link>
            </h2>
            <p className="muted">
              {own && `${plural(countOf(own.runsAggregate), "run")} of this deposition · `}
              {plural(tomograms, "tomogram")} ·{" "}
              {plural(
                objects.reduce((sum, one) => sum + one.annotations, 0),
                "annotation",
              )}
            </p>
            {objects.length > 0 && (
              <ul className="row wrap counts">
                {objects.map(({ name, annotations }) => (
                  <li key={name}>
                    {name} {count(annotations)}
                  </li>
                ))}
              </ul>
            )}
          </div>
        </section>
      ))}
    </>
  );
}

interface Part {
  readonly id: number;
  readonly title: string;
  tomograms: number;
  readonly objects: { readonly name: string; readonly annotations: number }[];
  /** The dataset where it is itself part of the deposition; undefined where the deposition only adds to it. */
  readonly own: DepositionResult["datasets"][number] | undefined;
}

/** Parts of a deposition by dataset: its own datasets, and those of others that it adds to. */
function partsOf({ datasets, annotated, reconstructed }: DepositionResult): readonly Part[] {
  const parts = new Map<number, Part>();
  const partOf = (dataset: { readonly id: number | null; readonly title: string | null } | null | undefined) => {
    if (typeof dataset?.id !== "number") return undefined;
    const { id, title } = dataset;
    if (!parts.has(id))
      parts.set(id, { id, title: title ?? "", tomograms: 0, objects: [], own: datasets.find((one) => one.id === id) });
    return parts.get(id)!;
  };
  for (const dataset of datasets) partOf(dataset);
  for (const { count: tomograms, groupBy } of reconstructed.aggregate ?? []) {
    const part = partOf(groupBy?.run?.dataset);
    if (part) part.tomograms += tomograms ?? 0;
  }
  for (const { count: annotations, groupBy } of annotated.aggregate ?? [])
    partOf(groupBy?.run?.dataset)?.objects.push({ name: groupBy?.objectName ?? "", annotations: annotations ?? 0 });
  return [...parts.values()].sort((a, b) => a.id - b.id);
}
