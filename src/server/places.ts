import type { PlaceFacts } from "../model/page-api.js";
import type { Location } from "../stores/location.js";
import type { Store } from "../stores/store.js";

/** A location of the command line, open for reading. Nothing outside of it can be named. */
export interface Place extends PlaceFacts {
  readonly location: Location;
  /** Of everything below it; of a single file, of the folder that it is in. */
  readonly store: Store;
}

/** An object or a folder of a place. */
export interface PlacedKey {
  readonly place: Place;
  readonly key: string;
}
