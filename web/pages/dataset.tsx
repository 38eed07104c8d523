import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Download as DownloadIcon } from "lucide-react";
import { useState } from "react";
import { AccessTag } from "../parts/access.js";
import { askCatalogue } from "../parts/api.js";
import { DownloadDialog } from "../parts/download.js";
import { type Fact, type FactGroup, fact, GroupedFacts } from "../parts/facts.js";
import { treeKey } from "../parts/files.js";
import { FolderLink } from "../parts/folder-link.js";
import { bytes, count, day } from "../parts/format.js";
import { List } from "../parts/list/list.js";
import { NoSuch, useId } from "../parts/no-such.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { Authors, Entries } from "../parts/people.js";
import { Photo } from "../parts/picture.js";
import { countOf, nodesOf } from "../parts/run-data.js";
import { Answer, Boundary } from "../parts/states.js";
import { type DatasetResult, datasetQuery } from "../queries/generated.js";
import { runsSpec } from "./runs.js";

type Row = DatasetResult["datasets"][number];

/** One dataset: photo, facts, authors, and its runs with their facets. */
export function Dataset() {
  const id = useId();
  const asked = useQuery({
    queryKey: ["dataset", id],
    queryFn: async ({ signal }) =>
      id === undefined ? null : ((await askCatalogue(datasetQuery, { id }, signal)).datasets[0] ?? null),
  });
  if (asked.data) return <Found key={asked.data.id} dataset={asked.data} />;
  return (
    <div className="page">
      <Answer asked={asked} title="Dataset">
        {() => <NoSuch kind="datasets" id={id} />}
      </Answer>
    </div>
  );
}

/**
 * The known values in one text; undefined without any. Archives write `not_reported` or `unknown`, or nothing, for a value that
 * is not known.
 */
export const known = (...values: readonly (string | number | null)[]): string | undefined =>
  values.filter((value) => value !== null && !/^(?:not_reported|unknown|)$/.test(String(value))).join(" · ") || undefined;

function Found({ dataset }: { dataset: Row }) {
  const [isDownloading, setDownloading] = useState(false);
  const key = `${dataset.id}/`;
  useCrumbs({ label: "Datasets", to: "/datasets" }, { label: `${dataset.id} ${dataset.title}` });
  useCommand({ catalogue: { of: "datasets", query: datasetQuery, variables: { id: dataset.id } } });
  return (
    <>
      <div className="page">
        <div className="spread">
          <h1>
            {dataset.title} <AccessTag of="datasets" id={dataset.id} />
          </h1>
          <button type="button" onClick={() => setDownloading(true)}>
            <DownloadIcon size={16} aria-hidden /> Download
          </button>
        </div>
        <div className="panel band">
          <span className="stage">
            <Photo of={treeKey(dataset.keyPhotoThumbnailUrl, dataset) ?? treeKey(dataset.keyPhotoUrl, dataset)} alt="" />
          </span>
          <div>
            <p className="words">{dataset.description}</p>
            <Authors authors={nodesOf(dataset.authors)} />
            <div className="row wrap">
              <p>
                <Link to="/annotations" search={{ dataset: dataset.id } as never}>
                  Annotations of it
                </Link>
              </p>
              <FolderLink folder={key} />
            </div>
            <GroupedFacts groups={groupsOf(dataset)} />
          </div>
        </div>
        {isDownloading && (
          <DownloadDialog
            wanted={{
              kind: "dataset",
              items: [{ id: dataset.id, name: String(dataset.id) }],
              datasets: [dataset.id],
              parts: [{ key, sizeBytes: dataset.fileSize }],
            }}
            close={() => setDownloading(false)}
          />
        )}
        <h2 className="hidden">Runs</h2>
      </div>
      <Boundary>
        <List spec={runsSpec} fixed={{ where: { datasetId: { _eq: dataset.id } } }} hasMenus />
      </Boundary>
    </>
  );
}

function groupsOf(dataset: Row): FactGroup[] {
  const funding = nodesOf(dataset.fundingSources).map(({ fundingAgencyName, grantId }) =>
    [fundingAgencyName, grantId].filter(Boolean).join(" "),
  );
  const sample = [
    fact("Organism", known(dataset.organismName, dataset.organismTaxid && `taxon ${dataset.organismTaxid}`)),
    fact("Sample", known(dataset.sampleType)),
    fact("Tissue", known(dataset.tissueName, dataset.tissueId)),
    fact("Cell", known(dataset.cellName, dataset.cellTypeId)),
    fact("Strain", known(dataset.cellStrainName, dataset.cellStrainId)),
    fact("Component", known(dataset.cellComponentName, dataset.cellComponentId)),
    fact("Prepared", known(dataset.samplePreparation)),
    fact("Grid", known(dataset.gridPreparation)),
  ];
  const contents = [
    fact("Runs", count(countOf(dataset.runsAggregate))),
    fact("Size", dataset.fileSize === null ? undefined : bytes(dataset.fileSize)),
    fact("Released", day(dataset.releaseDate)),
    fact("Changed", day(dataset.lastModifiedDate)),
  ];
  const elsewhere = [
    fact(
      "Deposition",
      dataset.deposition?.title,
      "catalogue",
      dataset.deposition && (
        <Link to="/depositions/$id" params={{ id: String(dataset.deposition.id) }}>
          {dataset.deposition.id}
        </Link>
      ),
    ),
    fact("Published", dataset.datasetPublications, "catalogue", <Entries text={dataset.datasetPublications} />),
    fact("Entries", dataset.relatedDatabaseEntries, "catalogue", <Entries text={dataset.relatedDatabaseEntries} />),
    fact("Funding", known(...funding)),
  ];
  const some = (facts: readonly Fact[]) =>
    facts.filter(({ sources, label }) => sources.length > 0 || ["Organism", "Size", "Published", "Entries"].includes(label));
  return [
    { title: "Sample", facts: some(sample) },
    { title: "Contents", facts: some(contents) },
    { title: "Elsewhere", facts: some(elsewhere) },
  ];
}
