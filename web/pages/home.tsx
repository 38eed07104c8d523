import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Database, File, Folder, FolderTree, Globe } from "lucide-react";
import { useEffect, useRef } from "react";
import type { CatalogueFacts, PlaceFacts, ServerFacts } from "../../src/model/page-api.js";
import { askCatalogue } from "../parts/api.js";
import { AppLink, useGo } from "../parts/app-link.js";
import { askCommand } from "../parts/catalogue-command.js";
import { Connect } from "../parts/connect.js";
import { photoAddress } from "../parts/files.js";
import { bytes, count, moment, plural } from "../parts/format.js";
import { OpenFile } from "../parts/open-file.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { useServer } from "../parts/queries.js";
import { seen } from "../parts/seen.js";
import { Answer, Boundary, Empty } from "../parts/states.js";
import { datasetsQuery, datasetsSizeQuery } from "../queries/generated.js";

const STRIP = 8;
const COUNTED = ["datasets", "runs", "tomograms", "annotations", "depositions"] as const;
const KINDS = { tree: FolderTree, folder: Folder, bucket: Database, web: Globe, file: File };
const WORDS = { tree: "standardised tree", folder: "folder", bucket: "bucket", web: "web", file: "file" };

/** Whether this tab was already led to where it begins. */
let hasStarted = false;

/** Start page: the places that are served here, the pages that one looked at last, and the ways in for other programs. */
export function Home() {
  const server = useServer();
  const start = useRef(useGo());
  const { data } = server;
  useCrumbs();
  useCommand(askCommand("server"));
  useEffect(() => {
    if (!data || hasStarted) return;
    hasStarted = true;
    if (data.start !== "/") start.current(data.start, { replace: true });
  }, [data]);
  return (
    <div className="page home">
      <h1>emporium</h1>
      <OpenFile />
      <Answer asked={server}>
        {(facts) => (
          <>
            <Boundary>
              <Places server={facts} />
            </Boundary>
            <GoOn />
            {facts.catalogue && (
              <Boundary>
                <Datasets />
              </Boundary>
            )}
            {facts.catalogue && <Connect server={facts} />}
          </>
        )}
      </Answer>
    </div>
  );
}

function Places({ server: { places, catalogue } }: { server: ServerFacts }) {
  if (places.length === 0) return <Empty command="emporium serve LOCATION">Nothing is served here: no location was given.</Empty>;
  return (
    <section aria-labelledby="places">
      <h2 id="places" className="hidden">
        Places
      </h2>
      <ul className="strip">
        {places.map((place) => (
          <Place key={place.id} place={place} catalogue={catalogue?.place === place.id ? catalogue : undefined} />
        ))}
      </ul>
    </section>
  );
}

function Place({ place: { id, name, kind, key }, catalogue }: { place: PlaceFacts; catalogue: CatalogueFacts | undefined }) {
  const Icon = KINDS[kind];
  return (
    <li className="panel">
      <h3 className="row">
        <Icon size={16} aria-hidden />{" "}
        {key !== undefined ? (
          <Link to="/view/at/$place/$" params={{ place: id, _splat: key }}>
            {name}
          </Link>
        ) : (
          <AppLink to={`/browse/${id}`}>{name}</AppLink>
        )}
      </h3>
      <p className="muted">
        {WORDS[kind]}
        {catalogue ? <Size /> : ", read as it is now"}
      </p>
      {catalogue?.counts && (
        <ul className="row wrap counts">
          {COUNTED.map((noun) => {
            const inside = (
              <>
                <strong>{count(catalogue.counts![noun])}</strong> {noun}
              </>
            );
            return <li key={noun}>{noun === "tomograms" ? inside : <Link to={`/${noun}`}>{inside}</Link>}</li>;
          })}
        </ul>
      )}
      {catalogue && (
        <p className="muted">
          {catalogue.state === "importing"
            ? "The catalogue is being brought up to date"
            : catalogue.importedAt
              ? `catalogue of ${moment(catalogue.importedAt)}`
              : "catalogue"}
        </p>
      )}
    </li>
  );
}

/** Bytes of all datasets together, where their metadata say it. */
function Size() {
  const { data } = useQuery({
    queryKey: ["size of datasets"],
    queryFn: ({ signal }) => askCatalogue(datasetsSizeQuery, {}, signal),
  });
  const size = data?.datasetsAggregate.aggregate?.[0]?.sum?.fileSize;
  return size ? ` · ${bytes(size)}` : null;
}

function GoOn() {
  const all = seen.use();
  if (all.length === 0) return null;
  return (
    <section aria-labelledby="go-on">
      <h2 id="go-on">Go on</h2>
      <ul className="row wrap counts">
        {all.map(({ title, to }) => (
          <li key={to}>
            <Link to={to as "/"}>{title}</Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Datasets() {
  const asked = useQuery({
    queryKey: ["newest datasets"],
    queryFn: ({ signal }) =>
      askCatalogue(datasetsQuery, { orderBy: [{ releaseDate: "desc" }, { id: "asc" }], limit: STRIP, offset: 0 }, signal),
  });
  return (
    <section aria-labelledby="datasets">
      <h2 id="datasets">
        <Link to="/datasets">Datasets</Link>
      </h2>
      <Answer asked={asked} loading={<div className="waits" />}>
        {({ datasets }) =>
          datasets.length === 0 ? (
            <Empty command="emporium ingest run config.yaml INPUT TREE">No datasets: the tree has none yet.</Empty>
          ) : (
            <ul className="strip">
              {datasets.map(({ id, title, organismName, keyPhotoThumbnailUrl, keyPhotoUrl, runsAggregate }) => {
                const photo = photoAddress(keyPhotoThumbnailUrl ?? keyPhotoUrl);
                return (
                  <li key={id}>
                    <Link to="/datasets/$id" params={{ id: String(id) }} title={title}>
                      <span className="stage">
                        {photo ? <img src={photo} alt="" decoding="async" /> : <span className="none">no key photo</span>}
                      </span>
                      <span className="card-name">{title.trim() || `dataset ${id}`}</span>
                    </Link>
                    <span className="card-facts">
                      {[organismName, plural(runsAggregate?.aggregate?.[0]?.count ?? 0, "run")].filter(Boolean).join(" · ")}
                    </span>
                  </li>
                );
              })}
            </ul>
          )
        }
      </Answer>
    </section>
  );
}
