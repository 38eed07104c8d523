import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { at, listOf, numberOf, objectsOf, textOf } from "../../../portals/fields.js";
import { askData, findEndpoint, PUBLIC_ENDPOINT } from "../../../portals/graphql.js";
import type { PortalNet } from "../../../portals/portal.js";
import type { ObjectFacts } from "./copick-objects.js";

/** A server with the portal's interface. */
export interface PortalServer {
  readonly endpoint: string;
  /** Its S3 endpoint, for `emporium serve`; undefined for the public portal, which uses Amazon's. */
  readonly s3: string | undefined;
  /** The dataset of a page's address. */
  readonly dataset: number | undefined;
}

/**
 * Recognises a web address: the public portal (also a page of it), a server's GraphQL, or the address that `emporium serve`
 * prints. Undefined for any other, which is a tree.
 *
 * @throws {EmporiumError} NETWORK, …
 */
export async function findServer(address: string, net: PortalNet): Promise<PortalServer | undefined> {
  const found = await findEndpoint(address, net);
  if (found === undefined) return undefined;
  const { origin, pathname } = new URL(found);
  const endpoint = `${origin}${pathname}`;
  if (endpoint !== PUBLIC_ENDPOINT) return { endpoint, s3: endpoint.replace(/graphql$/, "s3"), dataset: undefined };
  const dataset = /^\/datasets\/(\d{1,9})\/*$/.exec(new URL(address).pathname)?.[1];
  return { endpoint, s3: undefined, dataset: dataset === undefined ? undefined : Number(dataset) };
}

export interface ServerFacts {
  readonly datasets: readonly { readonly id: number; readonly title: string }[];
  readonly runs: number;
  readonly tomograms: number;
  readonly picks: number;
  readonly segmentations: number;
  readonly objects: readonly ObjectFacts[];
}

/** The most datasets in one project: copick requests all of their runs and annotations when it starts. */
const DATASETS_MAX = 100;
const PICKED = new Set(["Point", "OrientedPoint"]);
const PAINTED = new Set(["SegmentationMask"]);

/**
 * The server's own counts of its data for copick.
 *
 * @param ids datasets that are wanted; undefined: all.
 * @throws {EmporiumError} NOT_FOUND for datasets that are not there, USAGE for too many, PORTAL_REPLY, NETWORK
 */
export async function askServer(
  { endpoint }: Pick<PortalServer, "endpoint">,
  ids: readonly number[] | undefined,
  net: PortalNet,
): Promise<ServerFacts> {
  const which = ids === undefined ? "" : `(where: {id: {_in: [${ids.join(", ")}]}})`;
  const found = objectsOf((await askData(endpoint, `{ datasets${which} { id title } }`, net)).datasets);
  const datasets = found
    .map(({ id, title }) => ({ id: numberOf(id) ?? Number.NaN, title: textOf(title) ?? "" }))
    .sort((a, b) => a.id - b.id);
  const absent = ids?.filter((id) => !datasets.some((dataset) => dataset.id === id)) ?? [];
  if (absent.length > 0 || datasets.length === 0) {
    throw new EmporiumError("NOT_FOUND", `${endpoint} has no dataset ${absent.join(", ")}`.trimEnd(), {
      place: { url: endpoint },
      hint: "check the numbers, or import the tree first",
    });
  }
  if (datasets.length > DATASETS_MAX) {
    throw new EmporiumError(
      "USAGE",
      `${endpoint} has ${counted(datasets.length, "dataset")}, ${DATASETS_MAX} at most make a project`,
      {
        hint: "choose some with --dataset",
      },
    );
  }
  const list = `[${datasets.map(({ id }) => id).join(", ")}]`;
  const data = await askData(
    endpoint,
    `{
      runsAggregate(where: {datasetId: {_in: ${list}}}) { aggregate { count } }
      tomogramsAggregate(where: {run: {datasetId: {_in: ${list}}}}) { aggregate { count } }
      annotationShapesAggregate(where: {annotation: {run: {datasetId: {_in: ${list}}}}}) {
        aggregate { count groupBy { shapeType annotation { objectId objectName annotationPublication } } }
      }
    }`,
    net,
  );
  const groups = objectsOf(at(data, "annotationShapesAggregate", "aggregate")).map((group) => ({
    count: numberOf(group.count) ?? 0,
    shape: textOf(at(group, "groupBy", "shapeType")) ?? "",
    id: textOf(at(group, "groupBy", "annotation", "objectId")) ?? "",
    name: textOf(at(group, "groupBy", "annotation", "objectName")) ?? "",
    publications: textOf(at(group, "groupBy", "annotation", "annotationPublication")),
  }));
  const rowsOf = (root: string) => numberOf(at(listOf(at(data, root, "aggregate"))[0], "count")) ?? 0;
  const sum = (shapes: ReadonlySet<string>) => groups.reduce((all, { shape, count }) => all + (shapes.has(shape) ? count : 0), 0);
  return {
    datasets,
    runs: rowsOf("runsAggregate"),
    tomograms: rowsOf("tomogramsAggregate"),
    picks: sum(PICKED),
    segmentations: sum(PAINTED),
    objects: groups
      // copick finds annotations by their object's identifier alone
      .filter(({ shape, id }) => id !== "" && (PICKED.has(shape) || PAINTED.has(shape)))
      .map(({ id, name, shape, publications }) => ({ id, name: name || id, isParticle: PICKED.has(shape), publications })),
  };
}
