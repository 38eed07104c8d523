import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight, Download as DownloadIcon, Ellipsis, Eye } from "lucide-react";
import { Tabs } from "radix-ui";
import { lazy, Suspense, useEffect, useState } from "react";
import { orAbsent } from "../parts/absent.js";
import { CsvButton } from "../parts/csv-button.js";
import { DownloadDialog } from "../parts/download.js";
import type { Wanted } from "../parts/download-text.js";
import { Facts, fact } from "../parts/facts.js";
import { fileUrl, nameOf, treeKey } from "../parts/files.js";
import { FolderLink } from "../parts/folder-link.js";
import { angstrom, bytes, count, fixed } from "../parts/format.js";
import { askListed, useStepKeys } from "../parts/list/neighbours.js";
import { Menu } from "../parts/menu.js";
import { NoSuch, useId } from "../parts/no-such.js";
import { notify, useCommand, useCrumbs } from "../parts/page.js";
import { Photo } from "../parts/picture.js";
import { RunAnnotations, RunParticles, useAnnotations, viewSearch } from "../parts/run-annotations.js";
import {
  askBeside,
  askRun,
  askSections,
  countOf,
  nodesOf,
  type RunRow,
  type TiltseriesRow,
  type TomogramRow,
} from "../parts/run-data.js";
import { RunFacts } from "../parts/run-facts.js";
import { Answer, Boundary, Empty } from "../parts/states.js";
import { VolumePicture } from "../parts/volume-picture.js";
import { runQuery } from "../queries/generated.js";

const LiveSlice = lazy(() => import("../viewer/live-slice.js").then(({ LiveSlice: part }) => ({ default: part })));
const TiltPlot = lazy(() => import("../parts/tilt-plot.js"));
const RunViews = lazy(() => import("../saved/run-views.js"));
const TABS = ["annotations", "particles", "frames", "alignment", "files"] as const;

/** One run: a section of its volumes that moves, facts, annotations, exposures, alignments, files. */
export function Run() {
  const id = useId();
  const asked = useQuery({
    queryKey: ["run", id],
    queryFn: ({ signal }) => (id === undefined ? null : askRun(id, signal)),
  });
  return (
    <div className="page">
      <Answer asked={asked} title="Run">
        {(run) => (run === null ? <NoSuch kind="runs" id={id} /> : <Found key={run.id} run={run} />)}
      </Answer>
    </div>
  );
}

function Found({ run }: { run: RunRow }) {
  const [wanted, setWanted] = useState<Wanted>();
  const { on, shown: chosen } = useSearch({ strict: false }) as { on?: string; shown?: string };
  const { shown, series, hero } = useHero(run, chosen);
  useCrumbs(
    { label: "Datasets", to: "/datasets" },
    { label: `${run.dataset.id} ${run.dataset.title}`, to: `/datasets/${run.dataset.id}` },
    { label: run.name },
  );
  useCommand({ catalogue: { of: "runs", query: runQuery, variables: { id: run.id } } });
  const { data: annotations } = useAnnotations(run.id);
  const search = viewSearch(on, annotations?.pages.flat());
  return (
    <>
      <div className="spread run-head">
        <h1>{run.name}</h1>
        <Steps run={run} />
        <span className="row wrap end">
          {hero && (
            <Link
              className="button primary"
              to={series ? "/view/tiltseries/$id" : "/view/tomogram/$id"}
              params={{ id: hero.split(":")[1]! }}
              search={series ? {} : search}
            >
              <Eye size={16} aria-hidden /> Open in viewer
            </Link>
          )}
          <button type="button" onClick={() => setWanted(wantedOf(run))}>
            <DownloadIcon size={16} aria-hidden /> Download
          </button>
          {shown && (
            <Link className="button" to="/neuroglancer/tomogram/$id" params={{ id: String(shown.id) }} search={search}>
              Neuroglancer
            </Link>
          )}
          <More run={run} want={setWanted} />
        </span>
      </div>
      <div className="run-parts">
        <div className="run-top">
          <div className="panel run-hero">
            {hero && (
              <Boundary>
                <Suspense fallback={<div className="live-stage" />}>
                  <LiveSlice of={hero} on={search.on?.split(",").filter((id) => id !== "")} />
                </Suspense>
              </Boundary>
            )}
            <Boundary>
              <Volumes run={run} hero={hero} />
            </Boundary>
          </div>
          <Boundary>
            <RunFacts run={run} shown={shown}>
              <Views run={run} />
            </RunFacts>
          </Boundary>
        </div>
        <Parts run={run} shown={shown} />
      </div>
      {wanted && <DownloadDialog wanted={wanted} close={() => setWanted(undefined)} />}
    </>
  );
}

function Parts({ run, shown }: { run: RunRow; shown: TomogramRow | undefined }) {
  const navigate = useNavigate();
  const { tab } = useSearch({ strict: false }) as { tab?: string };
  return (
    <Tabs.Root
      className="run-tabs"
      value={TABS.find((one) => one === tab) ?? "annotations"}
      onValueChange={(next) => void navigate({ to: ".", search: (now) => ({ ...now, tab: next }), replace: true })}
    >
      <Tabs.List aria-label="Parts of the run">
        <Tabs.Trigger value="annotations">
          Annotations <Many of={run.annotationsAggregate} />
        </Tabs.Trigger>
        {countOf(run.annotationsAggregate) > 0 && shown && <Tabs.Trigger value="particles">Particles</Tabs.Trigger>}
        <Tabs.Trigger value="frames">
          Frames <Many of={run.framesAggregate} />
        </Tabs.Trigger>
        <Tabs.Trigger value="alignment">Alignment</Tabs.Trigger>
        <Tabs.Trigger value="files">Files</Tabs.Trigger>
      </Tabs.List>
      <Tabs.Content value="annotations">
        <Boundary>
          <RunAnnotations run={run} shown={shown} />
        </Boundary>
      </Tabs.Content>
      <Tabs.Content value="particles">
        <Boundary>
          <RunParticles run={run} shown={shown} />
        </Boundary>
      </Tabs.Content>
      <Tabs.Content value="frames">
        <Boundary>
          <Frames run={run} />
        </Boundary>
      </Tabs.Content>
      <Tabs.Content value="alignment">
        <Boundary>
          <Alignments run={run} />
        </Boundary>
      </Tabs.Content>
      <Tabs.Content value="files">
        <Boundary>
          <Files run={run} />
        </Boundary>
      </Tabs.Content>
    </Tabs.Root>
  );
}

/** On phones the tabs have no room for it. */
const Many = ({ of }: { of: Parameters<typeof countOf>[0] }) => <span className="wide">{count(countOf(of))}</span>;

/** What somebody has named of the volumes of the run. */
function Views({ run }: { run: RunRow }) {
  return (
    <Boundary>
      <Suspense>
        <RunViews run={run.id} />
      </Suspense>
    </Boundary>
  );
}

/** The volume in the picture, `tomogram:12`, and the tomogram that the page is about. @param chosen by the address; what it names and the run does not have is told */
function useHero(run: RunRow, chosen: string | undefined) {
  const tomograms = nodesOf(run.tomograms);
  const first = tomograms.find(({ isVisualizationDefault }) => isVisualizationDefault) ?? tomograms[0];
  const shown = tomograms.find(({ id }) => chosen === `tomogram:${id}`) ?? first;
  const series = nodesOf(run.tiltseries).find(({ id }) => chosen === `tiltseries:${id}` || (first === undefined && !chosen));
  const hero = series ? `tiltseries:${series.id}` : shown && `tomogram:${shown.id}`;
  useEffect(() => {
    if (chosen !== undefined && chosen !== hero)
      notify(`The address said shown=${chosen}, which this run does not have.`, location.pathname);
  }, [chosen, hero]);
  return { shown, series, hero };
}

type VolumeFiles = Pick<TomogramRow & TiltseriesRow, "id" | "s3MrcFile" | "s3OmezarrDir" | "fileSizeMrc" | "fileSizeOmezarr">;

const folderOf = (run: RunRow): string => treeKey(run.s3Prefix, run.dataset) ?? `${run.dataset.id}/${run.name}/`;

function wantedOf(run: RunRow): Wanted {
  return {
    kind: "run",
    items: [{ id: run.id, name: run.name }],
    datasets: [run.dataset.id],
    parts: [{ key: folderOf(run) }],
    files: filesOf(run).map(({ key, size }) => ({ key, sizeBytes: size })),
  };
}

function wantedTomogram(run: RunRow, tomogram: TomogramRow): Wanted {
  const files = volumeFiles(run, [tomogram], "tomogram").map(({ key, size }) => ({ key, sizeBytes: size }));
  return {
    kind: "tomogram",
    items: [{ id: tomogram.id, name: `${run.name} ${tomogram.id}` }],
    datasets: [run.dataset.id],
    parts: files,
  };
}

/** Menu of further actions on the run. */
function More({ run, want }: { run: RunRow; want: (wanted: Wanted) => void }) {
  return (
    <Menu summary={<Ellipsis size={16} aria-hidden />} label="More">
      {nodesOf(run.tomograms).map((tomogram) => (
        <button key={tomogram.id} type="button" className="bare" data-closes onClick={() => want(wantedTomogram(run, tomogram))}>
          Download tomogram {tomogram.id}
        </button>
      ))}
      <FolderLink folder={folderOf(run)} />
    </Menu>
  );
}

/** Before, place and after: in the list that one came from, else in the dataset. */
function Steps({ run }: { run: RunRow }) {
  const { data } = useQuery({
    queryKey: ["run", run.id, "top beside"],
    queryFn: async ({ signal }) => (await askListed(run.id, signal)) ?? (await askBeside(run.id, run.dataset.id, signal)),
    staleTime: 0, // one may have come from another list
  });
  const navigate = useNavigate();
  useStepKeys((step) => {
    const to = data?.[step];
    if (to !== undefined) void navigate({ to: "/runs/$id", params: { id: String(to) } });
  });
  if (!data || data.of < 2) return null;
  const step = (to: number | undefined, label: string, icon: React.ReactNode) =>
    to === undefined ? (
      <button type="button" className="bare" disabled aria-label={label}>
        {icon}
      </button>
    ) : (
      <Link
        className="button bare"
        to="/runs/$id"
        params={{ id: String(to) }}
        search={({ tab }: { tab?: string }) => (tab ? { tab } : {})}
        aria-label={label}
        title={label}
      >
        {icon}
      </Link>
    );
  return (
    <nav className="row" aria-label="Runs beside it">
      {step(data.before, "Previous run", <ChevronLeft size={16} aria-hidden />)}
      <span>
        {count(data.at + 1)}/{count(data.of)}
      </span>
      {step(data.after, "Next run", <ChevronRight size={16} aria-hidden />)}
    </nav>
  );
}

/** Volumes of the run, of which one is in the picture. */
function Volumes({ run, hero }: { run: RunRow; hero: string | undefined }) {
  const navigate = useNavigate();
  const tomograms = nodesOf(run.tomograms);
  const series = nodesOf(run.tiltseries);
  if (tomograms.length + series.length === 0)
    return <Empty command="emporium ingest run …">This run has neither tomograms nor tilt series.</Empty>;
  const card = (of: string, picture: React.ReactNode, name: string, facts: string) => (
    <label key={of} className="row volume-card">
      <input
        type="radio"
        name="volume"
        className="hidden"
        checked={of === hero}
        onChange={() => void navigate({ to: ".", search: (now) => ({ ...now, shown: of }), replace: true, resetScroll: false })}
      />
      <span className="stage">{picture}</span>
      <span>
        <strong>{name}</strong>
        <small>{facts}</small>
      </span>
    </label>
  );
  return (
    <fieldset className="volume-cards">
      <legend className="hidden">Tomograms and tilt series</legend>
      {tomograms.map((one) =>
        card(
          `tomogram:${one.id}`,
          <Photo of={treeKey(one.keyPhotoThumbnailUrl, run.dataset)} alt="" />,
          one.processing,
          `tomogram ${one.id} · ${angstrom(one.voxelSpacing)}${one.isVisualizationDefault && tomograms.length > 1 ? " · shown first" : ""}`,
        ),
      )}
      {series.map((one) =>
        card(
          `tiltseries:${one.id}`,
          <VolumePicture of={`tiltseries:${one.id}`} />,
          "tilt series",
          `${one.id} · ${fixed(one.tiltMin, 0)} to ${fixed(one.tiltMax, 0)}°`,
        ),
      )}
    </fieldset>
  );
}

/** Units as the catalogue has them: degrees, electrons per Å², Å, bytes. */
const FRAME_COLUMNS = [
  "id",
  "order",
  "tilt_deg",
  "dose_e_per_A2",
  "dose_before_e_per_A2",
  "defocus_A",
  "resolution_A",
  "size_bytes",
  "file",
];
const NO_MDOC = "no acquisition file says it";
const NO_SECTION = "it is no section of the tilt series";
const NO_CTF = "no CTF was estimated for it";

function Frames({ run }: { run: RunRow }) {
  const asked = useQuery({ queryKey: ["run", run.id, "sections"], queryFn: ({ signal }) => askSections(run.id, signal) });
  return (
    <Answer asked={asked}>
      {({ frames, perSectionParameters }) => {
        if (frames.length === 0)
          return <Empty command="emporium ingest run … --import-frames">No frames are known of this run.</Empty>;
        const series = nodesOf(run.tiltseries)[0];
        const sections = new Map(
          perSectionParameters.filter(({ tiltseriesId }) => tiltseriesId === series?.id).map((one) => [one.frameId, one]),
        );
        return (
          <>
            {series && sections.size > 0 && (
              <Suspense>
                <TiltPlot frames={frames} sections={sections} tiltseries={series.id} />
              </Suspense>
            )}
            <div className="scroll">
              <table>
                <caption className="hidden">Frames in order of exposure</caption>
                <thead>
                  <tr>
                    {["Order", "Tilt °", "Dose e/Å²", "Dose before e/Å²", "Defocus µm", "Resolution Å", "Size"].map((head) => (
                      <th key={head} scope="col" className="number">
                        {head}
                      </th>
                    ))}
                    <th scope="col">File</th>
                  </tr>
                </thead>
                <tbody>
                  {frames.map((frame) => {
                    const section = sections.get(frame.id);
                    const key = treeKey(frame.s3FramePath, run.dataset);
                    return (
                      <tr key={frame.id}>
                        <td className="number">{orAbsent(count(frame.acquisitionOrder), NO_MDOC)}</td>
                        <td className="number">{orAbsent(fixed(section?.rawAngle, 1), NO_SECTION)}</td>
                        <td className="number">{orAbsent(fixed(frame.exposureDose), NO_MDOC)}</td>
                        <td className="number">{orAbsent(fixed(frame.accumulatedDose), NO_MDOC)}</td>
                        <td className="number">
                          {orAbsent(fixed(section?.majorDefocus && section.majorDefocus / 10_000, 3), NO_CTF)}
                        </td>
                        <td className="number">{orAbsent(fixed(section?.maxResolution), NO_CTF)}</td>
                        <td className="number">{orAbsent(bytes(frame.fileSize))}</td>
                        <td>
                          {orAbsent(
                            key && (
                              <Link to="/view/frame/$id" params={{ id: String(frame.id) }}>
                                {nameOf(key)}
                              </Link>
                            ),
                            "no file of it is in the tree",
                          )}
                        </td>
                      </tr>
                    );
                  })}
                </tbody>
              </table>
            </div>
            <p className="row wrap">
              <CsvButton
                name={`${run.name} frames`}
                total={frames.length}
                rows={frames}
                table={(rows) => ({
                  columns: FRAME_COLUMNS,
                  rows: rows.map((frame) => {
                    const section = sections.get(frame.id);
                    return [
                      ...[frame.id, frame.acquisitionOrder, section?.rawAngle, frame.exposureDose, frame.accumulatedDose],
                      ...[section?.majorDefocus, section?.maxResolution, frame.fileSize, treeKey(frame.s3FramePath, run.dataset)],
                    ];
                  }),
                })}
              />
            </p>
          </>
        );
      }}
    </Answer>
  );
}

function Alignments({ run }: { run: RunRow }) {
  const alignments = nodesOf(run.alignments);
  if (alignments.length === 0)
    return <Empty command="emporium ingest run … --import-alignments">No alignment is known of this run.</Empty>;
  return alignments.map((one) => {
    const key = treeKey(one.s3AlignmentMetadata, run.dataset);
    const used = nodesOf(run.tomograms).filter(({ alignmentId }) => alignmentId === one.id);
    return (
      <section key={one.id} className="panel">
        <h2>Alignment {one.id}</h2>
        <Facts
          facts={[
            fact("Kind", one.alignmentType),
            fact("Method", one.alignmentMethod?.replaceAll("_", " ")),
            fact("Sections", String(countOf(one.perSectionAlignmentsAggregate))),
            fact("Volume", measured([one.volumeXDimension, one.volumeYDimension, one.volumeZDimension], 0, " × ", " Å")),
            fact("Offset", measured([one.volumeXOffset, one.volumeYOffset, one.volumeZOffset], 1, ", ", " Å")),
            fact("Tilt offset", measured([one.tiltOffset], 2, "", "°")),
            fact("x rotation", measured([one.xRotationOffset], 2, "", "°")),
            { ...fact("Tomograms", used.map(({ id }) => id).join(", ")), absent: "no tomogram of this run was made with it" },
            fact("File", key && nameOf(key), "tree", key && <a href={fileUrl(key).href}>{nameOf(key)}</a>),
          ]}
        />
      </section>
    );
  });
}

/** Numbers in one text with their unit; undefined where one is not known. */
function measured(values: readonly (number | null)[], digits: number, between: string, unit: string): string | undefined {
  if (values.some((value) => value === null)) return undefined;
  return `${values.map((value) => fixed(value, digits)).join(between)}${unit}`;
}

/** Files and volumes that the catalogue names, but for frames and annotations. A Zarr ends with `/`. */
function filesOf(run: RunRow) {
  return [
    ...volumeFiles(run, nodesOf(run.tomograms), "tomogram"),
    ...volumeFiles(run, nodesOf(run.tiltseries), "tilt series"),
    ...inTree(run, [
      ...nodesOf(run.tiltseries).map(({ s3AngleList }) => ({ what: "tilt angles", url: s3AngleList, size: null })),
      ...nodesOf(run.frameAcquisitionFiles).map(({ s3MdocPath }) => ({ what: "mdoc", url: s3MdocPath, size: null })),
      ...nodesOf(run.gainFiles).map(({ s3FilePath }) => ({ what: "gain reference", url: s3FilePath, size: null })),
    ]),
  ];
}

const volumeFiles = (run: RunRow, rows: readonly VolumeFiles[], kind: string) =>
  inTree(
    run,
    rows.flatMap(({ id, s3MrcFile, s3OmezarrDir, fileSizeMrc, fileSizeOmezarr }) => [
      { what: `${kind} ${id}, MRC`, url: s3MrcFile, size: fileSizeMrc },
      { what: `${kind} ${id}, OME-Zarr`, url: s3OmezarrDir && `${s3OmezarrDir.replace(/\/*$/, "")}/`, size: fileSizeOmezarr },
    ]),
  );

/** Files with their keys in the tree; those that are not of the tree are left out. */
function inTree<T extends { readonly url: string | null | undefined }>({ dataset }: RunRow, files: readonly T[]) {
  return files.flatMap(({ url, ...rest }) => {
    const key = treeKey(url, dataset);
    return key === undefined ? [] : [{ ...rest, key }];
  });
}

function Files({ run }: { run: RunRow }) {
  return (
    <>
      <FolderLink folder={folderOf(run)} />
      <div className="scroll">
        <table className="phone-cards">
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">File</th>
              <th scope="col" className="number">
                Size
              </th>
            </tr>
          </thead>
          <tbody>
            {filesOf(run).map(({ what, key, size }) => (
              <tr key={key}>
                <td>{what}</td>
                <th scope="row">{key.endsWith("/") ? nameOf(key) : <a href={fileUrl(key).href}>{nameOf(key)}</a>}</th>
                <td className="number">{orAbsent(bytes(size))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
