import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import type { OverlayLayer } from "../../src/model/page-api.js";
import { orAbsent } from "./absent.js";
import { CsvButton } from "./csv-button.js";
import { count, fixed, plural } from "./format.js";
import { LayerDot } from "./layer-dot.js";
import { overlaysQuery } from "./queries.js";
import {
  ANNOTATIONS_A_PAGE,
  type AnnotationRow,
  askAnnotations,
  countOf,
  nodesOf,
  type RunRow,
  type TomogramRow,
} from "./run-data.js";
import type { FileTable } from "./save.js";
import { Answer, Empty } from "./states.js";
import { allShapeWords, objectsOf } from "./value-words.js";

const Particles = lazy(() => import("../viewer/particles.js"));

export const useAnnotations = (run: number) =>
  useInfiniteQuery({
    queryKey: ["run", run, "annotations"],
    queryFn: ({ pageParam, signal }) => askAnnotations(run, pageParam, signal),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => (last.length < ANNOTATIONS_A_PAGE ? undefined : pages.length * ANNOTATIONS_A_PAGE),
  });

/** Annotations of this page are layers of the viewer, one a file. */
export function viewSearch(on: string | undefined, rows: readonly AnnotationRow[] | undefined): { on?: string } {
  if (on === undefined || rows === undefined) return {};
  const chosen = new Set(on.split(",").map(Number));
  const files = rows
    .filter(({ id }) => chosen.has(id))
    .flatMap(({ annotationShapes }) => nodesOf(annotationShapes).flatMap(({ annotationFiles }) => nodesOf(annotationFiles)));
  return { on: files.map(({ id }) => id).join(",") };
}

const isShownFirst = ({ isVisible, isOtherAlignment }: OverlayLayer): boolean => isVisible === true && !isOtherAlignment;

export function RunAnnotations({ run, shown }: { run: RunRow; shown: TomogramRow | undefined }) {
  const navigate = useNavigate();
  const { on } = useSearch({ strict: false }) as { on?: string };
  const asked = useAnnotations(run.id);
  const { data: overlays } = useQuery({ ...overlaysQuery(`tomogram:${shown?.id}`), enabled: shown !== undefined });
  const placeOf = (id: number) => Math.max(0, overlays?.layers.findIndex(({ annotationId }) => annotationId === id) ?? 0);
  const layersOf = (id: number) => overlays?.layers.filter(({ annotationId }) => annotationId === id) ?? [];
  return (
    <Answer asked={{ ...asked, data: asked.data?.pages.flat() }}>
      {(rows) => {
        if (rows.length === 0)
          return <Empty command="emporium ingest run … --import-annotations">No annotations in this run.</Empty>;
        // as the picture has them, where the address says nothing
        const shownFirst = rows.filter(({ id }) => overlays === undefined || layersOf(id).some(isShownFirst)).map(({ id }) => id);
        const chosen = new Set(on === undefined ? shownFirst : on.split(",").map(Number));
        const turn = (id: number, isOn: boolean) => {
          const next = rows.filter((row) => (row.id === id ? isOn : chosen.has(row.id))).map((row) => row.id);
          const text = next.join() === shownFirst.join() ? undefined : next.join(",");
          void navigate({ to: ".", search: (now) => ({ ...now, on: text }), replace: true });
        };
        return (
          <>
            <div className="scroll">
              <table className="phone-cards">
                <caption className="hidden">Annotations; those that are on are shown in the viewer</caption>
                <thead>
                  <tr>
                    <th scope="col">On</th>
                    <th scope="col">Object</th>
                    <th scope="col">Shape</th>
                    <th scope="col" className="number">
                      n
                    </th>
                    <th scope="col">Method</th>
                    <th scope="col">Software</th>
                    <th scope="col" className="number">
                      Precision
                    </th>
                    <th scope="col" className="number">
                      Recall
                    </th>
                    <th scope="col">Ground truth</th>
                    <th scope="col">Alignment</th>
                  </tr>
                </thead>
                <tbody>
                  {rows.map((row, i) => (
                    <tr key={row.id}>
                      <td>
                        <input
                          type="checkbox"
                          aria-label={`Show ${row.objectName} ${row.id}`}
                          checked={chosen.has(row.id)}
                          onChange={({ target }) => turn(row.id, target.checked)}
                        />{" "}
                        <LayerDot layer={layersOf(row.id)[0]} at={placeOf(row.id)} />
                      </td>
                      <th scope="row">
                        <Link to="/annotations/$id" params={{ id: String(row.id) }}>
                          <ObjectName row={row} before={rows[i - 1]} />
                        </Link>
                      </th>
                      <td>{orAbsent(allShapeWords(shapesOf(row)), "it has no files")}</td>
                      <td className="number" data-label="n">
                        {counted(objectsOf(row.objectCount, shapesOf(row)), layersOf(row.id))}
                      </td>
                      <td className="detail">{orAbsent(row.methodType)}</td>
                      <td className="detail">{orAbsent(row.annotationSoftware, "none is named")}</td>
                      <td className="number detail">{orAbsent(fixed(row.confidencePrecision), NOT_COMPARED)}</td>
                      <td className="number detail">{orAbsent(fixed(row.confidenceRecall), NOT_COMPARED)}</td>
                      <td className="detail">{orAbsent(row.groundTruthStatus && "✓ yes", "it is no ground truth")}</td>
                      <td className={isElsewhere(row, shown) ? "warn" : "detail"}>
                        {isElsewhere(row, shown) ? "≠ another alignment" : "same"}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            <p className="row wrap">
              <CsvButton
                name={`${run.name} annotations`}
                total={countOf(run.annotationsAggregate)}
                rows={(offset, signal) => askAnnotations(run.id, offset, signal)}
                table={annotationsTable}
              />
            </p>
            <MoreOf run={run} asked={asked} there={rows.length} />
          </>
        );
      }}
    </Answer>
  );
}

interface MoreProps {
  readonly run: RunRow;
  readonly asked: ReturnType<typeof useAnnotations>;
  readonly there: number;
}

function MoreOf({ run, asked, there }: MoreProps) {
  if (!asked.hasNextPage) return null;
  return (
    <button type="button" disabled={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
      More: {plural(countOf(run.annotationsAggregate) - there, "annotation is", "annotations are")} not here yet
    </button>
  );
}

/** Of further annotations of an object the name is left to those who cannot see the row above. */
function ObjectName({ row, before }: { row: AnnotationRow; before: AnnotationRow | undefined }) {
  if (row.objectName !== before?.objectName) return row.objectName;
  return (
    <>
      <span className="muted">also</span>
      <span className="hidden"> {row.objectName}</span>
    </>
  );
}

/** What the points of the annotations look like in the tomogram that the page is about. */
export function RunParticles({ run, shown }: { run: RunRow; shown: TomogramRow | undefined }) {
  const asked = useAnnotations(run.id);
  if (!shown) return null;
  return (
    <Answer asked={{ ...asked, data: asked.data?.pages.flat() }}>
      {(rows) => (
        <Suspense>
          <Particles tomogram={shown.id} rows={rows} />
          <MoreOf run={run} asked={asked} there={rows.length} />
        </Suspense>
      )}
    </Answer>
  );
}

const annotationsTable = (rows: readonly AnnotationRow[]): FileTable => ({
  columns: [
    "id",
    "object",
    "object id",
    "shape",
    "objects",
    "method",
    "software",
    "precision",
    "recall",
    "ground truth",
    "alignments",
  ],
  rows: rows.map((row) => [
    ...[row.id, row.objectName, row.objectId, allShapeWords(shapesOf(row)), objectsOf(row.objectCount, shapesOf(row))],
    ...[row.methodType, row.annotationSoftware, row.confidencePrecision, row.confidenceRecall, row.groundTruthStatus],
    [...new Set(alignmentsOf(row))].join(", "),
  ]),
});

const NOT_COMPARED = "it was not compared with a ground truth";

/** Number of objects in the catalogue. Where no file with points has as many, the numbers of points are shown, too. */
function counted(objects: number | null, layers: readonly OverlayLayer[]): React.ReactNode {
  const points = layers.filter(({ kind, count: n }) => n > 0 && /points$/i.test(kind));
  if (objects === null || points.length === 0 || points.some(({ count: n }) => n === objects))
    return orAbsent(count(objects), "nobody has counted");
  const sources = [`${objects} catalogue`, ...points.map(({ count: n, name }) => `${n} file, ${name}`)];
  return (
    <span className="warn" title={sources.join("\n")}>
      ⚠ {count(objects)}
    </span>
  );
}

const shapesOf = (row: AnnotationRow) => nodesOf(row.annotationShapes).map(({ shapeType }) => shapeType);

const alignmentsOf = (row: AnnotationRow) =>
  nodesOf(row.annotationShapes)
    .flatMap(({ annotationFiles }) => nodesOf(annotationFiles))
    .map(({ alignmentId }) => alignmentId);

/** All of its files belong to an alignment that is not the tomogram's. */
function isElsewhere(row: AnnotationRow, shown: TomogramRow | undefined): boolean {
  const alignments = alignmentsOf(row);
  const own = shown?.alignmentId;
  return own != null && alignments.length > 0 && alignments.every((one) => one !== null && one !== own);
}
