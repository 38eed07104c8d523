import { EmporiumError } from "../../../core/errors.js";
import type { UnfollowedLink } from "../../../stores/store.js";
import { UnfollowedLinks } from "../../../stores/unfollowed-links.js";
import type { Suite } from "./check.js";
import { orNothing } from "./facts/fact.js";
import { judgeOf } from "./judge.js";
import type { PhotoSubject, Visit } from "./subjects.js";
import { type Tallied, Tally } from "./tally.js";
import type { Look } from "./tree/walk.js";

export interface ReportedPicture {
  readonly key: string;
  /** Title of the entity that it shows. */
  readonly entity: string;
  readonly dataset?: string | undefined;
  readonly run?: string | undefined;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** Results of the checks of one part of a place, as plain values. */
export interface PartFound {
  readonly tallied: Tallied;
  readonly pictures: readonly ReportedPicture[];
  /** Depositions that its documents name. */
  readonly linked: readonly string[];
  /** Links in the folders that were listed, which are not followed. */
  readonly links: readonly UnfollowedLink[];
}

/** Pictures that a report shows, at most. */
const PICTURES_KEPT = 300;

/** Collects the results of all checks of some parts, and in the end of all parts. */
export class Part {
  readonly tally: Tally;
  readonly linked = new Set<string>();
  readonly links = new UnfollowedLinks();
  readonly #pictures: ReportedPicture[] = [];

  constructor(readonly suite: Suite) {
    this.tally = new Tally(suite);
  }

  /** Judges what is found. It ends at a stop by the user. */
  look(signal: AbortSignal | undefined): Look {
    const judge = judgeOf(this.suite);
    const visit: Visit = async (kind, subject) => {
      if (signal?.aborted) throw new EmporiumError("CANCELLED", "stopped: nothing was changed");
      for (const judged of await judge(kind, subject)) this.tally.add(judged);
      if (kind === "photo") this.#pictures.push(...(await pictureOf(subject as PhotoSubject)));
    };
    return { visit, link: (deposition) => this.linked.add(deposition), onLink: this.links.add };
  }

  get found(): PartFound {
    return { tallied: this.tally.tallied, pictures: this.#pictures, linked: [...this.linked], links: this.links.all };
  }

  /** Adds what somebody else has found in another part. */
  add({ tallied, pictures, linked, links }: PartFound): void {
    this.tally.addAll(tallied);
    this.#pictures.push(...pictures);
    for (const id of linked) this.linked.add(id);
    for (const link of links) this.links.add(link);
  }

  /** The first ones, by their keys. */
  get pictures(): ReportedPicture[] {
    const words = ({ key, entity }: ReportedPicture) => `${key}\0${entity}`;
    return this.#pictures.toSorted((a, b) => (words(a) < words(b) ? -1 : 1)).slice(0, PICTURES_KEPT);
  }
}

async function pictureOf({ facts, key, title: entity, dataset, run, role }: PhotoSubject): Promise<ReportedPicture[]> {
  const picture = await orNothing(facts);
  if (!picture || role === "tomogram-snapshot" || /^[a-z][a-z0-9+.-]*:/i.test(key)) return [];
  return [{ key, entity, dataset, run, width: picture.width, height: picture.height }];
}
