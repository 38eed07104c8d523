import { EmporiumError } from "../../../core/errors.js";
import { asPlain } from "../../../engine/cluster/results.js";
import type { Plain, PlainObject } from "../../../engine/task.js";
import type { Store } from "../../../stores/store.js";
import type { Source } from "../transfer/options.js";
import type { RemoteObject } from "./objects.js";
import type { Remote, StoreName } from "./remote.js";

/** Objects to fetch as JSON, for machines that fetch them. Stores are numbers in a list of names. */
export interface Packing {
  readonly stores: StoreName[];
  /** @throws {EmporiumError} USAGE for an object whose address has a secret */
  pack(object: RemoteObject): PlainObject;
}

export function packing(remote: Remote): Packing {
  const stores: StoreName[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (store: Store, url: string): number => {
    const name = remote.nameOf(store);
    if (!name) {
      throw new EmporiumError("USAGE", `${url} needs a password or a signature, which is not passed to jobs of a cluster`, {
        hint: "leave out --executor for this one",
      });
    }
    const key = [name.root, name.trusted, name.portal].join(" ");
    const known = numbers.get(key) ?? stores.push(name) - 1;
    numbers.set(key, known);
    return known;
  };
  return {
    stores,
    pack({ store, key, mirrors = [], body, ...facts }) {
      const source = (one: Source) => ({ store: numberOf(one.store, facts.url), key: one.key });
      const packed = {
        ...facts,
        ...source({ store, key }),
        ...(mirrors.length === 0 ? {} : { mirrors: mirrors.map(source) }),
        ...(body === undefined ? {} : { body: Buffer.from(body).toString("base64") }),
      };
      return asPlain(packed);
    },
  };
}

interface PackedSource {
  readonly store: number;
  readonly key: string;
}
type Packed = Omit<RemoteObject, "store" | "mirrors" | "body"> & { store: number; mirrors?: PackedSource[]; body?: string };

/** Objects as `pack` has written them. */
export async function unpack(packed: readonly Plain[], stores: readonly StoreName[], remote: Remote): Promise<RemoteObject[]> {
  const opened = new Map<number, Promise<Store>>();
  const storeOf = (number: number): Promise<Store> => {
    const store = opened.get(number) ?? remote.open(stores[number]!);
    opened.set(number, store);
    return store;
  };
  const source = async ({ store, key }: PackedSource): Promise<Source> => ({ store: await storeOf(store), key });
  return Promise.all(
    (packed as unknown as Packed[]).map(async ({ mirrors, body, store, ...facts }) => ({
      ...facts,
      store: await storeOf(store),
      ...(mirrors ? { mirrors: await Promise.all(mirrors.map(source)) } : {}),
      ...(body === undefined ? {} : { body: Buffer.from(body, "base64") }),
    })),
  );
}
