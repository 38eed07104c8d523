import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Database, File, Folder, FolderTree, Globe } from "lucide-react";
import { lazy, Suspense, useEffect, useRef } from "react";
import type { CatalogueFacts, PlaceFacts, ServerFacts } from "../../src/model/page-api.js";
import { askCatalogue } from "../parts/api.js";
import { AppLink, useGo } from "../parts/app-link.js";
import { Connect } from "../parts/connect.js";
import { photoAddress } from "../parts/files.js";
import { bytes, count, day, moment, plural } from "../parts/format.js";
import { CardPhoto, CardWords } from "../parts/list/card-parts.js";
import { sharedStart } from "../parts/list/card-title.js";
import { facetsQuery } from "../parts/list/facets-query.js";
import { OpenFile } from "../parts/open-file.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { useServer } from "../parts/queries.js";
import { seen } from "../parts/seen.js";
import { Answer, Boundary, Empty } from "../parts/states.js";
import { Written } from "../parts/written.js";
import { datasetsQuery, datasetsSizeQuery, runsQuery } from "../queries/generated.js";

/** Newest datasets that are shown. */
const NEWEST = 5;
const OBJECTS = 8;
const COUNTED = ["datasets", "runs", "tomograms", "annotations", "depositions"] as const;
const KINDS = { tree: FolderTree, folder: Folder, bucket: Database, web: Globe, file: File };
const WORDS = { tree: "standardised tree", folder: "folder", bucket: "bucket", web: "web", file: "file" };

const LiveSlice = lazy(() => import("../viewer/live-slice.js").then(({ LiveSlice: part }) => ({ default: part })));

const HomeSaved = lazy(() => import("../saved/home-saved.js"));

/** Whether this tab was already led to where it begins. */
let hasStarted = false;

/** Start page: the places that are served here, the pages that one looked at last, and the ways in for other programs. */
export function Home() {
  const server = useServer();
  const start = useRef(useGo());
  const { data } = server;
  useCrumbs();
  useCommand({ ask: "server" });
  useEffect(() => {
    if (!data || hasStarted) return;
    hasStarted = true;
    if (data.start !== "/") start.current(data.start, { replace: true });
  }, [data]);
  return (
    <div className="page home">
      <Answer asked={server}>
        {(facts) => (
          <>
            <div className="home-top">
              <Welcome server={facts} />
              {facts.catalogue && (
                <Boundary>
                  <FirstRun hero={facts.portal?.hero} elsewhere={facts.catalogue.otherDatasets ?? []} />
                </Boundary>
              )}
            </div>
            {(facts.places.length !== 1 || !facts.catalogue) && (
              <Boundary>
                <Places server={facts} />
              </Boundary>
            )}
            {facts.catalogue && (
              <Boundary>
                <Datasets />
              </Boundary>
            )}
            <div className="home-cards">
              {facts.catalogue && (
                <Boundary>
                  <ByObject />
                </Boundary>
              )}
              <GoOn />
              {facts.catalogue && <Connect server={facts} />}
            </div>
          </>
        )}
      </Answer>
    </div>
  );
}

/** Name of the house, what is here, and the ways in. */
function Welcome({ server: { catalogue, portal } }: { server: ServerFacts }) {
  return (
    <div>
      <h1>{portal?.title ?? "emporium"}</h1>
      {portal?.about && <Written blocks={portal.about} />}
      {catalogue && !portal?.about && (
        <p className="lead">
          Tomograms with their tilt series, alignments and annotations. Look at any of it in the browser, or take it with you.
        </p>
      )}
      <p className="row wrap">
        {catalogue && (
          <Link to="/datasets" className="button primary">
            <Database size={16} aria-hidden /> Browse datasets
          </Link>
        )}
        <OpenFile label="Open a file of your own" />
        {portal?.links.slice(0, 1).map(({ label, href }) => (
          <a key={href} href={href} rel="noreferrer">
            {label}
          </a>
        ))}
      </p>
      {catalogue?.counts && (
        <ul className="row wrap figures">
          {COUNTED.map((noun) => {
            const inside = (
              <>
                <strong>{count(catalogue.counts![noun])}</strong>
                {noun}
              </>
            );
            return <li key={noun}>{noun === "tomograms" ? inside : <Link to={`/${noun}`}>{inside}</Link>}</li>;
          })}
          <Size />
        </ul>
      )}
    </div>
  );
}

/** The newest run with a tomogram to show, or the one of a number. @param elsewhere datasets of other trees: there are rows of them, and no volumes */
const firstOf = (id: number | undefined, elsewhere: readonly number[]) => ({
  where: {
    tomograms: { isVisualizationDefault: { _eq: true } },
    ...(id !== undefined && { id: { _eq: id } }),
    ...(elsewhere.length > 0 && { datasetId: { _nin: elsewhere } }),
  },
  orderBy: [{ dataset: { releaseDate: "desc" } }, { id: "desc" }],
  limit: 1,
  offset: 0,
});

/** A section of a run that moves: of the one that the portal wants, else of the newest. */
function FirstRun({ hero, elsewhere }: { hero: number | undefined; elsewhere: readonly number[] }) {
  const { data, error } = useQuery({
    queryKey: ["first run", hero, elsewhere],
    queryFn: async ({ signal }) => {
      const ask = async (id: number | undefined) => (await askCatalogue(runsQuery, firstOf(id, elsewhere), signal)).runs[0];
      const wanted = hero === undefined ? undefined : await ask(hero);
      return { run: wanted ?? (await ask(undefined)), isNewest: wanted === undefined };
    },
  });
  const { run, isNewest } = data ?? {};
  const tomogram = run?.tomograms.edges[0]?.node;
  // why is said where the newest datasets would be
  if (error || (data && !tomogram)) return null;
  const photo = photoAddress(tomogram?.keyPhotoUrl ?? tomogram?.keyPhotoThumbnailUrl);
  return (
    <section className="panel home-hero" aria-label="A run">
      {run && tomogram ? (
        <>
          <Suspense fallback={<div className="live-stage" />}>
            <LiveSlice
              of={`tomogram:${tomogram.id}`}
              instead={
                <span className="stage live-stage">
                  {photo ? <img src={photo} alt="" /> : <span className="none">its volume is not here</span>}
                </span>
              }
            />
          </Suspense>
          <p className="spread">
            <span>
              <Link to="/runs/$id" params={{ id: String(run.id) }}>
                <strong>{run.name}</strong>
              </Link>{" "}
              <span className="muted">
                {isNewest && "newest run"}
                {isNewest && run.dataset && " · "}
                {run.dataset?.title}
              </span>
            </span>
            <Link to="/view/tomogram/$id" params={{ id: String(tomogram.id) }}>
              Open in viewer
            </Link>
          </p>
        </>
      ) : (
        <div className="live-stage" />
      )}
    </section>
  );
}

/** What is annotated most: who looks for ribosomes looks for no number. */
function ByObject() {
  // as the list of runs asks when it is opened from here
  const { data } = useQuery(facetsQuery("runs", {}));
  const objects = data?.facets.find(({ id }) => id === "object")?.values.slice(0, OBJECTS) ?? [];
  if (objects.length === 0) return null;
  return (
    <section className="panel" aria-labelledby="objects">
      <h2 id="objects">By object</h2>
      <ul className="figures-list">
        {objects.map(({ value, count: runs }) => (
          <li key={value} className="spread">
            <Link to="/runs" search={{ object: value } as never}>
              {value}
            </Link>
            <small>{plural(runs, "run")}</small>
          </li>
        ))}
      </ul>
    </section>
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
        {!catalogue && ", read as it is now"}
      </p>
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
  return size ? (
    <li>
      <strong>{bytes(size)}</strong>in all
    </li>
  ) : null;
}

function GoOn() {
  const all = seen.use();
  const saved = (
    <Suspense>
      <HomeSaved isAlone={all.length === 0} />
    </Suspense>
  );
  if (all.length === 0) return saved;
  return (
    <section className="panel" aria-labelledby="go-on">
      <h2 id="go-on">Go on where you were</h2>
      <ul className="figures-list">
        {all.map(({ title, to }) => (
          <li key={to}>
            <Link to={to as "/"}>{title}</Link>
          </li>
        ))}
      </ul>
      {saved}
    </section>
  );
}

function Datasets() {
  const asked = useQuery({
    queryKey: ["newest datasets"],
    queryFn: ({ signal }) =>
      askCatalogue(datasetsQuery, { orderBy: [{ releaseDate: "desc" }, { id: "asc" }], limit: NEWEST, offset: 0 }, signal),
  });
  const start = sharedStart(asked.data?.datasets.map(({ title }) => title) ?? []);
  return (
    <section aria-labelledby="datasets">
      <div className="spread">
        <h2 id="datasets">Newest datasets</h2>
        <Link to="/datasets">All datasets</Link>
      </div>
      <Answer asked={asked} loading={<div className="waits" />}>
        {({ datasets }) =>
          datasets.length === 0 ? (
            <Empty command="emporium ingest run config.yaml INPUT TREE">No datasets: the tree has none yet.</Empty>
          ) : (
            <ul className="newest">
              {datasets.map(({ id, title, organismName, releaseDate, keyPhotoThumbnailUrl, keyPhotoUrl, runsAggregate }) => (
                <li key={id} className="card">
                  <CardPhoto address={photoAddress(keyPhotoUrl ?? keyPhotoThumbnailUrl)} />
                  <CardWords
                    name={title.trim() || `dataset ${id}`}
                    start={start}
                    link={{ to: `/datasets/${id}` }}
                    lines={[organismName ?? "organism not reported"]}
                    facts={
                      <>
                        <span>{plural(runsAggregate?.aggregate?.[0]?.count ?? 0, "run")}</span>
                        <span>{day(releaseDate)}</span>
                      </>
                    }
                  />
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </section>
  );
}
