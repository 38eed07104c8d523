import { shown, unless } from "../../../../core/finding.js";
import type { Json } from "../../../../core/json.js";
import { isJsonObject } from "../../../../core/json-fields.js";
import { toNumber } from "../../../../core/number.js";
import { isArray, show } from "../../../../formats/zarr/json.js";
import { type Check, checksOf, STANDARDIZED } from "../check.js";
import { known, readable } from "../facts/fact.js";
import { type Document, textAt, valueAt } from "../facts/fields.js";
import { SPACING_TOLERANCE } from "./mrc.js";

/** Checks of the Neuroglancer state of a tomogram. */
export const NEUROGLANCER_CHECKS: readonly Check[] = [
  ...checksOf("neuroglancer", { marks: ["neuroglancer"], suites: STANDARDIZED }, [
    {
      id: "neuroglancer.exists",
      statement: "the Neuroglancer state that the metadata of a tomogram name is there",
      async judge({ state, key }) {
        const result = await state();
        return unless(
          "value" in result || result.fault !== undefined,
          { key },
          "absent",
          "the state that the metadata of its tomogram name",
        );
      },
    },
    {
      id: "neuroglancer.layers",
      statement: "a Neuroglancer state has layers",
      async judge({ state, key }) {
        const faults = await readable(state, key, "a JSON object");
        if (faults.length > 0) return faults;
        const layers = valueAt(await known(state), "layers");
        const number = Array.isArray(layers) ? layers.length : 0;
        return unless(number > 0, { key, path: "layers" }, "no layer", "one at least");
      },
    },
    {
      id: "neuroglancer.sources",
      statement: "every object of the tree that the layers of a Neuroglancer state show is there",
      async judge({ state, key, dataset, exists }) {
        const document = await known(state);
        const findings = [];
        for (const { path, url } of sourcesOf(document)) {
          const isThere = await anyThere(keysOf(url, dataset!), exists);
          findings.push(...unless(isThere, { key, path }, `${url} is absent`, `an object of dataset ${dataset}`));
        }
        return findings;
      },
    },
    {
      id: "neuroglancer.scales",
      statement: "the voxels that a Neuroglancer state gives are those of the tomogram, and of the annotations that it shows",
      async judge({ state, key, spacing }) {
        const [document, own] = [await known(state), await known(spacing)];
        return lengthsOf(document, own).flatMap(({ path, value, wanted }) => {
          const angstrom = angstromOf(value);
          const isWell = angstrom !== undefined && Math.abs(angstrom - wanted) <= SPACING_TOLERANCE;
          const told = angstrom === undefined ? show(value) : `${shown(angstrom)} Å`;
          return unless(isWell, { key, path }, `a voxel of ${told}`, `${shown(wanted)} Å`);
        });
      },
    },
  ]),
];

/** Addresses of the sources of all layers, with where they stand. */
function sourcesOf(document: Document): { path: string; url: string }[] {
  const layers = valueAt(document, "layers");
  if (!isArray(layers)) return [];
  return layers.flatMap((_, i) => {
    const path = `layers.${i}.source`;
    const source = valueAt(document, path);
    const paths = isArray(source) ? source.map((_, at) => `${path}.${at}`) : [path];
    return paths.flatMap((place) => {
      const url = textAt(document, place) ?? textAt(document, `${place}.url`);
      return url === undefined ? [] : [{ path: place, url }];
    });
  });
}

/**
 * Objects of a dataset that an address may be of, whatever host and folder lie before it. A dataset, its run and an identifier
 * may have the same name: then there are several.
 */
function keysOf(url: string, dataset: string): string[] {
  const address = decoded(url.replace(/[#?|].*$/, "")).replace(/\/$/, "");
  const name = `/${dataset}/`;
  const keys: string[] = [];
  for (let at = address.indexOf(name); at >= 0; at = address.indexOf(name, at + 1)) keys.push(address.slice(at + 1));
  return keys.filter((key) => !/(?:^|\/)\.{0,2}(?:\/|$)/.test(key));
}

async function anyThere(keys: readonly string[], exists: (key: string) => Promise<boolean>): Promise<boolean> {
  for (const key of keys) if (await exists(key)) return true;
  return false;
}

/** A length that a state gives along an axis, with where it stands and what it should be. */
interface Length {
  readonly path: string;
  readonly value: Json | undefined;
  /** Å. */
  readonly wanted: number;
}

/**
 * Lengths of a voxel: of the state and of the outputs of its layers that of the tomogram, of the inputs of a layer that of the
 * folder `VoxelSpacing…` its source is in.
 */
function lengthsOf(document: Document, spacing: number): Length[] {
  const at = (path: string, wanted: number): Length[] => {
    const dimensions = valueAt(document, path);
    if (!isJsonObject(dimensions)) return [];
    return Object.keys(dimensions).map((axis) => ({ path: `${path}.${axis}`, value: dimensions[axis], wanted }));
  };
  const ofLayers = sourcesOf(document).flatMap(({ path, url }) => {
    const own = Number(/\/VoxelSpacing(\d+\.\d+)\//.exec(decoded(url))?.[1] ?? spacing);
    return [...at(`${path}.transform.outputDimensions`, spacing), ...at(`${path}.transform.inputDimensions`, own)];
  });
  return [...at("dimensions", spacing), ...ofLayers];
}

/** Å of a unit of length. */
const UNITS: Readonly<Record<string, number>> = { m: 1e10, mm: 1e7, um: 1e4, µm: 1e4, nm: 10, pm: 0.01 };

function angstromOf(value: Json | undefined): number | undefined {
  if (!isArray(value) || typeof value[1] !== "string") return undefined;
  const [number, unit] = [toNumber(value[0]), UNITS[value[1]]];
  return number === undefined || unit === undefined ? undefined : number * unit;
}

function decoded(address: string): string {
  try {
    return decodeURIComponent(address);
  } catch {
    return address;
  }
}
