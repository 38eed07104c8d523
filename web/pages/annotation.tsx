import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Download as DownloadIcon, Eye } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { shapeWords } from "../../src/model/shape-words.js";
import { orAbsent } from "../parts/absent.js";
import { askCatalogue } from "../parts/api.js";
import { DownloadDialog } from "../parts/download.js";
import { type Fact, Facts, fact, located } from "../parts/facts.js";
import { fileUrl, nameOf, treeKey } from "../parts/files.js";
import { angstrom, bytes, count, day, fixed } from "../parts/format.js";
import { NoSuch, useId } from "../parts/no-such.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { Authors, Entries, WebLink } from "../parts/people.js";
import { nodesOf } from "../parts/run-data.js";
import { Answer, Boundary } from "../parts/states.js";
import { objectsOf } from "../parts/value-words.js";
import { VolumePicture } from "../parts/volume-picture.js";
import { type AnnotationResult, annotationQuery } from "../queries/generated.js";

const Crops = lazy(() => import("../viewer/crops.js"));

type Row = AnnotationResult["annotations"][number];

/** One annotation: what, by which method, how sure, and its files. */
export function Annotation() {
  const id = useId();
  const asked = useQuery({
    queryKey: ["annotation", id],
    queryFn: async ({ signal }) =>
      id === undefined ? null : ((await askCatalogue(annotationQuery, { id }, signal)).annotations[0] ?? null),
  });
  return (
    <div className="page">
      <Answer asked={asked} title="Annotation">
        {(row) => (row === null ? <NoSuch kind="annotations" id={id} /> : <Found key={row.id} row={row} />)}
      </Answer>
    </div>
  );
}

/** A Zarr ends with `/`. */
function filesOf(row: Row) {
  const dataset = row.run?.dataset;
  return nodesOf(row.annotationShapes).flatMap(({ shapeType, annotationFiles }) =>
    nodesOf(annotationFiles).flatMap((file) => {
      const key = dataset && treeKey(file.s3Path, dataset);
      return key ? [{ ...file, shapeType, key: file.format === "zarr" ? `${key.replace(/\/*$/, "")}/` : key }] : [];
    }),
  );
}

function Found({ row }: { row: Row }) {
  const [isDownloading, setDownloading] = useState(false);
  const { run } = row;
  const files = filesOf(row);
  const alignments = new Set(files.flatMap(({ alignmentId }) => (alignmentId === null ? [] : [alignmentId])));
  const tomograms = nodesOf(run?.tomograms).filter(
    ({ tomogramVoxelSpacingId }) => tomogramVoxelSpacingId === row.tomogramVoxelSpacing?.id,
  );
  const fits = tomograms.filter(
    ({ alignmentId }) => alignmentId === null || alignments.size === 0 || alignments.has(alignmentId),
  );
  const shown = fits.find(({ isVisualizationDefault }) => isVisualizationDefault) ?? fits[0] ?? tomograms[0];
  const on = { on: files.map(({ id }) => id).join(",") };
  useCrumbs(
    ...(run?.dataset ? [{ label: `${run.dataset.id} ${run.dataset.title}`, to: `/datasets/${run.dataset.id}` }] : []),
    ...(run ? [{ label: run.name, to: `/runs/${run.id}` }] : []),
    { label: row.objectName },
  );
  useCommand({ catalogue: { of: "annotations", query: annotationQuery, variables: { id: row.id } } });
  return (
    <>
      <div className="spread">
        <h1>{row.objectName}</h1>
        <p className="row wrap">
          {shown && (
            <Link className="button primary" to="/view/tomogram/$id" params={{ id: String(shown.id) }} search={on}>
              <Eye size={16} aria-hidden /> Open in viewer
            </Link>
          )}
          <button type="button" onClick={() => setDownloading(true)}>
            <DownloadIcon size={16} aria-hidden /> Download
          </button>
        </p>
      </div>
      {shown && !fits.includes(shown) && (
        <p className="warn">⚠ No tomogram has the alignment of this annotation: over tomogram {shown.id} it may lie elsewhere.</p>
      )}
      <div className="top">
        {shown && (
          <Link
            className="stage"
            to="/view/tomogram/$id"
            params={{ id: String(shown.id) }}
            search={on}
            aria-label={`Tomogram ${shown.id} in the viewer`}
          >
            <VolumePicture of={`tomogram:${shown.id}`} />
          </Link>
        )}
        <div>
          <Authors authors={nodesOf(row.authors)} />
          {row.objectDescription && <p className="words">{row.objectDescription}</p>}
          <Method row={row} />
          {shown && (
            <Boundary>
              <Suspense>
                <Crops annotation={row.id} tomogram={shown.id} search={on} />
              </Suspense>
            </Boundary>
          )}
          <h2>Files</h2>
          <Files files={files} />
        </div>
        <Facts facts={factsOf(row)} />
      </div>
      {isDownloading && run?.dataset && (
        <DownloadDialog
          wanted={{
            kind: "annotation",
            items: [{ id: row.id, name: `${row.objectName} ${row.id}` }],
            datasets: [run.dataset.id],
            parts: files.map(({ key, fileSize }) => ({ key, sizeBytes: fileSize })),
          }}
          close={() => setDownloading(false)}
        />
      )}
    </>
  );
}

function Method({ row }: { row: Row }) {
  return (
    <>
      <h2>Method</h2>
      <p className="words">{row.annotationMethod}</p>
      <ul>
        {nodesOf(row.methodLinks).map(({ id, linkType, name, link }) => (
          <li key={id}>
            {linkType.replaceAll("_", " ")}: <WebLink to={link}>{name ?? link}</WebLink>
          </li>
        ))}
      </ul>
    </>
  );
}

function Files({ files }: { files: ReturnType<typeof filesOf> }) {
  return (
    <div className="scroll">
      <table className="phone-cards">
        <thead>
          <tr>
            <th scope="col">File</th>
            <th scope="col">Shape</th>
            <th scope="col">Format</th>
            <th scope="col" className="number">
              Size
            </th>
            <th scope="col">From</th>
          </tr>
        </thead>
        <tbody>
          {files.map(({ id, key, shapeType, format, fileSize, source }) => (
            <tr key={id}>
              <th scope="row">{key.endsWith("/") ? nameOf(key) : <a href={fileUrl(key).href}>{nameOf(key)}</a>}</th>
              <td>{orAbsent(shapeType && shapeWords(shapeType))}</td>
              <td>{format}</td>
              <td className="number">{orAbsent(bytes(fileSize))}</td>
              <td>{orAbsent(source?.replaceAll("_", " "))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const NOT_COMPARED = "it was not compared with a ground truth";

function factsOf(row: Row) {
  const isGo = /^GO:\d{7}$/.test(row.objectId);
  const isUniprot = /^UniProtKB:\w+$/i.test(row.objectId);
  const address = isGo
    ? `https://amigo.geneontology.org/amigo/term/${row.objectId}`
    : isUniprot
      ? `https://www.uniprot.org/uniprotkb/${row.objectId.slice("UniProtKB:".length)}`
      : row.objectId;
  const file = nodesOf(row.annotationShapes).flatMap(({ annotationFiles }) => nodesOf(annotationFiles))[0]?.id;
  const from = (pointer: string, one: Fact): Fact =>
    file === undefined ? one : located(one, { at: `annotationfile:${file}/value?pointer=/${pointer}` });
  const { confidencePrecision: precision, confidenceRecall: recall } = row;
  const objects = objectsOf(
    row.objectCount,
    nodesOf(row.annotationShapes).map(({ shapeType }) => shapeType),
  );
  return [
    from("annotation_object/id", fact("Object", row.objectId, "catalogue", <WebLink to={address}>{row.objectId}</WebLink>)),
    from("annotation_object/state", { ...fact("State", row.objectState), absent: "its metadata name none" }),
    from("object_count", {
      ...fact("Objects", objects === null ? undefined : count(objects)),
      absent: "nobody has counted",
    }),
    from("method_type", fact("Made", row.methodType)),
    from("annotation_software", { ...fact("Software", row.annotationSoftware), absent: "none is named" }),
    from("annotation_confidence/precision", {
      ...fact("Precision", precision === null ? undefined : fixed(precision)),
      absent: NOT_COMPARED,
    }),
    from("annotation_confidence/recall", {
      ...fact("Recall", recall === null ? undefined : fixed(recall)),
      absent: NOT_COMPARED,
    }),
    fact("Ground truth", row.groundTruthStatus ? "yes" : "no"),
    { ...fact("Compared with", row.groundTruthUsed), absent: NOT_COMPARED },
    { ...fact("Recommended", row.isCuratorRecommended ? "by the curators" : undefined), absent: "not by the curators" },
    fact("Voxel", row.tomogramVoxelSpacing && angstrom(row.tomogramVoxelSpacing.voxelSpacing)),
    fact("Published", row.annotationPublication, "catalogue", <Entries text={row.annotationPublication} />),
    fact("Released", day(row.releaseDate)),
    fact(
      "Deposition",
      row.deposition?.title,
      "catalogue",
      row.deposition && (
        <Link to="/depositions/$id" params={{ id: String(row.deposition.id) }}>
          {row.deposition.id}
        </Link>
      ),
    ),
  ];
}
